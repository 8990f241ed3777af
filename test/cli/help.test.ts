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
  BULKHEAD_TOKENS: undefined,
};
const commands = ['new', 'build', 'inspect', 'run', 'serve', 'doctor'];

describe('--help', () => {
  it.each(['', ...commands])('of bulkhead %s is the golden one', async (command) => {
    const { code, stdout } = await bulkhead([command, '--help'].filter(Boolean), { env: unset });
    expect(code).toBe(0);
    await expect(stdout).toMatchFileSnapshot(join(root, 'test', 'cli', 'help', `${command || 'bulkhead'}.txt`));
  });

  it.each(commands)('of %s has examples', async (command) => {
    expect((await bulkhead([command, '--help'])).stdout).toMatch(/Examples:\n {2}\$ bulkhead /);
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
  ])('is pointed to after %s, with exit code 2', async (_, args, message) => {
    const { code, stdout, stderr } = await bulkhead(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/--help says more/);
  });
});
