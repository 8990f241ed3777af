/** Encryption: who gets in, and what is spoken inside. Real handshakes, certificates of the test's own. */

import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
import { get } from 'node:https';
import { connect as connectTls } from 'node:tls';
import { type ChannelCredentials, Client, credentials, status } from '@grpc/grpc-js';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Authority, type Certificate, createAuthority } from '../support/certificates.ts';
import { frame, methods, parseBody, startEdge, type TestEdge } from './edge.ts';

const { Echo, Fail, Hang, Count, Chat } = methods;
const running: TestEdge[] = [];
let authority: Authority;
let strangers: Authority;
let server: Certificate;

beforeAll(() => {
  authority = createAuthority('test authority');
  strangers = createAuthority('strangers');
  server = authority.issue('localhost', '127.0.0.1');
});

afterEach(() => {
  for (const { stop } of running.splice(0)) stop();
});

async function start(mutual = false): Promise<TestEdge> {
  const mutualOptions = mutual ? { ca: authority.cert, requestCert: true, rejectUnauthorized: true } : {};
  const edge = await startEdge(undefined, { tls: { ...server, ...mutualOptions } });
  running.push(edge);
  return edge;
}

/** `Echo` over gRPC. */
function echo(port: number, channel: ChannelCredentials, text = 'secret'): Promise<string> {
  const client = new Client(`localhost:${port}`, channel);
  const { path, requestSerialize, responseDeserialize } = Echo;
  const deadline = Date.now() + 5000;
  return new Promise<string>((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      Buffer.from(text),
      { deadline },
      (error, bytes) => (error ? reject(error) : resolve(String(bytes))),
    );
  }).finally(() => client.close());
}

function trusting(own?: Certificate): ChannelCredentials {
  const buffer = (text: string | undefined) => (text === undefined ? null : Buffer.from(text));
  return credentials.createSsl(Buffer.from(authority.cert), buffer(own?.key), buffer(own?.cert));
}

interface Http2Answer {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders | undefined;
  readonly body: Buffer;
}

/** HTTP/2 as a client speaks it that could speak HTTP/1.1 too; it has no other use for its connection. */
function http2Session(port: number): ClientHttp2Session {
  const ALPNProtocols = ['h2', 'http/1.1'];
  const createConnection = () => connectTls({ port, host: 'localhost', ca: authority.cert, ALPNProtocols });
  const session = connectHttp2(`https://localhost:${port}`, { createConnection });
  session.on('error', () => undefined); // its streams hear of it
  return session;
}

/** Sends one request over HTTP/2. */
function send2(port: number, path: string, type: string, body: Buffer): Promise<Http2Answer> {
  const session = http2Session(port);
  return new Promise<Http2Answer>((resolve, reject) => {
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': type, te: 'trailers' });
    let headers: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders | undefined;
    const chunks: Buffer[] = [];
    stream.on('response', (received) => {
      headers = received;
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    });
    stream.on('trailers', (received) => {
      trailers = received;
    });
    stream.on('error', reject).on('close', () => resolve({ headers, trailers, body: Buffer.concat(chunks) }));
    stream.end(body);
  }).finally(() => session.close());
}

describe('TLS', () => {
  it('lets gRPC clients in that know the authority, and they know no other server', async () => {
    const { port } = await start();
    expect(await echo(port, trusting())).toBe('secret');
    const wary = credentials.createSsl(Buffer.from(strangers.cert));
    await expect(echo(port, wary)).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });

  it('answers nobody who speaks without it', async () => {
    const { port } = await start();
    await expect(echo(port, credentials.createInsecure())).rejects.toMatchObject({
      code: expect.toBeOneOf([status.UNAVAILABLE, status.DEADLINE_EXCEEDED]) as number,
    });
  });

  it('gives other certificates from one moment to the next, and connections go on', async () => {
    const { port, edge } = await start();
    const renewed = strangers.issue('localhost');
    const client = new Client(`localhost:${port}`, trusting());
    const call = () =>
      new Promise((resolve, reject) => {
        const { path, requestSerialize, responseDeserialize } = Echo;
        client.makeUnaryRequest(path, requestSerialize, responseDeserialize, Buffer.from('x'), (error) =>
          error ? reject(error) : resolve(undefined),
        );
      });
    await call();
    edge.useTls(renewed);
    await call();
    client.close();
    expect(await echo(port, credentials.createSsl(Buffer.from(strangers.cert)))).toBe('secret');
    await expect(echo(port, trusting())).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });

  it('is of version 1.2 at least', async () => {
    const { port, log } = await start();
    const old = connectTls({ port, host: 'localhost', ca: authority.cert, maxVersion: 'TLSv1.1', minVersion: 'TLSv1' });
    await expect(new Promise((_, reject) => old.on('error', reject))).rejects.toThrow();
    expect(log.every(({ level }) => level !== 'error')).toBe(true);
  });
});

describe('a client that offers nothing but HTTP/2', () => {
  it('reaches gRPC without a detour', async () => {
    const { port } = await start();
    const session = connectHttp2(`https://localhost:${port}`, { ca: authority.cert });
    const stream = session.request({ ':method': 'POST', ':path': Echo.path, 'content-type': 'application/grpc' });
    stream.end(frame('x'));
    // The type that grpc-js answers itself; by the way of browsers it would be the request's.
    const headers = await new Promise((resolve) => stream.once('response', resolve));
    expect(headers).toMatchObject({ 'content-type': 'application/grpc+proto' });
    session.destroy();
  });
});

describe('mutual TLS', () => {
  it('lets in those whose certificate the authority signed, and nobody else', async () => {
    const { port, log } = await start(true);
    expect(await echo(port, trusting(authority.issue('a client')))).toBe('secret');
    for (const channel of [trusting(), trusting(strangers.issue('a stranger')), trusting(authority.issueEnded('x'))])
      await expect(echo(port, channel)).rejects.toMatchObject({ code: status.UNAVAILABLE });
    expect(log.filter(({ message }) => message === 'TLS handshakes failed')).toHaveLength(1);
  });
});

describe('what a browser could send over HTTP/2', () => {
  it.each(['application/grpc-web+proto', 'application/grpc-web-text'])('%s is answered in its kind', async (type) => {
    const { port } = await start();
    const isText = type.includes('text');
    const sent = isText ? Buffer.from(frame('10:3').toString('base64')) : frame('10:3');
    const { headers, trailers, body } = await send2(port, Count.path, type, sent);
    expect(headers).toMatchObject({ ':status': 200, 'content-type': type });
    expect(trailers).toBeUndefined();
    const pieces = body.toString().match(/[^=]+={0,2}/g) ?? [];
    const parsed = parseBody(isText ? Buffer.concat(pieces.map((each) => Buffer.from(each, 'base64'))) : body);
    expect(parsed.messages).toHaveLength(10);
    expect(parsed.trailers['grpc-status']).toEqual(['0']);
  });

  it('gRPC is served as gRPC', async () => {
    const { port } = await start();
    const unary = await send2(port, Echo.path, 'application/grpc', frame('native'));
    expect(unary.headers).toMatchObject({ 'content-type': 'application/grpc', 'x-said': 'hello' });
    expect(unary.trailers).toMatchObject({ 'grpc-status': '0', 'x-end': 'one, two' });
    expect(unary.body).toEqual(frame('native'));
    const failed = await send2(port, Fail.path, 'application/grpc', frame(''));
    expect(failed.trailers).toMatchObject({ 'grpc-status': '9', 'bulkhead-error': '{"code":"x"}' });
    const streams = await send2(port, Chat.path, 'application/grpc+proto', Buffer.concat([frame('a'), frame('b')]));
    expect(streams.body).toEqual(Buffer.concat([frame('a'), frame('b')]));
    expect(streams.trailers).toMatchObject({ 'grpc-status': '0' });
  });

  it('a stream that is reset cancels its call', async () => {
    const { port, seen } = await start();
    const session = http2Session(port);
    for (const type of ['application/grpc-web', 'application/grpc']) {
      const stream = session.request({ ':method': 'POST', ':path': Hang.path, 'content-type': type });
      stream.on('error', () => undefined).end(frame(''));
      await expect.poll(() => seen.hanging).toBe(1);
      stream.close(8);
      await expect.poll(() => seen.hanging).toBe(0);
    }
    session.close();
  });

  it('one stream that nobody reads holds up no other', async () => {
    const { port, seen } = await start();
    const session = http2Session(port);
    // This client has room for more than all that it does not read.
    await once(session, 'connect');
    session.setLocalWindowSize(8 * 1024 * 1024);
    const post = (path: string, body: Buffer) =>
      session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc-web' }).end(body);
    const lazy = Array.from({ length: 8 }, () => post(Count.path, frame('100:20000')).pause());
    await Promise.all(lazy.map((stream) => once(stream, 'response')));
    let before = -1;
    const isStill = (): boolean => {
      const still = seen.counted > 0 && seen.counted === before;
      before = seen.counted;
      return still;
    };
    await expect.poll(isStill, { interval: 300, timeout: 10_000 }).toBe(true);
    const chunks = await post(Echo.path, frame('still here')).toArray();
    expect(parseBody(Buffer.concat(chunks)).messages.map(String)).toEqual(['still here']);
    expect(seen.counted).toBeLessThan(400);
    session.destroy();
  });

  it('clients that break off at any moment leave nothing behind, and the port goes on', async () => {
    const { port, seen } = await start();
    const types = ['application/grpc-web', 'application/grpc-web-text', 'application/grpc', 'text/plain'];
    const breakOff = async (index: number): Promise<void> => {
      const session = http2Session(port);
      const headers = { ':method': 'POST', 'content-type': types[index % types.length] ?? '' };
      const streams = [Hang, Count, Chat, Echo].map(({ path }) => session.request({ ...headers, ':path': path }));
      for (const stream of streams) stream.on('error', () => undefined).write(frame('100000:1000'));
      for (let turns = Math.floor(Math.random() * 30); turns > 0; turns--) await new Promise(setImmediate);
      streams[index % streams.length]?.close(8);
      await new Promise(setImmediate);
      session.destroy();
    };
    for (let round = 0; round < 5; round++)
      await Promise.all(Array.from({ length: 12 }, (_, index) => breakOff(index + round)));
    expect((await send2(port, Echo.path, 'application/grpc', frame('still here'))).body).toEqual(frame('still here'));
    await expect.poll(() => [seen.hanging, seen.counting]).toEqual([0, 0]);
  });

  it('HTTP/1.1 is spoken with those who offer nothing else, and with those who offer nothing', async () => {
    const { port } = await start();
    for (const ALPNProtocols of [['http/1.1'], undefined]) {
      const options = { host: 'localhost', port, ca: authority.cert, path: '/nothing', agent: false as const };
      const answer = await new Promise<number | undefined>((resolve, reject) => {
        get({ ...options, ...(ALPNProtocols && { ALPNProtocols }) }, (response) => {
          response.resume();
          resolve(response.statusCode);
        }).on('error', reject);
      });
      expect(answer).toBe(404);
    }
  });
});
