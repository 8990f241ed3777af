/** The life of a job as its submitter sees it: later, again, never twice, cancelled, looked at, tidied up. */
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Init } from '../../runtime/api/client.ts';
import type { CallOutcome, MethodCall } from '../../runtime/model/call.ts';
import {
  JobProcessingStatus,
  type JobRequest,
  type JobResult,
  JobResultSortField,
  Priority,
  QueueType,
  ResponseType,
  ResultStatus,
  RetryType,
  type WorkerData,
} from '../../runtime/model/messages.gen.ts';
import { OpenCall, openStream } from '../support/open-call.ts';
import { type Engine, startEngine } from './engine.ts';
import { ok, describe as runner } from './fake-executor.ts';

const JobService = 'jobworkerp.service.JobService';
const WorkerService = 'jobworkerp.service.WorkerService';
const JobResultService = 'jobworkerp.service.JobResultService';
const StatusService = 'jobworkerp.service.JobProcessingStatusService';
const RestoreService = 'jobworkerp.service.JobRestoreService';
const InstanceService = 'jobworkerp.service.WorkerInstanceService';
const runnerId = { value: 2n ** 60n + 1n };

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

describe('the life of a job', () => {
  let engine: Engine;
  /** What ran, by argument: when, and as which attempt. */
  const runs = new Map<string, { at: number; attempt: number }[]>();
  const held = new Map<string, () => void>();

  /** The argument is a word, what to do, and a name: `flaky:a`. */
  async function body({ args, job }: MethodCall, signal: AbortSignal | undefined): Promise<CallOutcome> {
    const name = Buffer.from(args).toString();
    runs.set(name, [...(runs.get(name) ?? []), { at: Date.now(), attempt: job.attempt }]);
    const failure = (code: 'plugin-failed' | 'cancelled', message: string): CallOutcome => ({
      ok: false,
      error: { code, message },
      metadata: {},
    });
    if (name.startsWith('fail')) return failure('plugin-failed', `no ${name}`);
    if (name.startsWith('flaky') && job.attempt < 3) return failure('plugin-failed', 'not yet');
    if (name.startsWith('hold')) {
      return await new Promise((resolve) => {
        held.set(name, () => resolve(ok(args)));
        signal?.addEventListener('abort', () => resolve(failure('cancelled', 'stopped')));
      });
    }
    return ok(args);
  }

  const worker = async (name: string, data: Partial<WorkerData> = {}): Promise<bigint> => {
    const made = await engine.client.unary(WorkerService, 'Create', { name, runner_id: runnerId, ...data });
    return made.id?.value ?? 0n;
  };
  const enqueue = (name: string, what: string, request: Init<JobRequest> = {}) =>
    engine.client.unary(JobService, 'Enqueue', { worker_name: name, args: Buffer.from(what), ...request });
  const idOf = async (...args: Parameters<typeof enqueue>): Promise<bigint> => (await enqueue(...args)).id?.value ?? 0n;
  const remove = async (id: bigint) => (await engine.client.unary(JobService, 'Delete', { value: id })).is_success;
  const statusOf = async (id: bigint) => (await engine.client.unary(StatusService, 'Find', { value: id })).status;
  const resultsOf = (id: bigint): Promise<JobResult[]> =>
    collect(engine.client.stream(JobResultService, 'FindListByJobId', { job_id: { value: id } }));
  const runsOf = (name: string) => runs.get(name) ?? [];

  beforeAll(async () => {
    engine = await startEngine({
      runners: [runner('one')],
      body,
      queueCapacity: 50,
      channels: [
        { name: '', concurrency: 4 },
        { name: 'narrow', concurrency: 1 },
      ],
    });
    const kept = { store_success: true, store_failure: true };
    await worker('plain', kept);
    await worker('direct', { ...kept, response_type: ResponseType.DIRECT });
    await worker('backup', { ...kept, queue_type: QueueType.WITH_BACKUP });
    await worker('database', { ...kept, queue_type: QueueType.DB_ONLY });
    await worker('narrow', { ...kept, channel: 'narrow' });
    await worker('tries', {
      ...kept,
      response_type: ResponseType.DIRECT,
      retry_policy: { type: RetryType.CONSTANT, interval: 20, max_interval: 0, max_retry: 3, basis: 0 },
    });
    await worker('stubborn', {
      ...kept,
      queue_type: QueueType.WITH_BACKUP,
      retry_policy: { type: RetryType.CONSTANT, interval: 60_000, max_interval: 0, max_retry: 3, basis: 0 },
    });
    await worker('ticks', { ...kept, periodic_interval: 100 });
  });
  afterAll(() => engine.stop(0));

  describe('queue types', () => {
    it.each(['plain', 'backup', 'database'])('%s runs a job and keeps its result', async (name) => {
      const id = await idOf(name, `do:${name}`);
      await expect.poll(() => resultsOf(id)).toHaveLength(1);
      expect(runsOf(`do:${name}`)).toHaveLength(1);
      expect(await statusOf(id)).toBeUndefined();
    });

    it('a job of a worker that keeps jobs in the store only cannot be waited for', async () => {
      const asked = enqueue('database', 'x', { overrides: { response_type: ResponseType.DIRECT } });
      await expect(asked).rejects.toMatchObject({
        code: status.INVALID_ARGUMENT,
        details: expect.stringContaining('DB_ONLY') as string,
      });
    });

    it('a full queue says so, and loses nothing', async () => {
      await idOf('narrow', 'hold:full');
      const ids: bigint[] = [];
      for (let i = 0; i < 50; i++) ids.push(await idOf('narrow', `do:full-${i}`));
      await expect(enqueue('narrow', 'do:too-many')).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
      await expect.poll(() => held.has('hold:full')).toBe(true);
      held.get('hold:full')?.();
      await expect.poll(async () => (await resultsOf(ids.at(-1) ?? 0n)).length).toBe(1);
      expect(runsOf('do:too-many')).toHaveLength(0);
    });

    it('higher priorities leave the queue first', async () => {
      await idOf('narrow', 'hold:priority');
      const { PRIORITY_LOW, PRIORITY_MEDIUM, PRIORITY_HIGH } = Priority;
      for (const priority of [PRIORITY_LOW, PRIORITY_MEDIUM, PRIORITY_HIGH])
        await enqueue('narrow', `do:priority${priority}`, { priority });
      await expect.poll(() => held.has('hold:priority')).toBe(true);
      held.get('hold:priority')?.();
      await expect.poll(() => runsOf('do:priority-1').length).toBe(1);
      const order = [1, 0, -1].map((priority) => runsOf(`do:priority${priority}`)[0]?.at ?? 0);
      expect(order).toEqual([...order].sort((a, b) => a - b));
    });
  });

  it('a job for later waits for its time, and is listed as pending', async () => {
    const at = Date.now() + 150;
    const id = await idOf('plain', 'do:later', { run_after_time: BigInt(at) });
    expect(await statusOf(id)).toBe(JobProcessingStatus.PENDING);
    expect((await engine.client.unary(JobService, 'Find', { value: id })).data?.data?.run_after_time).toBe(BigInt(at));
    await expect.poll(() => runsOf('do:later').length).toBe(1);
    expect(runsOf('do:later')[0]?.at).toBeGreaterThanOrEqual(at);
  });

  it('two jobs with one key are not under way at once', async () => {
    await idOf('plain', 'hold:key', { uniq_key: 'key' });
    for (const name of ['plain', 'backup', 'database'])
      await expect(enqueue(name, 'do:key', { uniq_key: 'key' })).rejects.toMatchObject({ code: status.ALREADY_EXISTS });
    await expect.poll(() => held.has('hold:key')).toBe(true);
    held.get('hold:key')?.();
    await expect
      .poll(() =>
        enqueue('database', 'do:key', { uniq_key: 'key' }).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
  });

  describe('retries', () => {
    it('a job that fails is tried again, and its submitter hears only of the end', async () => {
      const { id, result } = await enqueue('tries', 'flaky:a');
      expect(result?.data).toMatchObject({ status: ResultStatus.SUCCESS, retried: 2, max_retry: 3 });
      expect(runsOf('flaky:a').map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
      const [first = 0, second = 0] = runsOf('flaky:a').map(({ at }) => at);
      expect(second - first).toBeGreaterThanOrEqual(19);
      const statuses = (await resultsOf(id?.value ?? 0n)).map(({ data }) => data?.status);
      const { SUCCESS, ERROR_AND_RETRY } = ResultStatus;
      expect(statuses).toEqual([SUCCESS, ERROR_AND_RETRY, ERROR_AND_RETRY]);
    });

    it('and ends with MAX_RETRY when no attempt is left', async () => {
      const { result } = await enqueue('tries', 'fail:b');
      expect(result?.data).toMatchObject({ status: ResultStatus.MAX_RETRY, retried: 3 });
      expect(runsOf('fail:b')).toHaveLength(4);
    });

    it("the job's own policy counts more than its worker's", async () => {
      const { result } = await enqueue('tries', 'fail:c', { overrides: { retry_policy: { type: RetryType.NONE } } });
      expect(result?.data?.status).toBe(ResultStatus.FATAL_ERROR);
      const tried = await enqueue('direct', 'fail:d', {
        overrides: { retry_policy: { type: RetryType.EXPONENTIAL, interval: 10, max_retry: 2, basis: 2 } },
      });
      expect(tried.result?.data).toMatchObject({ status: ResultStatus.MAX_RETRY, max_retry: 2 });
      expect(runsOf('fail:d')).toHaveLength(3);
    });
  });

  describe('periodic jobs', () => {
    it('run on their grid, without drift, until they are deleted', async () => {
      const phase = BigInt(Date.now() + 37);
      const id = await idOf('ticks', 'do:tick', { run_after_time: phase });
      await expect.poll(() => runsOf('do:tick').length, { timeout: 5000 }).toBeGreaterThanOrEqual(4);
      expect(await remove(id)).toBe(true);
      const count = runsOf('do:tick').length;
      await new Promise((resolve) => setTimeout(resolve, 250));
      expect(runsOf('do:tick').length - count).toBeLessThanOrEqual(1);
      const steps = (await resultsOf(id)).map(({ data }) => Number((data?.run_after_time ?? 0n) - phase));
      for (const step of steps) expect(step % 100).toBe(0);
      expect(new Set(steps).size).toBe(steps.length);
    });

    it('never overlap: a run that takes too long leaves times out', async () => {
      const id = await idOf('ticks', 'hold:tick');
      await expect.poll(() => held.has('hold:tick')).toBe(true);
      await new Promise((resolve) => setTimeout(resolve, 250));
      expect(runsOf('hold:tick')).toHaveLength(1);
      held.get('hold:tick')?.();
      await expect.poll(() => runsOf('hold:tick').length).toBe(2);
      expect(await remove(id)).toBe(true);
    });

    it('cannot be waited for', async () => {
      const asked = enqueue('ticks', 'x', { overrides: { response_type: ResponseType.DIRECT } });
      await expect(asked).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    });
  });

  describe('Delete', () => {
    it('takes out a job that waits, and its result says so', async () => {
      await idOf('narrow', 'hold:delete');
      const id = await idOf('narrow', 'do:deleted');
      expect(await remove(id)).toBe(true);
      expect(await remove(id)).toBe(false);
      expect((await resultsOf(id))[0]?.data?.status).toBe(ResultStatus.CANCELLED);
      await expect.poll(() => held.has('hold:delete')).toBe(true);
      held.get('hold:delete')?.();
      expect(runsOf('do:deleted')).toHaveLength(0);
    });

    it('cancels a job that runs, and its waiting submitter hears of it', async () => {
      const waiting = enqueue('direct', 'hold:cancel');
      await expect.poll(() => held.has('hold:cancel')).toBe(true);
      const running = await collect(
        engine.client.stream(JobService, 'FindListWithProcessingStatus', { status: JobProcessingStatus.RUNNING }),
      );
      const own = running.find(({ job }) => Buffer.from(job?.data?.args ?? []).toString() === 'hold:cancel');
      expect(await remove(own?.job?.id?.value ?? 0n)).toBe(true);
      expect((await waiting).result?.data?.status).toBe(ResultStatus.CANCELLED);
    });

    it.each(['stubborn', 'database'])('ends a job that waits in the store: %s', async (name) => {
      const later = name === 'database' ? { run_after_time: BigInt(Date.now() + 60_000) } : {};
      const id = await idOf(name, `fail:${name}`, later);
      if (name === 'stubborn') await expect.poll(() => resultsOf(id)).toHaveLength(1);
      await expect.poll(() => statusOf(id)).toBe(JobProcessingStatus.PENDING);
      expect(await remove(id)).toBe(true);
      expect((await resultsOf(id))[0]?.data?.status).toBe(ResultStatus.CANCELLED);
      expect(await statusOf(id)).toBeUndefined();
    });

    it('is what a client asks for that goes away', async () => {
      const headers = { 'bulkhead-cancel-on-disconnect': 'true' };
      const port = Number(engine.address.split(':')[1]);
      const request = { worker_name: 'direct', args: Buffer.from('hold:gone') };
      const call = new OpenCall(port, JobService, 'Enqueue', headers);
      call.send(request);
      call.finish();
      await expect.poll(() => held.has('hold:gone')).toBe(true);
      call.cancel();
      const cancelled = async () => {
        const filter = { statuses: [ResultStatus.CANCELLED] };
        const results = await collect(engine.client.stream(JobResultService, 'FindListBy', filter));
        return results.some(({ data }) => Buffer.from(data?.args ?? []).toString() === 'hold:gone');
      };
      await expect.poll(cancelled).toBe(true);
    });
  });

  describe('looking at jobs', () => {
    it('lists, counts and filters those that have not ended', async () => {
      await idOf('narrow', 'hold:look');
      await expect.poll(() => held.has('hold:look')).toBe(true);
      const waiting = [await idOf('narrow', 'do:look1'), await idOf('narrow', 'do:look2')];
      const queue = await collect(engine.client.stream(JobService, 'FindQueueList', { channel: 'narrow' }));
      expect(queue.map(({ job }) => job?.id?.value)).toEqual(waiting);
      expect(queue.every((each) => each.status === JobProcessingStatus.PENDING)).toBe(true);
      const all = await collect(engine.client.stream(StatusService, 'FindAll', {}));
      expect(all.map(({ id }) => id?.value)).toEqual(expect.arrayContaining(waiting));
      const { total } = await engine.client.unary(JobService, 'Count', {});
      expect(total).toBeGreaterThanOrEqual(3n);
      const list = await collect(engine.client.stream(JobService, 'FindList', { limit: 2 }));
      expect(list.map(({ id }) => id?.value)).toEqual([...waiting].reverse());
      const found = await collect(
        engine.client.stream(StatusService, 'FindByCondition', { channel: 'narrow', min_elapsed_time_ms: 0n }),
      );
      expect(found).toMatchObject([{ status: JobProcessingStatus.RUNNING, channel: 'narrow', is_streamable: false }]);
      expect(found[0]?.start_time).toBeGreaterThan(0n);
      const counted = await engine.client.unary(StatusService, 'CountByCondition', { channel: 'narrow', mode: 1 });
      expect(counted).toMatchObject({
        total: 3n,
        counts: [
          { status: 1, count: 2n },
          { status: 2, count: 1n },
        ],
      });
      held.get('hold:look')?.();
    });

    it.each([
      [JobService, 'FindQueueList', { limit: 0 }, 'limit must be positive'],
      [JobService, 'FindQueueList', { limit: 1001 }, /^limit must be 0 to 1000/],
      [JobService, 'FindListWithProcessingStatus', { status: 0 }, /^status must be one that a job can have/],
      [StatusService, 'FindByCondition', { min_elapsed_time_ms: -1n }, /must not be negative/],
      [JobResultService, 'FindListBy', { limit: 1001 }, /^limit/],
      [JobResultService, 'FindListBy', { statuses: Array(11).fill(0) }, /^statuses must have at most 10/],
      [JobResultService, 'FindListBy', { end_time_from: 5n, end_time_to: 4n }, /must not be after/],
      [JobResultService, 'FindListBy', { start_time_from: 0n, start_time_to: 10n ** 12n }, /within 365 days/],
      [JobResultService, 'DeleteBulk', {}, /^one of end_time_before/],
      [JobResultService, 'DeleteBulk', { end_time_before: 99_999_999_999_999n }, /at least 24 hours ago/],
      [StatusService, 'PurgeStaleJobs', { stale_threshold_hours: 0n }, /greater than 0/],
      [StatusService, 'PurgeStaleJobs', { stale_threshold_hours: 9000n }, /at most 8760/],
      [JobResultService, 'Listen', {}, 'job_id is required'],
      [JobResultService, 'ListenByWorker', {}, 'worker_id or worker_name is required'],
    ] as const)('%s/%s refuses nonsense %#', async (service, method, request, details) => {
      const port = Number(engine.address.split(':')[1]);
      const end = await openStream(port, service, method, request).end;
      expect(end.code).toBe(status.INVALID_ARGUMENT);
      expect(end.details).toMatch(details);
    });
  });

  it('results are found, counted and deleted by what is asked', async () => {
    const id = await worker('counted', { store_success: true });
    const jobs = [await idOf('counted', 'do:1'), await idOf('counted', 'do:2'), await idOf('counted', 'do:3')];
    const filter = { worker_ids: [{ value: id }] };
    const count = async () => (await engine.client.unary(JobResultService, 'CountBy', filter)).total;
    await expect.poll(count).toBe(3n);
    const page = { ...filter, limit: 2, sort_by: JobResultSortField.JOB_RESULT_SORT_FIELD_ID, ascending: true };
    const results = await collect(engine.client.stream(JobResultService, 'FindListBy', page));
    expect(results.map(({ data }) => data?.job_id?.value)).toEqual(jobs.slice(0, 2));
    const first = results[0]?.id?.value ?? 0n;
    const deleted = async () => (await engine.client.unary(JobResultService, 'Delete', { value: first })).is_success;
    expect([await deleted(), await deleted()]).toEqual([true, false]);
    expect(await engine.client.unary(JobResultService, 'DeleteBulk', filter)).toEqual({ deleted_count: 0n });
    expect(await count()).toBe(2n);
  });

  it('jobs that nobody can run are purged, with a result, and cleaned up', async () => {
    const gone = await worker('gone', { queue_type: QueueType.DB_ONLY, channel: 'narrow', store_failure: true });
    await idOf('narrow', 'hold:purge');
    await expect.poll(() => held.has('hold:purge')).toBe(true);
    const ids: bigint[] = [];
    // The channel takes some into memory; what is beyond waits in the store.
    for (let i = 0; i < 5; i++) ids.push(await idOf('gone', `do:purge${i}`));
    await engine.client.unary(WorkerService, 'Delete', { value: gone });
    await new Promise((resolve) => setTimeout(resolve, 5));
    const request = { stale_threshold_hours: 0n, orphaned_only: true };
    const { marked_count: marked } = await engine.client.unary(StatusService, 'PurgeStaleJobs', request);
    expect(marked).toBeGreaterThanOrEqual(1n);
    expect(await statusOf(ids[4] ?? 0n)).toBeUndefined();
    expect((await resultsOf(ids[4] ?? 0n))[0]?.data?.status).toBe(ResultStatus.ABORT);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const cleaned = await engine.client.unary(StatusService, 'Cleanup', { retention_hours_override: 0n });
    expect(cleaned.deleted_count).toBe(marked);
    held.get('hold:purge')?.();
  });

  it('kept jobs that wait are listed for restoring', async () => {
    const id = await idOf('backup', 'do:restore', { run_after_time: BigInt(Date.now() + 60_000) });
    const listed = await collect(engine.client.stream(RestoreService, 'FindAll', {}));
    expect(listed.map((job) => job.id?.value)).toContain(id);
    expect(await engine.client.unary(RestoreService, 'Restore', {})).toEqual({ is_success: true });
    expect(await statusOf(id)).toBe(JobProcessingStatus.PENDING);
    await remove(id);
  });

  it('channels, instances and workers are shown and managed', async () => {
    const { channels } = await engine.client.unary(WorkerService, 'FindChannelList', {});
    expect(channels).toMatchObject([
      { name: '[default]', concurrency: 4 },
      { name: 'narrow', concurrency: 1, worker_count: 1n, active_instances: 1 },
    ]);
    const instances = await collect(engine.client.stream(InstanceService, 'FindList', {}));
    expect(instances[0]?.data?.channels).toEqual([
      { name: '', concurrency: 4 },
      { name: 'narrow', concurrency: 1 },
    ]);
    expect(await collect(engine.client.stream(InstanceService, 'FindList', { channel: 'no' }))).toEqual([]);
    expect(await engine.client.unary(InstanceService, 'Count', {})).toEqual({ total: 1n, active: 1n });
    await worker('static', { use_static: true, response_type: ResponseType.DIRECT });
    await enqueue('static', 'do:static');
    const live = engine.executor.live;
    expect(await engine.client.unary(WorkerService, 'ReleaseStaticWorker', { name: 'static' })).toEqual({
      is_success: true,
    });
    await expect.poll(() => engine.executor.live).toBe(live - 1);
    expect(await engine.client.unary(WorkerService, 'Load', { name: 'static' })).toEqual({ is_success: true });
    await expect(engine.client.unary(WorkerService, 'Load', { name: 'nobody' })).rejects.toMatchObject({
      code: status.NOT_FOUND,
    });
  });
});
