/** The port: which connections it takes, and how it tells what they speak. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { Client, credentials } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { TokenAccess } from '../../runtime/access/token-access.ts';
import { isLoopback } from '../../runtime/api/listener.ts';
import { frame, methods, send, startEdge, type TestEdge } from './edge.ts';
import { type Engine, startEngine } from './engine.ts';

const running: TestEdge[] = [];

async function start(...args: Parameters<typeof startEdge>): Promise<TestEdge> {
  const edge = await startEdge(...args);
  running.push(edge);
  return edge;
}

afterEach(() => {
  for (const { stop } of running.splice(0)) stop();
});

const limits = { connections: 2, streams: 100, keepAliveMs: 60_000, keepAliveTimeoutMs: 1000 };
const ask = `POST ${methods.Echo.path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/grpc-web\r\n`;

function echo(port: number, host = '127.0.0.1'): Promise<string> {
  const client = new Client(`${host}:${port}`, credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = methods.Echo;
  return new Promise<string>((resolve, reject) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, Buffer.from('x'), (error, bytes) =>
      error ? reject(error) : resolve(String(bytes)),
    );
  }).finally(() => client.close());
}

/** Everything that the server sends until it closes. */
async function all(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString('latin1');
}

/** Writes the bytes one after the other; the server has each of the first ones before the next is sent. */
async function drip(socket: Socket, bytes: Buffer, port: number): Promise<void> {
  socket.setNoDelay(true);
  for (const [index, byte] of bytes.entries()) {
    await new Promise<unknown>((resolve) => socket.write(Buffer.from([byte]), resolve));
    if (index < 5) await echo(port);
  }
}

describe('what a connection speaks', () => {
  it('is told from its first bytes, however few come at once', async () => {
    const { port } = await start();
    const http1 = connect(port, '127.0.0.1');
    const heard = all(http1);
    const body = frame('dripping');
    await drip(
      http1,
      Buffer.concat([Buffer.from(`${ask}connection: close\r\ncontent-length: ${body.length}\r\n\r\n`), body]),
      port,
    );
    expect(await heard).toMatch(/^HTTP\/1\.1 200 OK\r\n.*dripping.*grpc-status: 0/s);
    const http2 = connect(port, '127.0.0.1');
    await drip(http2, Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0', 'latin1'), port);
    const [settings] = (await once(http2, 'data')) as [Buffer];
    expect(settings[3]).toBe(4);
    http2.destroy();
  });

  it.each(['PRI * HTTP/1.1\r\n\r\n', '\0\u0001\u0002\u0003', 'PUT', '\r\n\r\n\r\n'])(
    'is HTTP/1.1 or nothing for %j, and the port goes on',
    async (bytes) => {
      const { port } = await start();
      const socket = connect(port, '127.0.0.1');
      const heard = all(socket);
      socket.end(Buffer.from(bytes, 'latin1'));
      expect(await heard).toMatch(/^(HTTP\/1\.1 400 Bad Request.*)?$/s);
      expect(await echo(port)).toBe('x');
    },
  );

  it('may stay unsaid without harm, and silent connections end with the server', async () => {
    const { port, stop } = await start();
    const silent = Array.from({ length: 20 }, () => connect(port, '127.0.0.1'));
    await Promise.all(silent.map((socket) => once(socket, 'connect')));
    silent[0]?.destroy();
    silent[1]?.write('PRI');
    expect(await echo(port)).toBe('x');
    let closed = 0;
    for (const socket of silent.slice(1)) all(socket).then(() => closed++);
    stop();
    await expect.poll(() => closed).toBe(silent.length - 1);
  });
});

describe('a client of HTTP/1.1', () => {
  it('may send several requests over a connection, one after the other or at once', async () => {
    const { port } = await start();
    const socket = connect(port, '127.0.0.1');
    const heard = all(socket);
    const one = (text: string, more = '') =>
      Buffer.concat([Buffer.from(`${ask}${more}content-length: ${5 + text.length}\r\n\r\n`), frame(text)]);
    socket.write(Buffer.concat([one('first'), one('second'), one('third', 'connection: close\r\n')]));
    expect(await heard).toMatch(/first.*grpc-status: 0.*second.*grpc-status: 0.*third.*grpc-status: 0/s);
  });
});

describe('connections', () => {
  it('are as many as the limit says; more are closed, and the operator hears of it once', async () => {
    const { port, log } = await start(undefined, { limits });
    const kept = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
    await Promise.all(kept.map((socket) => once(socket, 'connect')));
    for (let more = 0; more < 3; more++) expect(await all(connect(port, '127.0.0.1'))).toBe('');
    await expect.poll(() => log.filter(({ message }) => message.includes('too many'))).toHaveLength(1);
    kept[0]?.destroy();
    await expect.poll(() => echo(port).catch(() => 'refused'), { interval: 50 }).toBe('x');
    kept[1]?.destroy();
  });
});

describe('a connection of gRPC', () => {
  const engines: Engine[] = [];
  afterEach(async () => {
    for (const engine of engines.splice(0)) await engine.stop(10);
  });
  const withLimits = async (change: object): Promise<number> => {
    const api = { limits: { ...limits, ...change } };
    const engine = await startEngine({ runners: [], body: () => new Promise(() => undefined), api });
    engines.push(engine);
    return engine.server.port;
  };

  it('ends when its client does not answer any more', async () => {
    const port = await withLimits({ keepAliveMs: 20, keepAliveTimeoutMs: 100 });
    const socket = connect(port, '127.0.0.1');
    const noSettings = Buffer.alloc(9);
    noSettings.writeUInt8(4, 3);
    socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), noSettings]));
    await all(socket);
  });

  it('has as many calls at a time as the limit says', async () => {
    const port = await withLimits({ streams: 7 });
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    await once(session, 'remoteSettings');
    expect(session.remoteSettings.maxConcurrentStreams).toBe(7);
    session.destroy();
  });
});

describe('an address', () => {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const outside = addresses.find(({ internal, family }) => !internal && family === 'IPv4')?.address;

  it.each(['0.0.0.0:0', '[::]:0', ...(outside === undefined ? [] : [`${outside}:0`])])(
    'that others reach (%s) is refused without tokens, and taken with some',
    async (address) => {
      await expect(start(undefined, { address })).rejects.toMatchObject({
        code: 'config-invalid',
        message: expect.stringMatching(
          new RegExp(
            `will not listen on ${address.replaceAll(/[[\]]/g, '\\$&')} without tokens.*--tokens.*127\\.0\\.0\\.1`,
          ),
        ) as string,
      });
      const { log } = await start(new TokenAccess([]), { address });
      expect(log.map(({ message }) => message)).toContainEqual(expect.stringContaining('no encryption'));
    },
  );

  it('that only this machine reaches is taken, and the operator is told what that means', async () => {
    const { port, log } = await start(undefined, { address: 'localhost:0' });
    expect(await echo(port, 'localhost')).toBe('x');
    expect(log.map(({ message }) => message)).toEqual([expect.stringContaining('there are no tokens')]);
  });

  it('that is not there, or taken, is config-invalid', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    for (const address of [`127.0.0.1:${port}`, 'no-such-host.invalid:0', '192.0.2.1:0'])
      await expect(start(new TokenAccess([]), { address })).rejects.toMatchObject({
        code: 'config-invalid',
        message: expect.stringContaining(`cannot listen on ${address}: `) as string,
      });
    taken.close();
  });

  it.each([
    ['127.0.0.1', true],
    ['127.8.9.1', true],
    ['::1', true],
    ['0.0.0.0', false],
    ['::', false],
    ['10.0.0.1', false],
    ['128.0.0.1', false],
    ['localhost.example.com', false],
    ['', false],
  ])('%s is of this machine only: %s', (address, expected) => {
    expect(isLoopback(address)).toBe(expected);
  });
});

describe('HTTP/1.1 beside gRPC', () => {
  it('shares the port', async () => {
    const { port } = await start();
    const answers = await Promise.all([
      echo(port),
      send(port, methods.Echo.path, frame('web')).then(({ messages }) => String(messages[0])),
      echo(port),
    ]);
    expect(answers).toEqual(['x', 'web', 'x']);
  });
});
