/** `bulkhead config`, and how `serve` finds its file. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bulkhead } from '../support/cli.ts';

describe('bulkhead config', () => {
  let folder: string;
  const file = (text: string, name = 'bulkhead.toml'): string => {
    writeFileSync(join(folder, name), text);
    return name;
  };
  const config = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    bulkhead(['config', ...args], { cwd: folder, env: { GRPC_ADDR: undefined, BULKHEAD_CONFIG: undefined, ...env } });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bulkhead-config-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('check finds the file of this folder, the one that is named, and the one of the environment', async () => {
    file('[jobs]\nqueue = 5\n');
    expect(await config(['check'])).toMatchObject({ code: 0, stdout: 'bulkhead.toml: ok, 1 settings\n' });
    const other = file('', 'other.toml');
    expect(await config(['check', other])).toMatchObject({ code: 0, stdout: 'other.toml: ok, 0 settings\n' });
    expect((await config(['check'], { BULKHEAD_CONFIG: other })).stdout).toBe('other.toml: ok, 0 settings\n');
  });

  it('check says in one line what is wrong, with exit code 3', async () => {
    file('[jobs]\nqeue = 5\n');
    const { code, stdout, stderr } = await config(['check']);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/^bulkhead: bulkhead\.toml:2: jobs\.qeue: an unknown field \(did you mean queue\?\); .*\n$/);
  });

  it('check looks at what the file names', async () => {
    mkdirSync(join(folder, 'plugins'));
    file('[plugins]\nfolders = ["plugins", "nowhere"]\n');
    expect((await config(['check'])).stderr).toMatch(/bulkhead\.toml:2: plugins\.folders: \S+\/nowhere is no folder/);
    file('[plugins]\nfolders = ["plugins"]\ngrants = "grants.toml"\n');
    expect((await config(['check'])).stderr).toMatch(/grants\.toml cannot be read.*plugins\.grants of bulkhead\.toml/);
    file('[plugins]\ngrants = "grants.toml"\n');
    file('[plugin.x]\nclok = "fine"\n', 'grants.toml');
    expect((await config(['check'])).stderr).toMatch(/grants\.toml:2: plugin\.x\.clok: .*did you mean clock/);
    file('[plugin.x]\nclock = "fine"\n', 'grants.toml');
    expect((await config(['check'])).code).toBe(0);
  });

  it('check says that there is no file', async () => {
    const { code, stderr } = await config(['check']);
    expect(code).toBe(3);
    expect(stderr).toMatch(/bulkhead\.toml cannot be read: ENOENT/);
  });

  it('show has values and where they come from', async () => {
    file('[server]\nlisten = ":1"\n[jobs.channels]\ngpu = 1\n[plugins]\nthreads = 5\n');
    const { code, stdout } = await config(['show', '--config', 'bulkhead.toml', '--threads', '7'], { GRPC_ADDR: ':2' });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^server\.listen +:2 +GRPC_ADDR$/m);
    expect(stdout).toMatch(/^plugins\.threads +7 +--threads$/m);
    expect(stdout).toMatch(/^jobs\.channels +\{"gpu":1\} +bulkhead\.toml$/m);
    expect(stdout).toMatch(/^server\.drain_ms +10000 +default$/m);
    expect(stdout).toMatch(/^metrics\.listen +-$/m);
    const json = await config(['show', '--json'], { BULKHEAD_CONFIG: 'bulkhead.toml' });
    expect(JSON.parse(json.stdout)).toMatchObject({
      'server.listen': { value: ':1', from: 'bulkhead.toml' },
      'metrics.listen': { value: null, from: '' },
    });
  });

  it.each([
    ['a file that is wrong', ['--config', 'bulkhead.toml'], {}, 3, /bulkhead\.toml:1: sever: /],
    ['a variable that is wrong', [], { LOG_LEVEL: 'loud' }, 3, /LOG_LEVEL: it is "loud"; expected "trace" or /],
    [
      'an option that is wrong',
      ['--drain', 'soon'],
      {},
      2,
      /'--drain <MS>' argument 'soon' is invalid\. .*whole number from 0/,
    ],
    [
      'a file that nothing names',
      [],
      {},
      2,
      /no plugin folders: .*; bulkhead\.toml .* only with --config bulkhead\.toml/,
    ],
  ])('serve and show refuse %s alike', async (_, args, env, code, message) => {
    file('[sever]\n');
    const unset = { PLUGINS_RUNNER_DIR: undefined, BULKHEAD_CONFIG: undefined };
    const served = await bulkhead(['serve', ...args], { cwd: folder, env: { ...unset, ...env } });
    expect(served).toMatchObject({ code, stdout: '' });
    expect(served.stderr).toMatch(message);
    const shown = await config(['show', ...args], env);
    // It is no error of `show` that there is nothing to serve.
    if (!/no plugin folders/.test(served.stderr))
      expect(shown).toMatchObject({ code, stderr: expect.stringMatching(message) });
  });
});
