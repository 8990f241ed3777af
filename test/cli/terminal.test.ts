/** What is for people at a terminal only. `script` gives the command one. */
import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeBinary } from '../../runtime/cli/toolbox/paths.mjs';
import { component, testPlugin } from '../support/artifacts.ts';
import { ended, launcher } from '../support/cli.ts';
import { bareEnv, type ClientTest, startClientTest } from './client.ts';

const control = '\x1b[';

describe('on a terminal', () => {
  let test: ClientTest;
  beforeAll(async () => {
    test = await startClientTest([component('hello'), testPlugin('echo')]);
    await test.runtime.worker('Hello', { name: 'greeter' });
    await test.runtime.worker('Echo', { name: 'echo' });
  });
  afterAll(() => test.stop());

  /** Runs the command with stdout and stderr on one terminal; what it wrote there. */
  const onTerminal = async (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> => {
    const line = [nodeBinary, launcher, ...args].map((arg) => `'${arg}'`).join(' ');
    const command = process.platform === 'linux' ? ['-qec', line, '/dev/null'] : ['-q', '/dev/null', 'sh', '-c', line];
    const all = {
      ...process.env,
      ...bareEnv(test.folder),
      TERM: 'xterm',
      CI: undefined,
      BULKHEAD_ADDRESS: test.address,
      ...env,
    };
    const child = spawn('script', command, { env: all, stdio: ['ignore', 'pipe', 'pipe'] });
    return (await ended(child)).stdout;
  };
  const slow = ['job', 'enqueue', 'echo', '--method', 'slow', '--args', '{"text":"x","millis":600}'];

  it('a line moves while a job is waited for, and is gone before the result', async () => {
    const said = await onTerminal(slow);
    expect(said).toMatch(/⠋ job of echo \d+/);
    expect(said.slice(said.lastIndexOf(`${control}2K`))).toMatch(/^\S+\{"text":"x","calls":1\}/);
    expect(said).toMatch(/job \d+ of worker 'echo': SUCCESS in \d+ ms/);
  });

  it('a table has a head in bold, unless NO_COLOR says otherwise', async () => {
    expect(await onTerminal(['worker', 'list'])).toContain(`${control}1mWORKER`);
    const plain = await onTerminal(['worker', 'list'], { NO_COLOR: '1' });
    expect(plain).toContain('WORKER');
    expect(plain).not.toContain(control);
  });

  it('and in a pipe there is nothing of all that', async () => {
    expect(await test.run(slow)).toEqual({ code: 0, stdout: '{"text":"x","calls":1}\n', stderr: '' });
    const { stdout } = await test.run(['worker', 'list']);
    expect(stdout).not.toContain(control);
  });
});
