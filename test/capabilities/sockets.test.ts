/** `std::net` in a plugin, against real servers. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SocketGrant } from '../../runtime/model/grant.ts';
import { eventually, type GuestOptions, NetworkPlugin } from './egress-guest.ts';
import { type TestServer, tcpServer } from './egress-server.ts';

/** wasi-libc keeps the handle of the network for good, once it used it. */
const libcNetwork = 1;
let tcp: NetworkPlugin;
let echo: TestServer;
let silent: TestServer;
beforeAll(async () => {
  tcp = await NetworkPlugin.compile('tcp');
  echo = await tcpServer((socket) => {
    socket.pipe(socket);
  });
  // Neither reads nor writes, until it is asked whether its connections are open.
  silent = await tcpServer((socket) => socket.pause().once('end', () => socket.end()));
});
afterAll(() => Promise.all([echo.close(), silent.close()]));

const local = (server: TestServer, more: Partial<SocketGrant> = {}): GuestOptions => ({
  grants: { sockets: [{ host: '127.0.0.1', port: server.port, privateAddresses: true, ...more }] },
});
const steps = (...lines: string[]) => lines.join('\n');

describe('a granted address', () => {
  it('is connected to, written to and read from, and all is closed after', async () => {
    const ran = await tcp.run(
      steps(`connect ${echo.authority}`, 'peer', 'nodelay', 'send hello', 'read 5', 'shutdown', 'drain', 'drop'),
      local(echo),
    );
    expect(ran.said.split('\n')).toEqual([
      'connect=',
      `peer=${echo.authority}`,
      'nodelay=true',
      'send=',
      'read=hello',
      'shutdown=',
      'drain=',
      'drop=',
      '',
    ]);
    expect(ran).toMatchObject({ refusals: [], handles: libcNetwork });
    await eventually('the server sees the end', () => echo.open() === 0);
  });

  it('still has both addresses after the connection ended', async () => {
    const ran = await tcp.run(steps(`connect ${echo.authority}`, 'shutdown', 'drain', 'peer', 'local'), local(echo));
    expect(ran.said).toContain(`peer=${echo.authority}`);
    expect(ran.said).toMatch(/local=127\.0\.0\.1:\d+/);
  });

  it('that nobody listens at refuses', async () => {
    const closed = await tcpServer(() => undefined);
    await closed.close();
    const ran = await tcp.run(`connect ${closed.authority}`, local(closed));
    expect(ran).toMatchObject({ said: 'connect!ConnectionRefused\n', handles: libcNetwork });
  });

  it('times out reading, and writing to who does not read, in the time that std was told', async () => {
    const ran = await tcp.run(
      steps(`within 1000 ${silent.authority}`, 'timeout 100', 'read 1', 'flood 20000000', 'drop'),
      { ...local(silent), limits: { networkMs: 300 } },
    );
    expect(ran.said).toMatch(/^within=\ntimeout=\nread!WouldBlock\nflood!WouldBlock\ndrop=\n$/);
    await eventually('the connection is closed though nobody took its bytes', () => silent.open() === 0);
  });
});

describe('a granted name', () => {
  const named = (resolver: (name: string) => Promise<string[]>, grant: Partial<SocketGrant> = {}): GuestOptions => ({
    grants: { sockets: [{ host: 'echo.test', port: echo.port, privateAddresses: true, ...grant }] },
    resolver,
  });

  it('is resolved once, and connected to at an address that it resolved to', async () => {
    const asked: string[] = [];
    const rebinding = async (name: string) => {
      asked.push(name);
      return [asked.length === 1 ? '127.0.0.1' : '127.0.0.2'];
    };
    const ran = await tcp.run(steps(`connect echo.test:${echo.port}`, 'send hi', 'read 2', 'peer'), named(rebinding));
    expect(ran.said).toContain('read=hi');
    expect(ran.said).toContain(`peer=${echo.authority}`);
    expect(asked).toEqual(['echo.test']);
  });

  it('opens its addresses at the granted port only', async () => {
    const other = await tcpServer(() => undefined);
    const ran = await tcp.run(
      steps('lookup echo.test', `connect 127.0.0.1:${other.port}`),
      named(async () => ['127.0.0.1']),
    );
    expect(ran.said).toBe('lookup=127.0.0.1\nconnect!PermissionDenied\n');
    expect(other.connections()).toBe(0);
    await other.close();
  });

  it('is refused where it resolves to addresses that are not public', async () => {
    const before = echo.connections();
    const ran = await tcp.run(
      steps(`connect echo.test:${echo.port}`, `connect ${echo.authority}`),
      named(async () => ['127.0.0.1', '::ffff:127.0.0.1', '64:ff9b::7f00:1'], { privateAddresses: false }),
    );
    expect(ran.said).toBe('connect!PermissionDenied\nconnect!PermissionDenied\n');
    expect(ran.refusals).toEqual(['sockets refused: echo.test resolves to 127.0.0.1, ::ffff:7f00:1, 64:ff9b::7f00:1']);
    expect(echo.connections()).toBe(before);
  });

  it('tries the next address where one does not answer', async () => {
    const ran = await tcp.run(
      `connect echo.test:${echo.port}`,
      named(async () => ['127.9.9.9', '127.0.0.1']),
    );
    expect(ran.said).toBe('connect=\n');
  });

  it('that does not exist is an error of the lookup', async () => {
    const missing = async () => {
      throw Object.assign(new Error('queryA ENOTFOUND'), { code: 'ENOTFOUND' });
    };
    const ran = await tcp.run('lookup echo.test', named(missing));
    expect(ran).toMatchObject({ said: expect.stringMatching(/^lookup!/), handles: libcNetwork });
  });

  it('whose resolver never answers fails in time', async () => {
    const ran = await tcp.run('lookup echo.test', {
      ...named(() => new Promise(() => undefined)),
      limits: { networkMs: 100 },
    });
    expect(ran.said).toMatch(/^lookup!/);
  });
});

describe('what was not granted', () => {
  it('answers access-denied, and the operator is told once', async () => {
    const ran = await tcp.run(
      steps(`connect ${echo.authority}`, 'lookup example.org', 'udp 0.0.0.0:0', 'listen 127.0.0.1:0'),
      { grants: {} },
    );
    expect(ran.said.match(/!PermissionDenied/g)).toHaveLength(4);
    expect(ran.refusals).toEqual(['sockets refused: a TCP socket']);
  });

  it('is not reached by another port, another name, UDP or listening', async () => {
    const ran = await tcp.run(
      steps('connect 127.0.0.1:1', 'lookup other.test', 'udp 0.0.0.0:0', 'listen 127.0.0.1:0'),
      local(echo),
    );
    expect(ran.said.match(/!PermissionDenied/g)).toHaveLength(4);
    expect(ran.handles).toBe(libcNetwork);
  });

  it('is an address that is not public, though its literal was granted', async () => {
    const ran = await tcp.run(`connect ${echo.authority}`, local(echo, { privateAddresses: false }));
    expect(ran.said).toBe('connect!PermissionDenied\n');
    expect(ran.refusals).toHaveLength(1);
  });
});

describe('the end of an instance', () => {
  it('closes connections on which it waits', async () => {
    const running = await tcp.start(steps(`connect ${silent.authority}`, 'read 1'), local(silent));
    await eventually('it is connected', () => silent.open() === 1);
    running.end();
    await expect(running.done).rejects.toMatchObject({ code: 'cancelled' });
    await eventually('the server sees the end', () => silent.open() === 0);
  });

  it('comes with no more connections than its buffers allow', async () => {
    const ran = await tcp.run(`connect ${echo.authority}`, { ...local(echo), limits: { bufferBytes: 1000 } });
    expect(ran.said).toMatch(/^connect!/);
    expect(ran.handles).toBe(libcNetwork);
  });
});
