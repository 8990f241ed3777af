/** Traces: from the client's header to what the instance did, as a collector gets them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AppOptions } from '../../runtime/app.ts';
import { type JobResult, RetryType } from '../../runtime/model/messages.gen.ts';
import { parseTraceparent } from '../../runtime/model/trace.ts';
import { testPlugin } from '../support/artifacts.ts';
import { startTestRuntime, type TestRuntime } from '../support/runtime.ts';
import { healthOf, logLines, serveProcess } from '../support/served.ts';
import { type Collector, type Received, startCollector } from './collector.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const clientSpan = 'b7ad6b7169203331';
const sampled = `00-${traceId}-${clientSpan}-01`;
const enqueue = 'jobworkerp.service.JobService/Enqueue';
const text = (value: string) => Buffer.concat([Buffer.from([10, value.length]), Buffer.from(value)]);

describe('a traceparent', () => {
  it('is read where it is one', () => {
    expect(parseTraceparent(sampled)).toEqual({ traceId, spanId: clientSpan, sampled: true });
    expect(parseTraceparent(`00-${traceId}-${clientSpan}-02`)?.sampled).toBe(false);
    expect(parseTraceparent(`01-${traceId}-${clientSpan}-01-more`)?.sampled).toBe(true);
  });

  it.each([
    ['nothing', undefined],
    ['another form', 'hello'],
    ['capitals', sampled.toUpperCase()],
    ['no trace', `00-${'0'.repeat(32)}-${clientSpan}-01`],
    ['no span', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['the forbidden version', `ff-${traceId}-${clientSpan}-01`],
    ['more than version 00 has', `${sampled}-more`],
    ['far too much', `01-${traceId}-${clientSpan}-01-${'x'.repeat(10_000)}`],
  ])('is not made of %s', (_, value) => {
    expect(parseTraceparent(value)).toBeUndefined();
  });
});

describe('the traces of a server', () => {
  let collector: Collector;
  let runtime: TestRuntime | undefined;
  beforeEach(async () => {
    collector = await startCollector();
  });
  afterEach(async () => {
    await runtime?.stop();
    runtime = undefined;
    await collector.close();
  });

  async function start(options: Partial<AppOptions> = {}): Promise<TestRuntime> {
    const tracing = { endpoint: collector.endpoint, service: 'jobs' };
    runtime = await startTestRuntime([testPlugin('echo')], { tracing, version: '1.2.3', threads: 1, ...options });
    await runtime.worker('Echo', { name: 'echo' });
    return runtime;
  }

  async function run(headers: Record<string, string>, using = 'run'): Promise<JobResult> {
    const request = { worker_name: 'echo', using, args: text('hi') };
    const { result } = await (runtime as TestRuntime).client.unary(
      'jobworkerp.service.JobService',
      'Enqueue',
      request,
      {
        headers,
      },
    );
    return result as JobResult;
  }

  /** All spans that were sent, once the server has stopped. */
  async function spans(): Promise<readonly Received[]> {
    await runtime?.stop();
    runtime = undefined;
    return collector.spans.filter(({ name }) => !name.includes('WorkerService'));
  }
  const only = (all: readonly Received[], name: string): Received => {
    const found = all.filter((span) => span.name === name);
    expect(found, `one span '${name}' among ${all.map((span) => span.name)}`).toHaveLength(1);
    return found[0] as Received;
  };

  it("go from the client's header through the queue to the instance", async () => {
    await start();
    const { data, metadata } = await run({ traceparent: sampled, tracestate: 'a=b' });
    const all = await spans();
    expect(new Set(all.map((span) => span.traceId))).toEqual(new Set([traceId]));
    const receive = only(all, enqueue);
    expect(receive).toMatchObject({
      parentSpanId: clientSpan,
      kind: 2,
      status: 0,
      attributes: { 'rpc.system': 'grpc', 'rpc.service': 'jobworkerp.service.JobService', 'rpc.grpc.status': 'OK' },
      resource: { 'service.name': 'jobs', 'service.version': '1.2.3' },
    });
    const job = { 'bulkhead.job': String(data?.job_id?.value) };
    expect(only(all, 'queue')).toMatchObject({ parentSpanId: receive.spanId, attributes: job });
    const ran = only(all, 'run');
    expect(ran).toMatchObject({
      parentSpanId: receive.spanId,
      status: 0,
      attributes: {
        ...job,
        'bulkhead.worker': 'echo',
        'bulkhead.method': 'run',
        'bulkhead.channel': '[default]',
        'bulkhead.attempt': 1,
        'bulkhead.outcome': 'ok',
        'bulkhead.cpu_ticks': expect.any(Number),
      },
    });
    for (const name of ['make', 'load', 'call', 'reset']) {
      const span = only(all, name);
      expect(span.parentSpanId).toBe(ran.spanId);
      // The threads' clocks begin at different times; they agree to some milliseconds.
      expect(span.from).toBeGreaterThan(receive.from - 50);
      expect(span.to).toBeLessThan(receive.to + 50);
    }
    // What the plugin saw (it answers its metadata in capitals) goes on from the call.
    expect(metadata).toMatchObject({ TRACEPARENT: `00-${traceId}-${receive.spanId}-01`, TRACESTATE: 'a=b' });
  });

  it('show that an instance was there already', async () => {
    await start();
    await run({});
    await run({ traceparent: sampled });
    const own = (await spans()).filter((span) => span.traceId === traceId).map(({ name }) => name);
    expect(own.sort()).toEqual(['call', enqueue, 'queue', 'reset', 'run']);
  });

  it('begin here where the client has none, or what it has is none', async () => {
    await start();
    const { metadata } = await run({ traceparent: 'nonsense' });
    const all = await spans();
    const receive = only(all, enqueue);
    expect(receive.parentSpanId).toBe('');
    expect(new Set(all.map((span) => span.traceId))).toEqual(new Set([receive.traceId]));
    expect(metadata['TRACEPARENT']).toBe(`00-${receive.traceId}-${receive.spanId}-01`);
  });

  it('are not recorded where the client does not record', async () => {
    await start();
    const { metadata } = await run({ traceparent: `00-${traceId}-${clientSpan}-00` });
    expect(await spans()).toEqual([]);
    expect(metadata['TRACEPARENT']).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
  });

  it('are recorded for one in so many that begin here', async () => {
    await start({ tracing: { endpoint: collector.endpoint, oneIn: 1_000_000_000 } });
    for (let i = 0; i < 20; i++) await run({});
    await run({ traceparent: sampled });
    expect(new Set((await spans()).map((span) => span.traceId))).toEqual(new Set([traceId]));
  });

  it('say how a run failed, and have one for each attempt', async () => {
    const { client, worker } = await start();
    const retryPolicy = { type: RetryType.CONSTANT, interval: 1, max_interval: 0, max_retry: 1, basis: 0 };
    await worker('Echo', { name: 'stubborn', retry_policy: retryPolicy });
    const request = { worker_name: 'stubborn', using: 'fail', args: text('no luck') };
    await client.unary('jobworkerp.service.JobService', 'Enqueue', request, { headers: { traceparent: sampled } });
    const runs = (await spans()).filter(({ name }) => name === 'run');
    expect(runs.map(({ attributes }) => attributes['bulkhead.attempt'])).toEqual([1, 2]);
    for (const { status, attributes, traceId: id } of runs) {
      expect({ status, id }).toEqual({ status: 2, id: traceId });
      expect(attributes['bulkhead.outcome']).toBe('plugin-failed');
    }
  });

  it('have the calls of streams, with their chunks', async () => {
    const { client } = await start();
    // Three chunks, without a wait between them.
    const args = Buffer.from([10, 1, 120, 16, 3]);
    const request = { worker_name: 'echo', using: 'stream', args };
    const options = { headers: { traceparent: sampled } };
    const items = [];
    for await (const item of client.stream('jobworkerp.service.JobService', 'EnqueueForStream', request, options))
      items.push(item);
    expect(items.length).toBeGreaterThan(3);
    const all = await spans();
    const ran = only(all, 'run');
    expect(ran.attributes['bulkhead.chunks']).toBe(3);
    expect(only(all, 'call').parentSpanId).toBe(ran.spanId);
    expect(only(all, 'jobworkerp.service.JobService/EnqueueForStream').parentSpanId).toBe(clientSpan);
  });

  it('have refused calls, and none of health and reflection', async () => {
    const { app, client } = await start();
    await healthOf(app.port);
    const nobody = { worker_name: 'nobody', args: text('') };
    await expect(client.unary('jobworkerp.service.JobService', 'Enqueue', nobody)).rejects.toThrow();
    const all = await spans();
    expect(all.map(({ name }) => name)).toEqual([enqueue]);
    expect(all[0]).toMatchObject({ status: 2, attributes: { 'rpc.grpc.status': 'NOT_FOUND' } });
  });

  it('hand on the header as it came where the server records none', async () => {
    runtime = await startTestRuntime([testPlugin('echo')], { threads: 1 });
    await runtime.worker('Echo', { name: 'echo' });
    expect((await run({ traceparent: sampled })).metadata['TRACEPARENT']).toBe(sampled);
    expect((await run({ traceparent: 'nonsense' })).metadata['TRACEPARENT']).toBe('nonsense');
  });

  it('hold up nothing where the collector is gone, and say so', async () => {
    const { log } = await start();
    await collector.close();
    for (let i = 0; i < 50; i++) await run({});
    await expect
      .poll(() => log.filter(({ message }) => message === 'spans are not sent'), { timeout: 20_000 })
      .toHaveLength(1);
    for (let i = 0; i < 50; i++) await run({});
    await runtime?.stop();
    runtime = undefined;
    collector = await startCollector();
  });

  it('are asked for by an option, and sent before the server ends', async () => {
    const served = await serveProcess([testPlugin('echo')], ['--tracing', collector.endpoint], {
      OTEL_EXPORTER_OTLP_HEADERS: 'x-key=secret',
    });
    await served.worker('Echo', 'echo');
    const request = { worker_name: 'echo', using: 'run', args: text('hi') };
    await served.client.unary('jobworkerp.service.JobService', 'Enqueue', request, {
      headers: { traceparent: sampled },
    });
    const { code, stderr } = await served.stop();
    expect(code).toBe(0);
    expect(logLines(stderr).at(-1)).toMatchObject({ msg: 'stopped' });
    expect(collector.headers['x-key']).toBe('secret');
    const own = collector.spans.filter((span) => span.traceId === traceId);
    expect(own.map(({ name }) => name)).toEqual(expect.arrayContaining([enqueue, 'queue', 'run', 'call']));
    expect(own[0]?.resource).toMatchObject({ 'service.name': 'bulkhead', 'service.version': '0.1.0' });
  });
});
