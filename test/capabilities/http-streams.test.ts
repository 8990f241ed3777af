/** Bodies in motion: streaming, caps, time limits, and ends in the middle. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Limits } from '../../runtime/model/limits.ts';
import { eventually, type GuestOptions, NetworkPlugin } from './egress-guest.ts';
import { httpServer, type TestServer } from './egress-server.ts';

const mebibyte = 1024 * 1024;
let http: NetworkPlugin;
let server: TestServer;
let received = 0;

beforeAll(async () => {
  http = await NetworkPlugin.compile('http');
  server = await httpServer((request, response) => {
    if (request.url === '/mute') return;
    if (request.url === '/stall') return void response.write('begun');
    if (request.url === '/endless') {
      const chunk = Buffer.alloc(65_536, 'y');
      const pour = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', pour);
      return pour();
    }
    if (request.url === '/break') {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      return void setTimeout(() => request.socket.destroy(), 20);
    }
    received = 0;
    request.on('data', (chunk: Uint8Array) => {
      received += chunk.byteLength;
    });
    request.on('end', () => response.end(Buffer.alloc(mebibyte, 'z')));
  });
});
afterAll(() => server.close());

const options = (limits: Partial<Limits> = {}): GuestOptions => ({
  grants: {
    http: [{ scheme: 'http', host: '127.0.0.1', port: server.port, methods: ['GET', 'POST'], privateAddresses: true }],
  },
  limits,
});
const request = (path: string, ...more: string[]) => [`url http://${server.authority}${path}`, ...more].join('\n');
const isFree = () => eventually('the server sees every connection closed', () => server.open() === 0);

describe('a body', () => {
  it('of a megabyte goes and comes in small pieces, through buffers that are bounded', async () => {
    const ran = await http.run(
      request('/', 'method POST', `flood ${mebibyte}`, 'count'),
      options({ bufferBytes: 300_000 }),
    );
    expect(ran.said).toMatch(new RegExp(`^200\n(.*\n)*${mebibyte}$`));
    expect(received).toBe(mebibyte);
    await isFree();
  });

  it('may begin before there is a connection, and the response before its end', async () => {
    const early = await httpServer((_request, response) => response.end('early'));
    const grants = {
      http: [{ scheme: 'http', host: '127.0.0.1', port: early.port, methods: ['POST'], privateAddresses: true }],
    } as const;
    const ran = await http.run(`url http://${early.authority}/\nmethod POST\nbody x\nearly`, { grants });
    expect(ran.said).toMatch(/^200\n(.*\n)*early$/);
    await early.close();
  });

  it('above its cap ends the exchange with the size: response', async () => {
    const ran = await http.run(request('/endless', 'count'), options({ responseBytes: mebibyte }));
    expect(ran.said).toBe(`error: stream ErrorCode::HttpResponseBodySize(Some(${mebibyte}))`);
    await isFree();
  });

  it('above its cap ends the exchange with the size: request', async () => {
    const ran = await http.run(request('/', 'method POST', 'flood 100000'), options({ requestBytes: 50_000 }));
    expect(ran).toMatchObject({ said: 'error: stream ErrorCode::HttpRequestBodySize(Some(50000))', handles: 0 });
    await isFree();
  });

  it('without end is dropped in the middle, and its connection closed', async () => {
    const before = process.memoryUsage().rss;
    const ran = await http.run(request('/endless', 'most 200000', 'count'), options());
    expect(ran.said).toMatch(/\n200000$/);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * mebibyte);
    await isFree();
  });

  it('that breaks off is an error', async () => {
    const ran = await http.run(request('/break'), options());
    expect(ran).toMatchObject({ said: 'error: stream ErrorCode::HttpResponseIncomplete', handles: 0 });
  });
});

describe('a server that is slow', () => {
  it.each([
    ['with the first byte', '/mute', 'first-byte-timeout 100', 'error: ErrorCode::ConnectionReadTimeout'],
    ['between bytes', '/stall', 'between-bytes-timeout 100', 'error: stream ErrorCode::ConnectionReadTimeout'],
  ])('%s fails in the time that the guest set', async (_kind, path, timeout, said) => {
    const start = performance.now();
    const ran = await http.run(request(path, timeout), options());
    expect(ran).toMatchObject({ said, handles: 0 });
    expect(performance.now() - start).toBeLessThan(5_000);
    await isFree();
  });

  it('fails in the time that the operator set, where the guest would wait longer', async () => {
    const ran = await http.run(request('/mute', 'first-byte-timeout 3600000'), options({ networkMs: 100 }));
    expect(ran.said).toBe('error: ErrorCode::ConnectionReadTimeout');
  });

  it('to take the request fails too', async () => {
    const ran = await http.run(request('/mute', 'method POST', 'flood 60000000'), options({ networkMs: 200 }));
    expect(ran.said).toContain('ConnectionWriteTimeout');
    await isFree();
  });

  it('to be resolved fails too', async () => {
    const ran = await http.run(`url http://api.test:${server.port}/\nconnect-timeout 100`, {
      grants: { http: [{ scheme: 'http', host: 'api.test', port: server.port }] },
      resolver: () => new Promise(() => undefined),
    });
    expect(ran.said).toBe('error: ErrorCode::DnsTimeout');
  });
});

describe('the end of a job', () => {
  it.each(['/mute', '/stall', '/endless'])('in the middle of %s closes its connection', async (path) => {
    const running = await http.start(request(path, 'count'), options());
    await eventually('it is connected', () => server.open() === 1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    running.end();
    await expect(running.done).rejects.toMatchObject({ code: 'cancelled' });
    await isFree();
  });

  it('that abandons its request closes the connection and leaves no handle', async () => {
    const ran = await http.run(request('/mute', 'abandon'), options());
    expect(ran).toMatchObject({ said: 'abandoned', handles: 0 });
    await isFree();
  });

  it('does not come with more requests than its buffers allow', async () => {
    const ran = await http.run(request('/'), options({ bufferBytes: 1000 }));
    expect(ran).toMatchObject({ said: 'error: ErrorCode::ConnectionLimitReached', handles: 0 });
  });
});
