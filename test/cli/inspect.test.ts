import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../runtime/cli/toolbox/paths.mjs';
import { component, testPlugin } from '../support/artifacts.ts';
import { bulkhead } from '../support/cli.ts';

describe('bulkhead inspect', () => {
  it('shows world, settings, methods with their schemas, and imports', async () => {
    const { code, stdout } = await bulkhead(['inspect', component('hello')]);
    expect(code).toBe(0);
    for (const part of [
      /^Hello: Greets whoever is named$/m,
      /^API {7}bulkhead:plugin@\d+\.\d+\.\d+$/m,
      /^facets {4}runner$/m,
      /^ {2}message HelloSettings \{$/m,
      /^ {2}run \(non-streaming\): Greets/m,
      /^ {6}message HelloArgs \{$/m,
      /^ {2}bulkhead:plugin\/log@/m,
    ]) {
      expect(stdout).toMatch(part);
    }
  });

  it('shows a feed', async () => {
    const { stdout } = await bulkhead(['inspect', component('guide-feed')]);
    expect(stdout).toMatch(/\(streaming, reads a feed\)/);
    expect(stdout).toMatch(/^ {4}feed\n.*message AudioChunk/ms);
  });

  it.each([
    ['resets', [], /^isolation reset: /m, { mode: 'reset', because: [] }],
    [
      'has handles open after load()',
      ['--settings', '"keep"'],
      /^isolation a new instance for each job, because load\(\) leaves 1 handle of the host open$/m,
      { mode: 'new-instance', because: ['load() leaves 1 handle of the host open'] },
    ],
  ])('tells how jobs of a plugin are kept apart that %s', async (_, settings, line, isolation) => {
    const { code, stdout } = await bulkhead(['inspect', testPlugin('keeps-handle'), ...settings]);
    expect(code).toBe(0);
    expect(stdout).toMatch(line);
    const { stdout: json } = await bulkhead(['inspect', testPlugin('keeps-handle'), '--json', ...settings]);
    expect(JSON.parse(json)).toMatchObject({ isolation });
  });

  it('does not know it where load() fails with empty settings, and asks for others', async () => {
    const { code, stdout } = await bulkhead(['inspect', testPlugin('hostile/loop-in-load')]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^isolation not known: .*load\(\).*; try others than empty settings with --settings$/m);
  });

  it.each([
    ['refuse', 1, /in load\(\): not these settings \[load-failed\]/],
    ['sleep', 1, /load\(\) did not end within \d+ ms/],
  ])('fails where load() does with the settings given: %s', async (settings, expected, message) => {
    const { code, stderr } = await bulkhead([
      'inspect',
      testPlugin('keeps-handle'),
      '--settings',
      JSON.stringify(settings),
    ]);
    expect(code).toBe(expected);
    expect(stderr).toMatch(message);
  });

  it('gives the same as JSON', async () => {
    const { stdout } = await bulkhead(['inspect', component('hello'), '--json']);
    const method = { name: 'run', outputType: 'non-streaming', argsProto: expect.stringContaining('HelloArgs') };
    expect(JSON.parse(stdout)).toMatchObject({
      path: component('hello'),
      digest: expect.stringMatching(/^[\da-f]{64}$/),
      name: 'Hello',
      facets: ['runner'],
      methods: [method],
      imports: expect.arrayContaining([expect.stringMatching(/^bulkhead:plugin\/log@/)]),
    });
  });

  it.each([
    ['a file that is no component', join(root, 'package.json'), /not a WebAssembly component/],
    ['another world', testPlugin('other-world'), /another world/],
    ['another API version', testPlugin('old-api'), /plugin=.*, host=/],
    ['a broken schema', testPlugin('broken-proto'), /args_proto line 3/],
  ])('refuses %s with one line and exit code 1', async (_, file, message) => {
    const { code, stdout, stderr } = await bulkhead(['inspect', file]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^bulkhead: .*\[plugin-refused\]\n$/);
  });
});
