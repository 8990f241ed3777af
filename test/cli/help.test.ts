/** Help is a promise: a change shows in the golden files of `help/`. `npm test -- help -u` writes them anew. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exitCodes } from '../../runtime/cli/exit-codes.ts';
import { root } from '../../runtime/cli/toolbox/paths.mjs';
import { bulkhead } from '../support/cli.ts';

const unset = {
  GRPC_ADDR: undefined,
  PLUGINS_RUNNER_DIR: undefined,
  SQLITE_URL: undefined,
  BULKHEAD_CACHE_DIR: undefined,
  BULKHEAD_GRANTS: undefined,
  BULKHEAD_UPLOADS: undefined,
  BULKHEAD_PROCESS_PLUGINS: undefined,
};
const commands = ['new', 'build', 'inspect', 'run', 'serve', 'doctor', 'status', 'completion'];
const groups = {
  config: ['check', 'show'],
  job: ['enqueue', 'stream', 'feed', 'listen', 'cancel', 'list', 'status'],
  worker: ['create', 'upsert', 'list', 'show', 'delete'],
  channel: ['list', 'resize'],
  runner: ['list', 'show', 'install', 'remove'],
  result: ['list', 'show', 'delete'],
};
const all = [
  ...commands,
  ...Object.entries(groups).flatMap(([group, inside]) => [group, ...inside.map((each) => `${group} ${each}`)]),
];

describe('--help', () => {
  it.each(['', ...all])('of bulkhead %s is the golden one, and has examples', async (command) => {
    const { code, stdout } = await bulkhead([...command.split(' '), '--help'].filter(Boolean), { env: unset });
    expect(code).toBe(0);
    expect(stdout).toMatch(/Examples:\n {2}\$ (source <\()?bulkhead /);
    const file = `${command.replace(' ', '-') || 'bulkhead'}.txt`;
    await expect(stdout).toMatchFileSnapshot(join(root, 'test', 'cli', 'help', file));
  });

  it('is golden for every command that there is', async () => {
    const listed = async (group: string): Promise<string[]> => {
      const { stdout } = await bulkhead([group, '--help'].filter(Boolean), { env: unset });
      const sections = stdout.split('\n\n').filter((section) => /^Commands[^:]*:/.test(section));
      const names = sections.flatMap((section) => [...section.matchAll(/^ {2}(\w+)/gm)].map((match) => match[1] ?? ''));
      return names.filter((name) => name !== 'help').sort();
    };
    expect(await listed('')).toEqual([...commands, ...Object.keys(groups)].sort());
    for (const [group, inside] of Object.entries(groups)) expect(await listed(group)).toEqual([...inside].sort());
  });

  it('documents every exit code', async () => {
    const { stdout } = await bulkhead(['--help']);
    for (const { code, meaning } of Object.values(exitCodes))
      expect(stdout).toContain(`${String(code).padEnd(4)}${meaning}`);
  });

  it.each([
    ['an unknown command', ['frobnicate'], /unknown command 'frobnicate'/],
    ['an unknown option', ['run', 'x.wasm', '--frobnicate'], /unknown option '--frobnicate'/],
    ['a missing argument', ['run'], /missing required argument 'FILE'/],
    [
      'an unknown command inside of a group',
      ['job', 'run'],
      /unknown command 'run'.*\(bulkhead job --help says more\)/s,
    ],
  ])('is pointed to after %s, with exit code 2', async (_, args, message) => {
    const { code, stdout, stderr } = await bulkhead(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/--help says more/);
  });

  it.each([[[]], [['job']]])('is shown, with exit code 2, where a command is missing: %j', async (args) => {
    const { code, stdout, stderr } = await bulkhead(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^Usage: bulkhead /);
  });
});
