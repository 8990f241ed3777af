import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WireClient } from '../../runtime/api/client.ts';
import { ResponseType } from '../../runtime/model/messages.gen.ts';
import { component, testPlugin } from '../support/artifacts.ts';
import { bulkhead, ended, launcher, lineOf, startNode } from '../support/cli.ts';
import { logLines } from '../support/served.ts';

const listening = /bulkhead listens on 127\.0\.0\.1:(\d+)/;

describe('bulkhead serve', () => {
  let folder: string;
  let plugins: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bulkhead-serve-'));
    plugins = join(folder, 'plugins');
    mkdirSync(plugins);
    copyFileSync(component('hello'), join(plugins, 'hello.wasm'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const anywhere = ['--listen', '127.0.0.1:0', '--database', ':memory:'];
  const start = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    startNode([launcher, 'serve', ...args], { cwd: folder, env });

  it('says what it serves and refuses, answers, and ends with a signal', async () => {
    copyFileSync(testPlugin('broken-proto'), join(plugins, 'broken.wasm'));
    const server = start([...anywhere, '--plugins', plugins]);
    const end = ended(server);
    const [, port] = await lineOf(server, listening);
    const client = new WireClient(`127.0.0.1:${port}`);
    const { data } = await client.unary('jobworkerp.service.RunnerService', 'FindByName', { name: 'Hello' });
    client.close();
    expect(data?.data?.name).toBe('Hello');
    server.kill('SIGTERM');
    const { code, stdout, stderr } = await end;
    expect(code).toBe(0);
    expect(logLines(stderr).at(-1)).toMatchObject({ level: 'info', msg: 'stopped' });
    expect(stdout).toMatch(/^served +Hello +run +plugins\/hello\.wasm$/m);
    expect(stdout).toMatch(/^refused +plugins\/broken\.wasm: .*args_proto line 3/m);
  });

  it('takes a signal that comes twice at once for one', async () => {
    const server = start([...anywhere, '--plugins', plugins]);
    const end = ended(server);
    await lineOf(server, listening);
    server.kill('SIGINT');
    server.kill('SIGTERM');
    expect((await end).code).toBe(0);
  });

  it('ends at once, and with 1, with a second signal', async () => {
    copyFileSync(testPlugin('echo'), join(plugins, 'echo.wasm'));
    const server = start([...anywhere, '--plugins', plugins]);
    const end = ended(server);
    const [, port] = await lineOf(server, listening);
    const client = new WireClient(`127.0.0.1:${port}`);
    const [job] = await startSlowJob(client);
    server.kill('SIGTERM');
    await setTimeout(1200);
    server.kill('SIGTERM');
    const { code, stderr } = await end;
    client.close();
    await expect(job).rejects.toThrow();
    expect(code).toBe(1);
    expect(logLines(stderr).at(-1)).toMatchObject({ msg: 'stopped at once: jobs under way were dropped' });
  });

  it('reads the environment', async () => {
    const database = join(folder, 'data', 'jobs.sqlite3');
    const env = { GRPC_ADDR: '127.0.0.1:0', PLUGINS_RUNNER_DIR: plugins, SQLITE_URL: `sqlite://${database}?mode=rwc` };
    const server = start([], env);
    const end = ended(server);
    await lineOf(server, listening);
    server.kill('SIGTERM');
    expect((await end).code).toBe(0);
    rmSync(database);
  });

  it('names a port that is taken', async () => {
    const rival = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => rival.once('listening', resolve));
    const { port } = rival.address() as { port: number };
    const { code, stderr } = await ended(
      start(['--listen', `127.0.0.1:${port}`, '--database', ':memory:', '--plugins', plugins]),
    );
    rival.close();
    expect(code).toBe(3);
    expect(stderr).toMatch(new RegExp(`^bulkhead: .*127\\.0\\.0\\.1:${port}`, 'm'));
  });

  it('names a folder that is not there', async () => {
    const { code, stderr } = await bulkhead(['serve', ...anywhere, '--plugins', join(folder, 'nowhere')]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/plugin folder \S+nowhere cannot be read/);
  });

  it.each([
    ['an address without a port', ['--listen', 'localhost'], /HOST:PORT/],
    ['no threads', ['--threads', '0'], /whole number from 1/],
    ['no folder', [], /no plugin folders: name one with --plugins/],
  ])('refuses %s', async (_, args, message) => {
    const { code, stderr } = await bulkhead(['serve', ...args], { env: { PLUGINS_RUNNER_DIR: undefined } });
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});

/** Submits a job of half a minute. Answers its end, once the server has surely begun it. */
async function startSlowJob(client: WireClient): Promise<[end: Promise<unknown>]> {
  const { data } = await client.unary('jobworkerp.service.RunnerService', 'FindByName', { name: 'Echo' });
  const worker = { name: 'slow', runner_id: data?.id ?? { value: 0n }, response_type: ResponseType.DIRECT };
  await client.unary('jobworkerp.service.WorkerService', 'Create', worker);
  const thirtySeconds = new Uint8Array([0x10, 0xb0, 0xea, 0x01]);
  const end = client.unary('jobworkerp.service.JobService', 'Enqueue', {
    worker_name: 'slow',
    using: 'slow',
    args: thirtySeconds,
  });
  end.catch(() => undefined);
  await setTimeout(300);
  return [end];
}
