/** Dispatch: every job ends exactly once, on an instance that fits, within its time. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChannelDispatcher, type DispatchLimits } from '../../runtime/dispatch/dispatcher.ts';
import { BulkheadError } from '../../runtime/errors.ts';
import type { ChannelPlan } from '../../runtime/model/channel.ts';
import type { Job } from '../../runtime/model/job.ts';
import type { WorkerData } from '../../runtime/model/messages.gen.ts';
import type { WorkerDirectory, WorkerRecord } from '../../runtime/model/worker.ts';
import type { EmbeddedQueue } from '../../runtime/queue/embedded.ts';
import { PendingFeeds } from '../../runtime/queue/pending-feeds.ts';
import type { JobEnd, Results } from '../../runtime/results/results.ts';
import type { SqliteStore } from '../../runtime/store/sqlite.ts';
import type { LogEvent } from '../../runtime/telemetry/events.ts';
import { catalogueOf } from '../api/engine.ts';
import { type FakeBody, FakeExecutor, ok, describe as runner } from '../api/fake-executor.ts';
import { job } from '../queue/conformance.ts';
import { embeddedQueue } from '../queue/embedded.ts';

const plugins = catalogueOf([runner('echo'), runner('passing')]);
const runnerId = plugins.list()[0]?.id ?? 0n;

function record(id: bigint, change: Partial<WorkerData> = {}): WorkerRecord {
  const data: WorkerData = {
    name: `w${id}`,
    description: '',
    runner_id: { value: runnerId },
    runner_settings: new Uint8Array(),
    periodic_interval: 0,
    queue_type: 0,
    response_type: 1,
    store_success: false,
    store_failure: false,
    use_static: false,
    broadcast_results: false,
    ...change,
  };
  return { id, data, createdAt: 0, updatedAt: 0 };
}

class Directory implements WorkerDirectory {
  readonly #records = new Map<bigint, WorkerRecord>();
  readonly #listeners: ((id: bigint) => void)[] = [];

  byId(id: bigint): WorkerRecord | undefined {
    return this.#records.get(id);
  }
  byName(name: string): WorkerRecord | undefined {
    return [...this.#records.values()].find((each) => each.data.name === name);
  }
  onChange(listener: (id: bigint) => void): void {
    this.#listeners.push(listener);
  }
  set(id: bigint, change: Partial<WorkerData> | undefined): void {
    if (change) this.#records.set(id, record(id, change));
    else this.#records.delete(id);
    for (const listener of this.#listeners) listener(id);
  }
}

/** Records how jobs end; a second end of the same job throws. */
class Ends implements Pick<Results, 'end' | 'abandon' | 'sink'> {
  readonly ends = new Map<bigint, JobEnd>();
  readonly #waiting = new Map<bigint, (end: JobEnd) => void>();

  async end(ended: Job, end: JobEnd): Promise<void> {
    if (this.ends.has(ended.id)) throw new Error(`job ${ended.id} ended twice`);
    this.ends.set(ended.id, end);
    this.#waiting.get(ended.id)?.(end);
  }
  of(id: bigint): Promise<JobEnd> {
    const end = this.ends.get(id);
    return end ? Promise.resolve(end) : new Promise((resolve) => this.#waiting.set(id, resolve));
  }
  abandon(): void {}
  sink(): never {
    throw new Error('not asked in these tests');
  }
}

describe('dispatch', () => {
  let queue: EmbeddedQueue;
  let store: SqliteStore;
  let directory: Directory;
  let ends: Ends;
  let events: LogEvent[];
  let executor: FakeExecutor;
  let dispatcher: ChannelDispatcher | undefined;

  function start(
    body: FakeBody,
    channels: readonly ChannelPlan[] = [{ name: '', concurrency: 2 }],
    limits: DispatchLimits = {},
  ): void {
    executor = new FakeExecutor(body);
    dispatcher = new ChannelDispatcher({
      queue,
      feeds: new PendingFeeds(),
      executor,
      results: ends,
      workers: directory,
      plugins,
      channels,
      log: (event) => events.push(event),
      limits,
    });
    dispatcher.start();
  }

  async function run(change: Partial<Job> = {}): Promise<JobEnd> {
    const made = job(change);
    await queue.push(made);
    return await ends.of(made.id);
  }

  beforeEach(() => {
    const made = embeddedQueue();
    queue = made.queue;
    store = made.store;
    directory = new Directory();
    directory.set(1n, {});
    ends = new Ends();
    events = [];
    dispatcher = undefined;
  });
  afterEach(async () => {
    await dispatcher?.stop(0);
    await store.close();
  });

  it('gives the plugin the job as it was submitted', async () => {
    start((call) =>
      ok(
        Buffer.from(
          JSON.stringify({
            ...call.job,
            jobId: String(call.job.jobId),
            using: call.using,
            args: [...call.args],
            ...call.metadata,
          }),
        ),
      ),
    );
    const made = job({ using: 'run', args: new Uint8Array([7]), metadata: { trace: 'x' }, attempt: 3 });
    await queue.push(made);
    const { outcome } = await ends.of(made.id);
    expect(outcome.ok && JSON.parse(Buffer.from(outcome.output).toString())).toEqual({
      jobId: String(made.id),
      workerName: 'w1',
      attempt: 3,
      using: 'run',
      args: [7],
      trace: 'x',
    });
  });

  it('keeps an instance for a static worker, and its state', async () => {
    directory.set(1n, { use_static: true });
    start((_call, _signal, state) => ok(Buffer.from([state.calls])));
    const outputs: number[] = [];
    for (let i = 0; i < 3; i++) {
      const { outcome } = await run();
      if (outcome.ok) outputs.push(outcome.output[0] ?? 0);
    }
    expect(outputs).toEqual([1, 2, 3]);
    expect(executor.instances.map(({ spec }) => spec.isolation)).toEqual(['kept']);
  });

  it('uses a per-job instance again, one call at a time, and makes at most as many as the channel runs at once', async () => {
    start(async () => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      return ok(new Uint8Array());
    });
    const all = Array.from({ length: 20 }, () => job());
    for (const each of all) await queue.push(each);
    for (const each of all) expect((await ends.of(each.id)).outcome.ok).toBe(true);
    expect(executor.instances.map(({ spec }) => spec.isolation)).toEqual(['per-job', 'per-job']);
  });

  it('replaces idle instances when the worker changes, and busy ones when they come back', async () => {
    directory.set(1n, { use_static: true });
    let go = (): void => {};
    start((call) =>
      call.args[0] === 9 ? new Promise((resolve) => (go = () => resolve(ok(new Uint8Array())))) : ok(new Uint8Array()),
    );
    await run();
    const busy = job({ args: new Uint8Array([9]) });
    await queue.push(busy);
    directory.set(1n, { use_static: true, runner_settings: new Uint8Array([5]) });
    expect(executor.instances[0]?.disposed).toBe(false);
    await run();
    expect(executor.instances[1]?.spec.settings).toEqual(new Uint8Array([5]));
    go();
    expect((await ends.of(busy.id)).outcome.ok).toBe(true);
    await expect.poll(() => executor.instances[0]?.disposed).toBe(true);
    expect(executor.live).toBe(1);
  });

  it('disposes of the instances of a deleted worker and ends its jobs with an error', async () => {
    start(() => ok(new Uint8Array()));
    await run();
    directory.set(1n, undefined);
    expect((await run()).outcome).toMatchObject({ ok: false, error: { code: 'worker-not-found' } });
    expect(executor.live).toBe(0);
  });

  it('ends a job whose runner is gone with an error', async () => {
    directory.set(1n, { runner_id: { value: 5n } });
    start(() => ok(new Uint8Array()));
    expect((await run()).outcome).toMatchObject({ ok: false, error: { code: 'runner-not-found' } });
  });

  it('disposes of the idle instances of all workers of a runner that goes', async () => {
    const passing = plugins.byName('passing')?.id ?? 0n;
    directory.set(1n, { runner_id: { value: passing }, use_static: true });
    directory.set(2n, { runner_id: { value: passing } });
    directory.set(3n, {});
    start(() => ok(new Uint8Array()));
    for (const workerId of [1n, 2n, 3n]) await run({ workerId });
    expect(executor.live).toBe(3);
    plugins.remove(passing);
    expect(executor.live).toBe(1);
    expect((await run({ workerId: 1n })).outcome).toMatchObject({ ok: false, error: { code: 'runner-not-found' } });
  });

  it('gives up a job that ended with the process a hundred times', async () => {
    start(() => ok(new Uint8Array()));
    expect((await run({ interruptions: 100 })).outcome.ok).toBe(true);
    expect((await run({ interruptions: 101 })).outcome).toMatchObject({ ok: false, error: { code: 'interrupted' } });
  });

  it('bounds the idle instances of workers that are not static', async () => {
    for (let id = 1n; id <= 10n; id++) directory.set(id, {});
    directory.set(11n, { use_static: true });
    start(() => ok(new Uint8Array()), undefined, { maxIdleInstances: 3 });
    for (let id = 1n; id <= 11n; id++) await run({ workerId: id });
    expect(executor.live).toBe(4);
    await run({ workerId: 10n });
    await run({ workerId: 1n });
    expect(executor.instances).toHaveLength(12);
  });

  it('passes a plugin error on and uses the instance again', async () => {
    start(() => ({ ok: false, error: { code: 'plugin-failed', message: 'no such image' }, metadata: { hint: 'h' } }));
    expect((await run()).outcome).toEqual({
      ok: false,
      error: { code: 'plugin-failed', message: 'no such image' },
      metadata: { hint: 'h' },
    });
    await run();
    expect(executor.instances).toHaveLength(1);
    expect(events).toEqual([]);
  });

  it('makes an outcome of a plugin error that is thrown', async () => {
    start(() => {
      throw new BulkheadError('load-failed', 'bad settings');
    });
    expect((await run()).outcome).toMatchObject({ ok: false, error: { code: 'load-failed', message: 'bad settings' } });
    expect(events).toEqual([]);
  });

  it('loses no job to a failure of the host: it ends, is logged, and the instance is thrown away', async () => {
    start(() => {
      throw new TypeError('undefined is not a function');
    });
    expect((await run()).outcome).toMatchObject({ ok: false, error: { code: 'internal' } });
    await expect.poll(() => executor.live).toBe(0);
    expect(events).toMatchObject([{ level: 'error', message: 'the host failed to run a job' }]);
  });

  it('goes on after an executor that throws where it should make an instance', async () => {
    start(() => ok(new Uint8Array()));
    const make = executor.instance.bind(executor);
    executor.instance = () => {
      executor.instance = make;
      throw new BulkheadError('thread-lost', 'gone');
    };
    expect((await run()).outcome).toMatchObject({ ok: false, error: { code: 'thread-lost' } });
    expect((await run()).outcome.ok).toBe(true);
  });

  it('aborts a call at its deadline and says so', async () => {
    start((call, signal) => {
      expect(call.job.deadline).toBeGreaterThan(Date.now() - 5);
      return new Promise((resolve) =>
        signal?.addEventListener('abort', () =>
          resolve({ ok: false, error: BulkheadError.from(signal.reason).toJSON(), metadata: {} }),
        ),
      );
    });
    const began = performance.now();
    expect((await run({ timeoutMs: 30 })).outcome).toMatchObject({
      ok: false,
      error: { code: 'deadline-exceeded', message: 'the job did not end within its 30 ms' },
    });
    expect(performance.now() - began).toBeLessThan(1000);
  });

  it('ends the job all the same when the executor ignores the abort', async () => {
    start(() => new Promise(() => {}), undefined, { graceMs: 20 });
    expect((await run({ timeoutMs: 10 })).outcome).toMatchObject({ ok: false, error: { code: 'deadline-exceeded' } });
    await expect.poll(() => executor.live).toBe(0);
    expect(events).toMatchObject([{ message: 'the host failed to run a job' }]);
  });

  it('does not cut short a job whose timeout is longer than a timer can count', async () => {
    start(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return ok(new Uint8Array());
    });
    expect((await run({ timeoutMs: 31_536_000_000 })).outcome.ok).toBe(true);
  });

  it('applies the default timeout to jobs without one', async () => {
    start(() => new Promise(() => {}), undefined, { defaultTimeoutMs: 10, graceMs: 10 });
    expect((await run()).outcome).toMatchObject({ error: { code: 'deadline-exceeded' } });
  });

  it('drains what waits and runs before it stops', async () => {
    start(async () => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      return ok(new Uint8Array());
    });
    const all = Array.from({ length: 6 }, () => job());
    for (const each of all) await queue.push(each);
    await dispatcher?.stop(5000);
    expect(all.map(({ id }) => ends.ends.get(id)?.outcome.ok)).toEqual(Array(6).fill(true));
    expect(executor.live).toBe(0);
  });

  it('ends every job when the time to drain is over', async () => {
    start(() => new Promise(() => {}), [{ name: '', concurrency: 1 }], { graceMs: 10 });
    const [running, waiting] = [job(), job()];
    await queue.push(running);
    await queue.push(waiting);
    await dispatcher?.stop(10);
    expect(ends.ends.get(running.id)?.outcome).toMatchObject({ error: { code: 'cancelled' } });
    expect(ends.ends.get(waiting.id)?.outcome).toMatchObject({ error: { code: 'shutting-down' } });
    expect(executor.live).toBe(0);
  });
});
