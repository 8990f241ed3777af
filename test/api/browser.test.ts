/** gRPC-Web in a real browser, with the stock client, from a page of another origin. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MethodDefinition } from '@grpc/grpc-js';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { digestOf, TokenAccess } from '../../runtime/access/token-access.ts';
import { WireSchema } from '../../runtime/api/schema.ts';
import { root } from '../../runtime/cli/toolbox/paths.mjs';
import { localCaller } from '../../runtime/model/caller.ts';
import { type CreateJobResponse, ResponseType, ResultStatus, type Services } from '../../runtime/model/messages.gen.ts';
import { createAuthority } from '../support/certificates.ts';
import { startChromium, type TestBrowser } from '../support/chromium.ts';
import { methods, startEdge, type TestEdge } from './edge.ts';
import { startEngine } from './engine.ts';
import { ok, describe as runner } from './fake-executor.ts';

/** See `browser/page.mjs`. */
interface Told {
  readonly messages: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly status?: { readonly code: number };
  readonly error?: { readonly code: number; readonly message: string; readonly metadata: Record<string, string> };
}

const files: Readonly<Record<string, readonly [path: string, type: string]>> = {
  '/page.mjs': [fileURLToPath(new URL('browser/page.mjs', import.meta.url)), 'text/javascript'],
  '/grpc-web.mjs': [join(root, 'node_modules/grpc-web/index.esm.js'), 'text/javascript'],
};

let browser: TestBrowser;
let pages: Server;
let origin: string;
let page: Page;
const running: { stop(): unknown }[] = [];

beforeAll(async () => {
  pages = createServer(async (request, response) => {
    const [path, type] = files[request.url ?? ''] ?? [];
    if (path === undefined)
      response
        .setHeader('content-type', 'text/html')
        .end('<!doctype html><script type="module" src="/page.mjs"></script>');
    else response.setHeader('content-type', type ?? '').end(await readFile(path));
  }).listen(0, '127.0.0.1');
  await once(pages, 'listening');
  origin = `http://localhost:${(pages.address() as { port: number }).port}`;
  browser = await startChromium();
  page = await browser.context.newPage();
  await page.goto(origin);
  await page.waitForFunction('globalThis.page !== undefined');
});

afterAll(async () => {
  await browser?.close();
  pages?.close();
});

afterEach(async () => {
  for (const { stop } of running.splice(0)) await stop();
});

async function start(...[access, options]: Parameters<typeof startEdge>): Promise<TestEdge> {
  const edge = await startEdge(access, { webOrigins: [origin], ...options });
  running.push(edge);
  return edge;
}

/** Runs a function of the page. */
function run<T = Told>(name: 'unary' | 'stream' | 'abandon' | 'read', ask: object): Promise<T> {
  return page.evaluate(`page.${name}(${JSON.stringify(ask)})`);
}

const formats = ['text', 'binary'] as const;
const { Echo, Fail, First, Hang, Count } = methods;

describe.each(formats)('the stock client in a browser, %s', (format) => {
  it('makes a unary call, with headers both ways', async () => {
    const { port, seen } = await start();
    const server = `http://localhost:${port}`;
    const headers = { 'x-tenant': 'blue' };
    const told = await run('unary', { server, path: Echo.path, request: 'grüße aus dem Browser', format, headers });
    expect(told.messages).toEqual(['grüße aus dem Browser']);
    expect(told.headers).toMatchObject({
      'x-said': 'hello',
      'x-job-id-bin': Buffer.from([0, 255, 7]).toString('base64'),
    });
    expect(seen.headers[0]?.getMap()).toEqual({ 'x-tenant': 'blue' });
  });

  it('hears of an error with its code, text and trailers', async () => {
    const { port } = await start();
    const { error } = await run('unary', { server: `http://localhost:${port}`, path: Fail.path, format });
    expect(error).toMatchObject({ code: 9, message: 'kein Schlüssel: 100 %' });
    expect(error?.metadata).toMatchObject({ 'bulkhead-error': '{"code":"x"}' });
  });

  it('reads a stream to its end', async () => {
    const { port } = await start();
    const told = await run('stream', {
      server: `http://localhost:${port}`,
      path: Count.path,
      request: '200:999',
      format,
    });
    expect(told.messages).toHaveLength(200);
    expect(told.messages[65]).toBe('A'.repeat(999));
    expect(told).toMatchObject({ status: { code: 0 } });
    expect(told.error).toBeUndefined();
  });

  it('sets a deadline', async () => {
    const { port, seen } = await start();
    const headers = { deadline: String(Date.now() + 300) };
    const { error } = await run('unary', { server: `http://localhost:${port}`, path: Hang.path, format, headers });
    expect(error?.code).toBe(4);
    await expect.poll(() => seen.hanging).toBe(0);
  });

  it('sends its token, and is refused without', async () => {
    const access = new TokenAccess([{ caller: localCaller, digest: digestOf('secret'), limits: {} }]);
    const { port } = await start(access);
    const ask = { server: `http://localhost:${port}`, path: Echo.path, request: 'x', format };
    expect((await run('unary', ask)).error).toMatchObject({ code: 16 });
    expect((await run('unary', { ...ask, headers: { 'jobworkerp-auth': 'secret' } })).messages).toEqual(['x']);
  });
});

describe('a browser', () => {
  it('gets the first message of a stream at once, and cancels the call when it leaves', async () => {
    const { port, seen } = await start();
    const ask = { server: `http://localhost:${port}`, path: First.path, request: 'the first', cancelAfter: 1 };
    // The stock client reads a binary stream only when it has ended; fetch need not.
    expect((await run('stream', { ...ask, format: 'text' })).messages).toEqual(['the first']);
    await expect.poll(() => seen.hanging).toBe(0);
    expect(await run<number>('read', { ...ask, format: 'binary' })).toBe(5 + 'the first'.length);
    await expect.poll(() => seen.hanging).toBe(0);
  });

  it('reads a long stream whole', async () => {
    const { port } = await start();
    const ask = { server: `http://localhost:${port}`, path: Count.path, request: '300:100000', format: 'binary' };
    expect(await run<number>('read', ask)).toBeGreaterThan(300 * 100_005);
  });

  it('that gives a call up cancels it', async () => {
    const { port, seen } = await start();
    const ended = run<string>('abandon', { server: `http://localhost:${port}`, path: Hang.path, format: 'binary' });
    await expect.poll(() => seen.hanging).toBe(1);
    await page.evaluate('abandonNow()');
    expect(await ended).toBe('AbortError');
    await expect.poll(() => seen.hanging).toBe(0);
  });

  it('that is closed in the middle of a call cancels it', async () => {
    const { port, seen } = await start();
    const other = await browser.context.newPage();
    await other.goto(origin);
    await other.waitForFunction('globalThis.page !== undefined');
    const ask = JSON.stringify({ server: `http://localhost:${port}`, path: Hang.path, format: 'text' });
    await other.evaluate(`void page.unary(${ask})`);
    await expect.poll(() => seen.hanging).toBe(1);
    await other.close();
    await expect.poll(() => seen.hanging).toBe(0);
  });

  it('on a page that is not allowed gets nothing, and its call does not reach a handler', async () => {
    const { port, seen } = await start(undefined, { webOrigins: ['https://app.example.com'] });
    const ask = { server: `http://localhost:${port}`, path: Echo.path, request: 'x' };
    for (const format of formats) {
      const told = await run('unary', { ...ask, format });
      expect(told).toMatchObject({ messages: [], headers: {} });
      expect(told.error).toBeDefined();
    }
    expect(seen.headers).toEqual([]);
  });

  it('speaks HTTP/2 over TLS: many calls and streams over one connection', async () => {
    const { cert, key } = createAuthority('test authority').issue('localhost');
    const { port } = await start(undefined, { tls: { cert, key } });
    const devtools = await browser.context.newCDPSession(page);
    const protocols = new Set<string | undefined>();
    devtools.on('Network.responseReceived', ({ response }) => protocols.add(response.protocol));
    await devtools.send('Network.enable');
    const server = `https://localhost:${port}`;
    const calls = Array.from({ length: 30 }, (_, index) =>
      index % 3 === 0
        ? run('stream', { server, path: Count.path, request: '50:5000', format: formats[index % 2] })
        : run('unary', { server, path: Echo.path, request: String(index), format: formats[index % 2] }),
    );
    const told = await Promise.all(calls);
    expect(told.map(({ messages }) => messages.length)).toEqual(told.map((_, index) => (index % 3 === 0 ? 50 : 1)));
    expect([...protocols]).toEqual(['h2']);
    await devtools.detach();
  });

  it('runs a job and finds its result', async () => {
    const engine = await startEngine({
      runners: [runner('echo')],
      body: (call) => ok(Buffer.concat([Buffer.from('you said '), call.args])),
      api: { webOrigins: [origin] },
    });
    running.push({ stop: () => engine.stop() });
    const schema = new WireSchema();
    const server = `http://localhost:${engine.server.port}`;
    const call = async (kind: 'unary' | 'stream', name: string, method: string, message: object) => {
      const service = `jobworkerp.service.${name}` as keyof Services;
      const definition = schema.service(service)[method] as MethodDefinition<object, object>;
      const request = definition.requestSerialize(message).toString('base64');
      const told = await run(kind, { server, path: definition.path, request, bytes: true, format: 'text' });
      return {
        told,
        answers: told.messages.map((each) => definition.responseDeserialize(Buffer.from(each, 'base64'))),
      };
    };
    const worker = {
      name: 'w',
      runner_id: { value: 2n ** 60n + 1n },
      response_type: ResponseType.DIRECT,
      store_success: true,
    };
    await call('unary', 'WorkerService', 'Create', worker);
    const { told, answers } = await call('unary', 'JobService', 'Enqueue', {
      worker_name: 'w',
      args: Buffer.from('hello'),
    });
    const answer = answers[0] as CreateJobResponse;
    expect(answer.result?.data).toMatchObject({ status: ResultStatus.SUCCESS });
    expect(String(Buffer.from(answer.result?.data?.output?.items ?? []))).toBe('you said hello');
    const id = Buffer.from(told.headers['x-job-id-bin'] ?? '', 'base64');
    expect(schema.codec('jobworkerp.data.JobId').decode(id)).toEqual(answer.id);
    const found = await call('stream', 'JobResultService', 'FindListByJobId', { job_id: answer.id });
    expect(found.answers).toMatchObject([{ data: { job_id: answer.id } }]);
  });
});
