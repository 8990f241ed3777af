import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { component, testPlugin } from '../support/artifacts.ts';
import { bulkhead } from '../support/cli.ts';

describe('bulkhead run', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bulkhead-run-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('prints the result as JSON by the plugin’s own schema', async () => {
    const { code, stdout, stderr } = await bulkhead([
      'run',
      component('hello'),
      '--method',
      'run',
      '--args',
      '{"name":"you"}',
    ]);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '{"greeting":"Hello, you!"}\n', stderr: '' });
  });

  it('takes settings', async () => {
    const settings = ['--settings', '{"greeting_word":"Ahoy"}'];
    const { stdout } = await bulkhead(['run', component('hello'), '--args', '{"name":"you"}', ...settings]);
    expect(stdout).toBe('{"greeting":"Ahoy, you!"}\n');
  });

  it('takes JSON from a file and from stdin', async () => {
    const file = join(folder, 'args.json');
    writeFileSync(file, '{"name":"file"}');
    expect((await bulkhead(['run', component('hello'), '--args', `@${file}`])).stdout).toContain('Hello, file!');
    const piped = await bulkhead(['run', component('hello'), '--args', '-'], { stdin: '{"name":"pipe"}' });
    expect(piped.stdout).toContain('Hello, pipe!');
  });

  it('streams a chunk a line', async () => {
    const args = ['--stream', '--args', '{"message":"again","chunks":3}'];
    const { code, stdout } = await bulkhead(['run', component('panics'), ...args]);
    expect(code).toBe(0);
    expect(stdout).toBe('{"message":"again"}\n'.repeat(3));
  });

  it('says message and place of a panic on stderr, and exits with 1', async () => {
    const { code, stdout, stderr } = await bulkhead([
      'run',
      component('panics'),
      '--args',
      '{"where":"run","message":"boom"}',
    ]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^bulkhead: the plugin panicked at \S+fail\.rs:\d+:\d+: boom \[plugin-panicked\]\n$/);
  });

  it('gives the chunks that came before a panic', async () => {
    const args = ['--stream', '--args', '{"where":"receive_stream","message":"boom","chunks":3,"at_chunk":2}'];
    const { code, stdout, stderr } = await bulkhead(['run', component('panics'), ...args]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '{"message":"boom"}\n'.repeat(2) });
    expect(stderr).toContain('boom [plugin-panicked]');
  });

  it('says the chain of an error that the plugin returned, and exits with 1', async () => {
    const { code, stderr } = await bulkhead(['run', component('hello'), '--args', '{}']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'bulkhead: who is to be greeted? `name` is empty [plugin-failed]\n',
    });
  });

  it('says that load() failed', async () => {
    const settings = ['--settings', '{"load":"error","message":"no luck"}'];
    const { code, stderr } = await bulkhead(['run', component('panics'), '--args', '{}', ...settings]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/no luck.*\[load-failed\]\n$/);
  });

  it('ends a job that takes too long', async () => {
    const { code, stderr } = await bulkhead(['run', testPlugin('spin'), '--timeout', '300']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/\[deadline-exceeded\]\n$/);
  });

  it('writes what the plugin logs to stderr', async () => {
    const { code, stdout, stderr } = await bulkhead([
      'run',
      testPlugin('echo'),
      '--method',
      'log',
      '--args',
      '{"text":"hear, hear"}',
    ]);
    expect(code).toBe(0);
    expect(stdout).toBe('{"text":"logged","calls":1}\n');
    expect(stderr).toMatch(/^(info|warn|error) .*hear, hear/m);
  });

  it.each([
    ['a field that is not there', ['--args', '{"nmae":"you"}'], /--args: no hello\.HelloArgs: nmae: .*it has: name/],
    ['a wrong type', ['--args', '{"name":[]}'], /--args: no hello\.HelloArgs: name/],
    ['text that is no JSON', ['--args', '{name}'], /--args <JSON>' argument '\{name\}' is invalid\. It is no JSON/],
    ['a method that is not there', ['--method', 'walk'], /Hello has no method 'walk'; it has: run/],
    ['a stream of a method without one', ['--stream'], /'run' does not stream: leave --stream out/],
    ['metadata without a value', ['--metadata', 'key'], /KEY=VALUE/],
  ])('refuses %s with exit code 2', async (_, args, message) => {
    const { code, stdout, stderr } = await bulkhead(['run', component('hello'), ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('asks for a method where there are several', async () => {
    const { code, stderr } = await bulkhead(['run', testPlugin('echo')]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^bulkhead: Echo has several methods: choose one with --method \(.*run.*\)\n$/);
  });

  it('names a file that is not there', async () => {
    const { code, stderr } = await bulkhead(['run', 'nowhere.wasm']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: 'bulkhead: nowhere.wasm: there is no such file or folder\n' });
  });
});
