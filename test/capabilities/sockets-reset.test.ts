/** Between jobs the network leaves nothing: neither numbers of handles, nor what was looked up, nor connections. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, type GuestOptions, type Kept, NetworkPlugin } from './egress-guest.ts';
import { type TestServer, tcpServer } from './egress-server.ts';
import { GrantedPlugin } from './executor.ts';

let tcp: NetworkPlugin;
let echo: TestServer;
let silent: TestServer;
const kept: Kept[] = [];
beforeAll(async () => {
  tcp = await NetworkPlugin.compile('tcp');
  echo = await tcpServer((socket) => {
    socket.pipe(socket);
  });
  silent = await tcpServer((socket) => socket.pause());
});
afterAll(async () => {
  for (const instance of kept) instance.dispose();
  await Promise.all([echo.close(), silent.close()]);
});

const steps = (...lines: string[]) => lines.join('\n');
const granted = (more: Partial<GuestOptions> = {}): GuestOptions => ({
  grants: {
    sockets: [
      { host: '127.0.0.1', port: echo.port, privateAddresses: true },
      { host: 'silent.test', port: silent.port, privateAddresses: true },
    ],
  },
  resolver: async () => ['127.0.0.1'],
  ...more,
});
async function keep(options: GuestOptions, before?: readonly string[]): Promise<Kept> {
  const instance = await tcp.keep(options, before);
  kept.push(instance);
  return instance;
}

describe('an instance that used the network', () => {
  it('is put back, and its next job gets the same handles', async () => {
    const instance = await keep(granted());
    const job = steps('network', 'network', `connect ${echo.authority}`, 'send hello', 'read 5', 'drop', 'network');
    const said = await instance.run(job);
    expect(said).toMatch(/^network=1\nnetwork=2\nconnect=\nsend=\nread=hello\ndrop=\nnetwork=4\n$/);
    for (let again = 0; again < 3; again++) {
      expect(instance.reset()).toBe(true);
      expect(await instance.run(job)).toBe(said);
    }
  });

  it('before its first job still has after each what it had before', async () => {
    const instance = await keep(granted(), ['network', `connect ${echo.authority}\ndrop`]);
    const said = await instance.run(steps('network', 'network', `connect ${echo.authority}`));
    expect(said).toMatch(/^network=3\nnetwork=4\nconnect=\n$/);
    expect(instance.reset()).toBe(true);
    expect(await instance.run(steps('network', 'network', `connect ${echo.authority}`))).toBe(said);
  });

  it('may connect only to what the job itself looked up', async () => {
    const instance = await keep(granted());
    const connect = `connect ${silent.authority}`;
    expect(await instance.run(steps(connect, 'lookup silent.test', connect))).toBe(
      'connect!PermissionDenied\nlookup=127.0.0.1\nconnect=\n',
    );
    expect(instance.reset()).toBe(true);
    expect(await instance.run(connect)).toBe('connect!PermissionDenied\n');
  });

  it('has as many connections as a new one, though those of the job before are still closing', async () => {
    const instance = await keep(granted({ limits: { bufferBytes: 200_000 } }));
    const job = steps('lookup silent.test', `within 1000 ${silent.authority}`, 'timeout 50', 'flood 20000000', 'drop');
    const said = 'lookup=127.0.0.1\nwithin=\ntimeout=\nflood!WouldBlock\ndrop=\n';
    expect(await instance.run(job)).toBe(said);
    expect(instance.reset()).toBe(true);
    expect(await instance.run(job)).toBe(said);
  });

  it('is thrown away where it holds a connection', async () => {
    const instance = await keep(granted());
    await instance.run(steps(`connect ${echo.authority}`, 'leave'));
    expect(instance.reset()).toBe(false);
    instance.dispose();
    await eventually('the connection is closed', () => echo.open() === 0);
  });

  it('serves in its thread of the pool, one job after the other at the same port', async () => {
    const plugin = new GrantedPlugin('net/tcp');
    const port = echo.port;
    const run = await plugin.worker({
      ...granted().grants,
      listen: [{ address: '127.0.0.2', port }],
    });
    const job = steps(`listen 127.0.0.2:${port}`, `connect ${echo.authority}`, 'send hello', 'read 5', 'network');
    const said = `listen=127.0.0.2:${port}\nconnect=\nsend=\nread=hello\nnetwork=2\n`;
    for (let again = 0; again < 3; again++) expect(await run(job)).toBe(said);
    expect(await run(steps(`listen 127.0.0.2:${port}`, 'leave'))).toContain('leave=');
    expect(await run(job)).toBe(said);
    await plugin.close();
  });

  it('holds no more handles of the network than of anything else', async () => {
    const instance = await keep(granted({ limits: { handles: 10 } }));
    const job = Array.from({ length: 11 }, () => 'network').join('\n');
    await expect(instance.run(job)).rejects.toMatchObject({ code: 'limit-handles' });
  });
});
