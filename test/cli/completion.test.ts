import { spawn } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeBinary } from '../../runtime/cli/toolbox/paths.mjs';
import { component, testPlugin } from '../support/artifacts.ts';
import { ended, launcher } from '../support/cli.ts';
import { bareEnv, type ClientTest, startClientTest, writeProfiles } from './client.ts';

describe('completion', () => {
  let test: ClientTest;
  beforeAll(async () => {
    test = await startClientTest([component('hello'), testPlugin('echo')]);
    await test.runtime.worker('Hello', { name: 'greeter', description: 'Greets\twhoever\u001b[31m' });
    await test.runtime.worker('Echo', { name: 'echo' });
  });
  afterAll(() => test.stop());

  /** What is offered for the last word: values and what is said of them. */
  const offered = async (...words: string[]): Promise<Record<string, string>> => {
    const { code, stdout, stderr } = await test.run(['__complete', '--', ...words]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.split('\n').filter((line) => line !== '');
    return Object.fromEntries(lines.map((line) => [line.split('\t')[0], line.split('\t')[1] ?? '']));
  };
  const values = async (...words: string[]): Promise<string[]> => Object.keys(await offered(...words));

  it('offers commands, and the commands inside of one', async () => {
    expect(await offered('jo')).toEqual({ job: 'submit jobs, follow them, cancel them' });
    expect(await values('worker', '')).toEqual(['create', 'upsert', 'list', 'show', 'delete', 'help']);
    expect(await values('help', 'jo')).toEqual(['job']);
    expect(await values('')).not.toContain('__complete');
  });

  it('offers options and their choices, in the ways in which shells cut them', async () => {
    expect(await values('job', 'enqueue', '--pri')).toEqual(['--priority']);
    expect(await values('job', 'enqueue', '--priority', '')).toEqual(['high', 'medium', 'low']);
    expect(await values('job', 'enqueue', '--priority=h')).toEqual(['--priority=high']);
    expect(await values('job', 'enqueue', '--priority', '=', 'h')).toEqual(['high']);
    expect(await values('completion', '')).toEqual(['bash', 'zsh', 'fish']);
    expect(await values('job', 'enqueue', '--metadata', '')).toEqual([]);
  });

  it('leaves files and folders to the shell', async () => {
    expect(await values('run', '')).toEqual([':files']);
    expect(await values('job', 'enqueue', 'greeter', '--args-file', 'x')).toEqual([':files']);
    expect(await values('serve', '--plugins', '')).toEqual([':folders']);
  });

  it('offers the names that the server has', async () => {
    expect(await offered('job', 'enqueue', 'gr')).toEqual({ greeter: 'Greets whoever [31m' });
    expect(await values('job', 'listen', '--worker', '')).toEqual(['greeter', 'echo'].sort());
    expect(await values('worker', 'delete', 'echo', 'g')).toEqual(['greeter']);
    expect(await values('worker', 'create', 'new', '--runner', '')).toEqual(['Echo', 'Hello']);
    expect(await values('job', 'enqueue', 'echo', '--method', 's')).toEqual(['slow', 'stream']);
    expect(await values('job', 'enqueue', '--address', '127.0.0.1:1', 'gr')).toEqual([]);
  });

  it('offers channels', async () => {
    expect(await offered('channel', 'resize', '')).toMatchObject({ '[default]': '16 at a time' });
  });

  it('offers jobs by their ids, and profiles', async () => {
    const overrides = ['--overrides', '{"response_type":"NO_RESULT"}', '--run-after', '1h'];
    const { stdout } = await test.run(['job', 'enqueue', 'greeter', '--args', '{}', ...overrides]);
    expect(await offered('job', 'cancel', '')).toEqual({ [stdout.trim()]: 'PENDING' });
    writeProfiles(test.folder, '[profile.local]\n[profile.production]\n');
    expect(await values('status', '--profile', 'p')).toEqual(['production']);
    writeProfiles(test.folder, '[profile');
    expect(await values('status', '--profile', 'p')).toEqual([]);
    rmSync(join(test.folder, 'bulkhead'), { recursive: true });
  });

  it('works in bash, and runs nothing of what stands on the line', async () => {
    const proof = join(test.folder, 'ran');
    const script = join(test.folder, 'completion.bash');
    writeFileSync(script, (await test.run(['completion', 'bash'])).stdout);
    const bash = `
      bulkhead() { '${nodeBinary}' '${launcher}' "$@"; }
      source '${script}'
      offer() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _bulkhead; echo "\${COMPREPLY[*]}"; }
      offer bulkhead job enqueue g
      offer bulkhead job enqueue '"$(touch ${proof})"' --prio
      offer bulkhead run '${test.folder}/completion.b'
      complete -p bulkhead`;
    const env = { ...process.env, ...bareEnv(test.folder), BULKHEAD_ADDRESS: test.address };
    const { stdout } = await ended(spawn('bash', ['--norc', '-c', bash], { env }));
    expect(stdout).toBe(`greeter\n--priority\n${script}\ncomplete -F _bulkhead bulkhead\n`);
    expect(existsSync(proof)).toBe(false);
  });

  it.each(['zsh', 'fish'])('has a script for %s that asks the command, and evaluates nothing', async (shell) => {
    const { code, stdout } = await test.run(['completion', shell]);
    expect(code).toBe(0);
    expect(stdout).toContain('bulkhead __complete -- ');
    expect(stdout).not.toMatch(/\beval\b/);
  });

  it('has none for another shell', async () => {
    const { code, stderr } = await test.run(['completion', 'csh']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/Allowed choices are bash, zsh, fish/);
  });
});
