/** gRPC-Web as it is on the wire: HTTP/1.1, binary and text. */
import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Client, credentials, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { digestOf, TokenAccess } from '../../runtime/access/token-access.ts';
import { InnerConnections } from '../../runtime/api/web/inner.ts';
import { localCaller } from '../../runtime/model/caller.ts';
import { frame, methods, send, startEdge, type TestEdge } from './edge.ts';

const running: TestEdge[] = [];

async function start(...args: Parameters<typeof startEdge>): Promise<TestEdge> {
  const edge = await startEdge(...args);
  running.push(edge);
  return edge;
}

afterEach(() => {
  for (const { stop } of running.splice(0)) stop();
});

const textType = 'application/grpc-web-text+proto';
const { Echo, Fail, Hang, Count, Chat } = methods;

describe('a unary call', () => {
  it.each(['application/grpc-web', 'application/grpc-web+proto'])('of %s is answered in its kind', async (type) => {
    const { port } = await start();
    const answer = await send(port, Echo.path, frame('hello'), { type });
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': type } });
    expect(answer.messages.map(String)).toEqual(['hello']);
    expect(answer.trailers).toEqual({ 'grpc-status': ['0'], 'grpc-message': ['OK'], 'x-end': ['one, two'] });
  });

  it.each(['application/grpc-web-text', textType])('of %s is answered in text', async (type) => {
    const { port } = await start();
    const answer = await send(port, Echo.path, frame('hello').toString('base64'), { type });
    expect(answer.headers['content-type']).toBe(type);
    expect(answer.body.toString()).toMatch(/^[A-Za-z0-9+/=]+$/);
    expect(answer.messages.map(String)).toEqual(['hello']);
    expect(answer.trailers['grpc-status']).toEqual(['0']);
  });

  it('takes text that was encoded in pieces, and sent in others', async () => {
    const { port } = await start();
    const body = frame('in several pieces');
    const text = [body.subarray(0, 4), body.subarray(4, 9), body.subarray(9)].map((part) => part.toString('base64'));
    const answer = await send(port, Echo.path, '', {
      type: textType,
      onRequest: (request) => {
        for (const piece of text.join('').match(/.{1,3}/g) ?? []) request.write(piece);
      },
    });
    expect(answer.messages.map(String)).toEqual(['in several pieces']);
  });

  it.each(['A', '****', 'QQ=A', '=QQQ'])('of text that is no base64 (%s) is INVALID_ARGUMENT', async (text) => {
    const { port } = await start();
    const answer = await send(port, Echo.path, text, { type: textType });
    expect(answer.trailers).toMatchObject({
      'grpc-status': ['3'],
      'grpc-message': [expect.stringContaining('base64')],
    });
  });

  it("carries the caller's headers, and none of the browser's", async () => {
    const { port, seen } = await start();
    const sent = { 'x-tenant': 'blue', 'x-blob-bin': Buffer.from([1, 2, 255]).toString('base64') };
    const browsers = { 'sec-fetch-mode': 'cors', 'accept-language': 'de', cookie: 'a=b', 'x-grpc-web': '1' };
    await send(port, Echo.path, frame(''), { headers: { ...sent, ...browsers, 'user-agent': 'Browser' } });
    expect(seen.headers[0]?.getMap()).toEqual({ 'x-tenant': 'blue', 'x-blob-bin': Buffer.from([1, 2, 255]) });
  });

  it("answers with the call's own headers", async () => {
    const { port } = await start();
    const { headers } = await send(port, Echo.path, frame(''));
    expect(headers).toMatchObject({ 'x-said': 'hello', 'x-job-id-bin': Buffer.from([0, 255, 7]).toString('base64') });
  });

  it('that fails says how, in trailers', async () => {
    const { port } = await start();
    const answer = await send(port, Fail.path, frame(''));
    expect(answer).toMatchObject({ status: 200, messages: [] });
    expect(answer.trailers['grpc-status']).toEqual(['9']);
    expect(decodeURI(answer.trailers['grpc-message']?.[0] ?? '')).toBe('kein Schlüssel: 100 %');
    expect(answer.trailers['bulkhead-error']).toEqual(['{"code":"x"}']);
  });

  it('of a method that is not there is UNIMPLEMENTED', async () => {
    const { port } = await start();
    const answer = await send(port, '/test.Edge/Nothing', frame(''));
    expect(answer.trailers['grpc-status']).toEqual([String(status.UNIMPLEMENTED)]);
  });

  it('ends at its deadline', async () => {
    const { port, seen } = await start();
    const answer = await send(port, Hang.path, frame(''), { headers: { 'grpc-timeout': '50m' } });
    expect(answer.trailers['grpc-status']).toEqual([String(status.DEADLINE_EXCEEDED)]);
    await expect.poll(() => seen.hanging).toBe(0);
  });

  it('is cancelled when its client goes away, and does not keep its place', async () => {
    const limits = { callsAtOnce: 1 };
    const access = new TokenAccess([{ caller: localCaller, digest: digestOf('secret'), limits }]);
    const { port, seen } = await start(access);
    const headers = { 'jobworkerp-auth': 'secret' };
    let abort = (): void => undefined;
    const onRequest: NonNullable<Parameters<typeof send>[3]>['onRequest'] = (request) => {
      abort = () => request.destroy();
    };
    const call = send(port, Hang.path, frame(''), { headers, onRequest });
    call.catch(() => undefined);
    await expect.poll(() => seen.hanging).toBe(1);
    expect((await send(port, Echo.path, frame(''), { headers })).trailers['grpc-status']).toEqual(['8']);
    abort();
    await expect(call).rejects.toThrow();
    await expect.poll(() => seen.hanging).toBe(0);
    expect((await send(port, Echo.path, frame(''), { headers })).trailers['grpc-status']).toEqual(['0']);
  });
});

describe('a message that is too large', () => {
  it.each([
    ['binary', 'application/grpc-web+proto', (body: Buffer) => body],
    ['text', textType, (body: Buffer) => body.toString('base64')],
  ] as const)('is refused (%s), and the connection goes on or is closed', async (_, type, encode) => {
    const { port } = await start(undefined, { maxRequestBytes: 1000 });
    const answer = await send(port, Echo.path, encode(frame(Buffer.alloc(1001))), { type });
    expect(answer.trailers['grpc-status']).toEqual([String(status.RESOURCE_EXHAUSTED)]);
    expect((await send(port, Echo.path, encode(frame(Buffer.alloc(1000))), { type })).messages[0]).toHaveLength(1000);
  });

  it('is not read to its end', async () => {
    const { port } = await start(undefined, { maxRequestBytes: 1000 });
    const socket = connect(port, '127.0.0.1');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined).resume();
    const head = ['content-type: application/grpc-web', 'content-length: 1000000000', 'host: localhost'];
    socket.write(`POST ${Echo.path} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n`);
    const more = setInterval(() => socket.write(Buffer.alloc(10_000)), 1);
    await closed;
    clearInterval(more);
    expect(socket.bytesWritten).toBeLessThan(10_000_000);
  });
});

describe('a stream', () => {
  it.each([
    ['binary', 'application/grpc-web+proto', (text: string) => frame(text)],
    ['text', textType, (text: string) => frame(text).toString('base64')],
  ] as const)('arrives whole, in order, with its trailers (%s)', async (_, type, encode) => {
    const { port } = await start();
    const answer = await send(port, Count.path, encode('1000:1234'), { type });
    expect(answer.messages).toHaveLength(1000);
    expect(answer.messages.every((message, index) => message.equals(Buffer.alloc(1234, index % 251)))).toBe(true);
    expect(answer.trailers['grpc-status']).toEqual(['0']);
  });

  /** Asks for a stream of 30 MB and reads nothing of it. Resolves once nothing more is sent. */
  async function stalled({ port, seen }: TestEdge): Promise<Socket> {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined).pause();
    const body = frame('300:100000');
    const head = ['content-type: application/grpc-web', `content-length: ${body.length}`, 'host: localhost'];
    const request = `POST ${Count.path} HTTP/1.1\r\n${head.join('\r\n')}\r\nconnection: close\r\n\r\n`;
    socket.write(Buffer.concat([Buffer.from(request), body]));
    let before = -1;
    const isStill = (): boolean => {
      const still = seen.counted > 0 && seen.counted === before;
      before = seen.counted;
      return still;
    };
    await expect.poll(isStill, { interval: 300, timeout: 10_000 }).toBe(true);
    return socket;
  }

  it('waits for its client, without others waiting with it, and then goes on', async () => {
    const edge = await start();
    const socket = await stalled(edge);
    expect(edge.seen.counted).toBeLessThan(200);
    expect((await send(edge.port, Echo.path, frame('still here'))).messages.map(String)).toEqual(['still here']);
    let bytes = 0;
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    socket.resume();
    await once(socket, 'close');
    expect(edge.seen.counted).toBe(300);
    expect(bytes).toBeGreaterThan(300 * 100_005);
  });

  it('that is not wanted any more ends', async () => {
    const edge = await start();
    const socket = await stalled(edge);
    socket.destroy();
    await expect.poll(() => edge.seen.counting).toBe(0);
    expect(edge.seen.counted).toBeLessThan(200);
  });

  it('of requests is refused with a reason', async () => {
    const { port } = await start();
    const { trailers } = await send(port, Chat.path, frame('hello'));
    expect(trailers['grpc-status']).toEqual([String(status.UNIMPLEMENTED)]);
    expect(decodeURI(trailers['grpc-message']?.[0] ?? '')).toBe(
      'test.Edge/Chat streams its request, which gRPC-Web cannot: call it over gRPC',
    );
  });
});

describe('pages', () => {
  const page = 'https://app.example.com';
  const webOrigins = [page];

  it('may call where they are allowed, and read every header', async () => {
    const { port } = await start(undefined, { webOrigins });
    const { headers, trailers } = await send(port, Echo.path, frame(''), { headers: { origin: page } });
    expect(headers).toMatchObject({ 'access-control-allow-origin': page, vary: 'Origin' });
    expect(headers['access-control-expose-headers']?.split(', ')).toEqual(
      expect.arrayContaining(['x-said', 'x-job-id-bin', 'grpc-status', 'grpc-message']),
    );
    expect(trailers['grpc-status']).toEqual(['0']);
  });

  it('are told which headers they may send', async () => {
    const { port } = await start(undefined, { webOrigins });
    const asks = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-grpc-web,x-tenant' };
    const answer = await send(port, Echo.path, '', { method: 'OPTIONS', headers: { origin: page, ...asks } });
    expect(answer.status).toBe(204);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': page,
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'x-grpc-web,x-tenant',
    });
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
  });

  it.each(['https://evil.example.com', 'https://app.example.com.evil.com', 'http://app.example.com', 'null'])(
    'of %s are refused, whatever they ask',
    async (origin) => {
      const { port, seen } = await start(undefined, { webOrigins });
      for (const method of ['POST', 'OPTIONS']) {
        const answer = await send(port, Echo.path, frame(''), { method, headers: { origin } });
        expect(answer.status).toBe(403);
        expect(answer.headers['access-control-allow-origin']).toBeUndefined();
        expect(answer.body.toString()).toContain('--web-origin');
      }
      expect(seen.headers).toEqual([]);
    },
  );

  it('of every origin are refused where none is allowed', async () => {
    const { port } = await start();
    expect((await send(port, Echo.path, frame(''), { headers: { origin: page } })).status).toBe(403);
  });

  it('cannot take the name of this machine where there are no tokens', async () => {
    const { port } = await start();
    const status = async (host: string) => (await send(port, Echo.path, frame(''), { headers: { host } })).status;
    expect(await status('rebound.example.com:9000')).toBe(403);
    for (const host of ['localhost', 'localhost:1', 'x.localhost', '127.0.0.1:9000', '[::1]:9000'])
      expect(await status(host)).toBe(200);
  });

  it.each(['app.example.com', 'https://app.example.com/', 'https://*.example.com', '*', 'null', 'ftp://x'])(
    'cannot be allowed as %s',
    async (origin) => {
      await expect(start(undefined, { webOrigins: [origin] })).rejects.toMatchObject({
        code: 'config-invalid',
        message: expect.stringContaining(`'${origin}' is no web origin`) as string,
      });
    },
  );
});

describe('HTTP', () => {
  const route = { method: 'GET', path: '/metrics', role: 'reader', scope: 'whole' } as const;
  const routes = [{ ...route, handle: (_: unknown, response: { end(text: string): void }) => response.end('up 1\n') }];

  it.each([
    ['another content type of gRPC-Web', 'POST', Echo.path, 'application/grpc-web+json', 415],
    ['gRPC itself', 'POST', Echo.path, 'application/grpc', 505],
    ['what is not there', 'GET', '/nothing', '', 404],
    ['a call with GET', 'GET', Echo.path, '', 404],
  ])('refuses %s', async (_, method, path, type, expected) => {
    const { port } = await start();
    expect((await send(port, path, '', { method, type })).status).toBe(expected);
  });

  it('serves routes', async () => {
    const { port } = await start(undefined, { routes });
    expect((await send(port, '/metrics?x=1', '', { method: 'GET' })).body.toString()).toBe('up 1\n');
    expect(await send(port, '/metrics', '', { method: 'POST', type: '' })).toMatchObject({
      status: 405,
      headers: { allow: 'GET' },
    });
  });

  it('asks for a token where there are some', async () => {
    const reader = { ...localCaller, role: 'reader' as const };
    const access = new TokenAccess([{ caller: reader, digest: digestOf('secret'), limits: { callsPerSecond: 1 } }]);
    const { port } = await start(access, { routes });
    const get = (headers: Record<string, string> = {}) => send(port, '/metrics', '', { method: 'GET', headers });
    expect(await get()).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
    expect((await get({ authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await get({ authorization: 'Bearer secret', 'jobworkerp-auth': 'secret' })).status).toBe(401);
    expect((await get({ authorization: 'Bearer secret' })).status).toBe(200);
    expect((await get({ 'jobworkerp-auth': 'secret' })).status).toBe(429);
  });

  it('answers a route that fails with 500, and tells the operator why', async () => {
    const failing = [{ ...route, handle: () => Promise.reject(new Error('the disk is full')) }];
    const { port, log } = await start(undefined, { routes: failing });
    const answer = await send(port, '/metrics', '', { method: 'GET' });
    expect(answer.status).toBe(500);
    expect(answer.body.toString()).not.toContain('disk');
    expect(log.find(({ level }) => level === 'error')?.fields).toMatchObject({ path: '/metrics' });
  });
});

describe('a connection', () => {
  it('takes its way to the gRPC server with it when it ends', async () => {
    const injected: Duplex[] = [];
    const connections = new InnerConnections({ injectConnection: (duplex) => injected.push(duplex.resume()) });
    const [one, other] = [new EventEmitter(), new EventEmitter()];
    expect(connections.of(one)).toBe(connections.of(one));
    expect(connections.of(one)).not.toBe(connections.of(other));
    one.emit('close');
    await expect
      .poll(() => injected.map(({ destroyed, readableEnded }) => destroyed || readableEnded))
      .toEqual([true, false]);
    expect(connections.of(other).destroyed).toBe(false);
    other.emit('close');
  });
});

describe('clients that break off', () => {
  it('at any moment leave nothing behind, and the port goes on', async () => {
    const { port, seen } = await start();
    const body = frame('1000000:1000');
    const head = ['content-type: application/grpc-web', `content-length: ${body.length}`, 'host: localhost'];
    const requests = [Hang, Count, Echo].map(({ path }) =>
      Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n`), body]),
    );
    const breakOff = async (index: number): Promise<void> => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      const request = requests[index % requests.length] ?? body;
      const part = index % 4 === 0 ? Math.floor(Math.random() * request.length) : request.length;
      socket.write(request.subarray(0, part));
      for (let turns = Math.floor(Math.random() * 12); turns > 0; turns--) await new Promise(setImmediate);
      if (index % 2 === 0) socket.destroy();
      else socket.resetAndDestroy();
    };
    for (let round = 0; round < 10; round++)
      await Promise.all(Array.from({ length: 40 }, (_, index) => breakOff(index + round)));
    expect((await send(port, Echo.path, frame('still here'))).messages.map(String)).toEqual(['still here']);
    await expect.poll(() => [seen.hanging, seen.counting]).toEqual([0, 0]);
  });
});

describe('stopping', () => {
  it('lets calls under way end, refuses new ones and closes the connections', async () => {
    const { port, edge, server, seen } = await start();
    const call = send(port, Hang.path, frame(''), { headers: { 'grpc-timeout': '300m' } });
    await expect.poll(() => seen.hanging).toBe(1);
    const kept = connect(port, '127.0.0.1');
    kept.write('GET /nothing HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await new Promise((resolve) => kept.once('data', resolve));
    const unfinished = connect(port, '127.0.0.1');
    unfinished.write('GET /noth');
    await send(port, Echo.path, frame(''));
    const closed = [once(kept, 'close'), once(unfinished, 'close')];
    edge.close();
    const stopped = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    await expect(send(port, Echo.path, frame(''))).rejects.toThrow(/ECONNREFUSED/);
    expect((await call).trailers['grpc-status']).toEqual([String(status.DEADLINE_EXCEEDED)]);
    await stopped;
    edge.end();
    await Promise.all(closed);
  });

  it('ends calls that outlast it with UNAVAILABLE or CANCELLED', async () => {
    const { port, edge, server, seen } = await start();
    const call = send(port, Hang.path, frame(''));
    await expect.poll(() => seen.hanging).toBe(1);
    edge.close();
    server.forceShutdown();
    const { trailers } = await call;
    edge.end();
    expect(trailers['grpc-status']?.[0]).toMatch(/^(1|14)$/);
  });
});

describe('gRPC on the same port', () => {
  it('is served beside it', async () => {
    const { port } = await start();
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    const answer = new Promise((resolve, reject) => {
      const { path, requestSerialize, responseDeserialize } = Echo;
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, Buffer.from('both'), (error, bytes) =>
        error ? reject(error) : resolve(String(bytes)),
      );
    });
    expect(await answer).toBe('both');
    expect((await send(port, Echo.path, frame('both'))).messages.map(String)).toEqual(['both']);
    client.close();
  });
});
