/** Metrics: what is counted, by a real server and real jobs, and who may read it. */
import { request } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { AppOptions } from '../../runtime/app.ts';
import { type JobResult, ResponseType, RetryType, type WorkerData } from '../../runtime/model/messages.gen.ts';
import { Histogram, Names, Numbers, other } from '../../runtime/telemetry/exposition.ts';
import { serveMetrics } from '../../runtime/telemetry/metrics-server.ts';
import { testPlugin } from '../support/artifacts.ts';
import { startTestRuntime, type TestRuntime } from '../support/runtime.ts';

describe('the text for Prometheus', () => {
  it('has names, labels and numbers, with labels escaped', () => {
    const family = new Numbers({ name: 'things_total', type: 'counter', about: 'Things.', labels: ['a', 'b'] });
    family.of('x', 'say "hi"\\\nthere').value += 2.5;
    expect(family.text()).toBe(
      '# HELP things_total Things.\n# TYPE things_total counter\nthings_total{a="x",b="say \\"hi\\"\\\\\\nthere"} 2.5\n',
    );
  });

  it('has buckets that count what is at most their bound', () => {
    const family = new Histogram({ name: 'wait', about: 'Waits.', labels: ['c'] }, [0.1, 1]);
    for (const value of [0.05, 0.1, 0.5, 3]) family.of('x').observe(value);
    expect(family.text().split('\n').slice(2)).toEqual([
      'wait_bucket{c="x",le="0.1"} 2',
      'wait_bucket{c="x",le="1"} 3',
      'wait_bucket{c="x",le="+Inf"} 4',
      'wait_sum{c="x"} 3.65',
      'wait_count{c="x"} 4',
      '',
    ]);
  });

  it('bounds what names and labels may grow to', () => {
    const names = new Names(2);
    expect(['a', 'b', 'c', 'a', 'd'].map((name) => names.of(name))).toEqual(['a', 'b', other, 'a', other]);
    const family = new Numbers({ name: 'x', type: 'gauge', about: 'X.', labels: ['a', 'b'] });
    for (let i = 0; i < 20_000; i++) family.of('one', String(i)).value++;
    const lines = family.text().split('\n');
    expect(lines.length).toBeLessThan(10_010);
    expect(lines).toContain(`x{a="${other}",b="${other}"} 10000`);
  });
});

/** Series by name and labels, as a scraper reads them. */
async function scrape(port: number | undefined): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

describe('the metrics of a server', () => {
  let runtime: TestRuntime;
  afterEach(() => runtime.stop());

  async function start(plugins: readonly string[], options: Partial<AppOptions> = {}): Promise<void> {
    const metrics = { host: '127.0.0.1', port: 0 };
    runtime = await startTestRuntime(plugins.map(testPlugin), { metrics, version: '1.2.3', threads: 1, ...options });
  }
  const seen = () => scrape(runtime.app.metricsPort);
  const text = (value: string) => Buffer.concat([Buffer.from([10, value.length]), Buffer.from(value)]);
  const worker = (name: string, data: Partial<WorkerData> = {}) => runtime.worker('Echo', { name, ...data });
  const run = (name: string, using = 'run'): Promise<JobResult> => runtime.job(name, text('hi'), using);

  it('count jobs, runs and what they used', async () => {
    await start(['echo']);
    await worker('good');
    await run('good');
    await run('good');
    await run('good', 'fail');
    const series = await seen();
    expect(Object.fromEntries(series)).toMatchObject({
      'bulkhead_info{version="1.2.3",node="v26.10.0"}': 1,
      'bulkhead_jobs_queued_total{channel="[default]"}': 3,
      'bulkhead_jobs_ended_total{worker="good",code="ok"}': 2,
      'bulkhead_jobs_ended_total{worker="good",code="plugin-failed"}': 1,
      'bulkhead_job_wait_seconds_count{channel="[default]"}': 3,
      'bulkhead_job_run_seconds_count{worker="good"}': 3,
      'bulkhead_queue_waiting{channel="[default]"}': 0,
      'bulkhead_queue_running{channel="[default]"}': 0,
      'bulkhead_queue_concurrency{channel="[default]"}': 16,
      bulkhead_queue_stored: 0,
      'bulkhead_instances{state="idle"}': 1,
      bulkhead_instances_made_total: 1,
      bulkhead_instance_resets_total: 3,
      'bulkhead_plugin_threads{state="answering"}': 1,
      bulkhead_plugin_threads_lost_total: 0,
    });
    expect(series.get('bulkhead_job_cpu_ticks_total{worker="good"}')).toBeGreaterThan(100);
    expect(series.get('bulkhead_job_cpu_seconds_total{worker="good"}')).toBeGreaterThan(0);
    expect(series.get('bulkhead_instance_memory_bytes')).toBeGreaterThan(65_536);
    expect(series.get('process_resident_memory_bytes')).toBeGreaterThan(10e6);
    expect(series.get('process_start_time_seconds')).toBeGreaterThan(Date.now() / 1000 - 3600);
  });

  it('count retries, and the job once', async () => {
    await start(['echo']);
    const retryPolicy = { type: RetryType.CONSTANT, interval: 1, max_interval: 0, max_retry: 2, basis: 0 };
    await worker('stubborn', { retry_policy: retryPolicy });
    await run('stubborn', 'fail');
    expect(Object.fromEntries(await seen())).toMatchObject({
      'bulkhead_jobs_queued_total{channel="[default]"}': 1,
      'bulkhead_job_retries_total{worker="stubborn",code="plugin-failed"}': 2,
      'bulkhead_job_run_seconds_count{worker="stubborn"}': 3,
      'bulkhead_jobs_ended_total{worker="stubborn",code="plugin-failed"}': 1,
    });
  });

  it('count calls by method and status, refused ones too', async () => {
    await start(['echo'], { maxRequestBytes: 4096 });
    await worker('good');
    await run('good');
    await expect(run('nobody')).rejects.toThrow(/worker/);
    await expect(runtime.job('good', Buffer.alloc(10_000), 'run')).rejects.toThrow();
    const series = await seen();
    const enqueue = (status: string) =>
      series.get(`bulkhead_grpc_calls_total{method="jobworkerp.service.JobService/Enqueue",status="${status}"}`);
    expect({ ok: enqueue('OK'), notFound: enqueue('NOT_FOUND'), cancelled: enqueue('CANCELLED') }).toEqual({
      ok: 1,
      notFound: 1,
      cancelled: 1,
    });
    expect(series.get('bulkhead_grpc_calls_open{method="jobworkerp.service.JobService/Enqueue"}')).toBe(0);
    expect(series.get('bulkhead_grpc_call_seconds_count{method="jobworkerp.service.WorkerService/Create"}')).toBe(1);
  });

  it('count instances that are lost, kept, and let go with their worker', async () => {
    await start(['echo', 'spin']);
    await worker('static', { use_static: true });
    await run('static');
    await runtime.worker('Spin', { name: 'spin' });
    const { data } = await runtime.client
      .unary('jobworkerp.service.JobService', 'Enqueue', { worker_name: 'spin', timeout: 50n })
      .then(({ result }) => result ?? { data: undefined });
    expect(data?.output?.items.toString()).toMatch(/deadline|50 ms/);
    expect(Object.fromEntries(await seen())).toMatchObject({
      'bulkhead_instances{state="kept"}': 1,
      'bulkhead_instances_dropped_total{why="lost"}': 1,
      'bulkhead_instances_dropped_total{why="released"}': 0,
      'bulkhead_jobs_ended_total{worker="spin",code="deadline-exceeded"}': 1,
      bulkhead_instances_made_total: 2,
    });
    const { worker_id: id } = data ?? {};
    expect(id).toBeDefined();
    const found = await runtime.client.unary('jobworkerp.service.WorkerService', 'FindByName', { name: 'static' });
    await runtime.client.unary('jobworkerp.service.WorkerService', 'Delete', { ...found.data?.id });
    await expect.poll(async () => (await seen()).get('bulkhead_instances_dropped_total{why="released"}')).toBe(1);
  });

  it('show what waits and runs, in which channel', async () => {
    await start(['echo'], { channels: [{ name: 'narrow', concurrency: 1 }] });
    await worker('slow', { channel: 'narrow', response_type: ResponseType.NO_RESULT });
    const millis = Buffer.from([0x10, 0x90, 0x4e]);
    for (let i = 0; i < 3; i++)
      await runtime.client.unary('jobworkerp.service.JobService', 'Enqueue', {
        worker_name: 'slow',
        using: 'slow',
        args: millis,
      });
    await expect.poll(async () => (await seen()).get('bulkhead_instances{state="busy"}')).toBe(1);
    const series = await seen();
    expect(series.get('bulkhead_queue_running{channel="narrow"}')).toBe(1);
    expect(series.get('bulkhead_queue_waiting{channel="narrow"}')).toBe(2);
  });

  it('give only so many workers series of their own', async () => {
    await start(['echo'], { metrics: { host: '127.0.0.1', port: 0, workers: 2 } });
    for (const name of ['a', 'b', 'c', 'd']) {
      await worker(name);
      await run(name);
    }
    const ended = [...(await seen())].filter(([name]) => name.startsWith('bulkhead_jobs_ended_total'));
    expect(ended).toEqual([
      ['bulkhead_jobs_ended_total{worker="a",code="ok"}', 1],
      ['bulkhead_jobs_ended_total{worker="b",code="ok"}', 1],
      ['bulkhead_jobs_ended_total{worker="(other)",code="ok"}', 2],
    ]);
  });

  it('say how late event loops were', async () => {
    await start(['echo']);
    await worker('good');
    await run('good');
    await seen();
    // The first sample of a look has nothing before it to be late against.
    await setTimeout(100);
    const until = performance.now() + 200;
    while (performance.now() < until);
    const series = await seen();
    const late = series.get('bulkhead_event_loop_delay_seconds{thread="main",quantile="1"}') ?? 0;
    expect(late).toBeGreaterThan(0.1);
    expect(series.has('bulkhead_event_loop_delay_seconds{thread="0",quantile="0.99"}')).toBe(true);
  });

  it('are answered while a plugin holds its thread', async () => {
    await start(['spin'], { threads: 1 });
    await runtime.worker('Spin', { name: 'spin', response_type: ResponseType.NO_RESULT });
    await runtime.client.unary('jobworkerp.service.JobService', 'Enqueue', { worker_name: 'spin', timeout: 3000n });
    await expect.poll(async () => (await seen()).get('bulkhead_instances{state="busy"}')).toBe(1);
  });

  it('are not there where nobody asked for them', async () => {
    runtime = await startTestRuntime([]);
    expect(runtime.app.metricsPort).toBeUndefined();
  });
});

describe('who may read the metrics', () => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  async function serve(address: Partial<Parameters<typeof serveMetrics>[0]>): Promise<string> {
    const server = await serveMetrics({ host: '127.0.0.1', port: 0, ...address }, async () => 'text\n');
    closing.push(() => server.close());
    return `http://127.0.0.1:${server.port}`;
  }

  it('is everybody on this machine, and nobody else unless that is said', async () => {
    expect((await fetch(`${await serve({})}/metrics`)).status).toBe(200);
    await expect(serve({ host: '0.0.0.0' })).rejects.toThrow(
      /0\.0\.0\.0 can be reached from other machines; set metrics/,
    );
    await expect(serve({ host: '::' })).rejects.toThrow(/other machines/);
    expect((await fetch(`${await serve({ host: '0.0.0.0', anonymous: true })}/metrics`)).status).toBe(200);
  });

  it('is who has the token, where there is one', async () => {
    const url = `${await serve({ host: '0.0.0.0', token: 'a-long-enough-token' })}/metrics`;
    const status = async (headers: Record<string, string>) => (await fetch(url, { headers })).status;
    expect(await status({})).toBe(401);
    expect(await status({ authorization: 'Bearer a-long-enough-tokem' })).toBe(401);
    expect(await status({ authorization: 'a-long-enough-token' })).toBe(401);
    expect(await status({ authorization: 'Bearer a-long-enough-token' })).toBe(200);
  });

  it('finds nothing else there', async () => {
    const url = await serve({});
    expect((await fetch(`${url}/`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(405);
    expect((await fetch(`${url}/metrics?x=1`)).status).toBe(200);
  });

  it('hears of a failure', async () => {
    const server = await serveMetrics({ host: '127.0.0.1', port: 0 }, () => Promise.reject(new Error('no luck')));
    closing.push(() => server.close());
    const response = await fetch(`http://127.0.0.1:${server.port}/metrics`);
    expect({ status: response.status, text: await response.text() }).toEqual({
      status: 500,
      text: 'the metrics could not be read: no luck\n',
    });
  });

  it('does not keep the server from ending', async () => {
    const server = await serveMetrics({ host: '127.0.0.1', port: 0 }, () => new Promise(() => undefined));
    const hangs = request({ port: server.port, path: '/metrics' }).end();
    const cut = new Promise((resolve) => hangs.once('error', resolve));
    await setTimeout(50);
    await server.close();
    await cut;
  });
});
