/** A limited reach, RPC by RPC: jobs, results, channels and listeners of workers that are out of it are not there. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { JobProcessingStatus, QueueType, ResponseType } from '../../runtime/model/messages.gen.ts';
import type { Engine } from './engine.ts';
import { ok } from './fake-executor.ts';
import { as, collect, outcome, startWithTokens } from './tokens.ts';

const WorkerService = 'jobworkerp.service.WorkerService';
const WorkerInstanceService = 'jobworkerp.service.WorkerInstanceService';
const FunctionService = 'jobworkerp.function.service.FunctionService';
const FunctionSetService = 'jobworkerp.function.service.FunctionSetService';
const ChannelService = 'bulkhead.admin.v1.ChannelService';
const JobService = 'jobworkerp.service.JobService';
const JobResultService = 'jobworkerp.service.JobResultService';
const StatusService = 'jobworkerp.service.JobProcessingStatusService';
const RestoreService = 'jobworkerp.service.JobRestoreService';
const runnerId = { value: 2n ** 60n + 1n };
const far = BigInt(Date.now()) + 3_600_000n;
const denied = 'PERMISSION_DENIED permission-denied';

/** What was made for one worker. */
interface Made {
  readonly worker: bigint;
  /** Waits in the store. */
  readonly pending: bigint;
  readonly running: bigint;
  /** Has ended; its result is kept. */
  readonly ended: bigint;
  readonly result: bigint;
}

describe('a token that reaches one worker of two', () => {
  let engine: Engine;
  let mine: Made;
  let theirs: Made;

  beforeAll(async () => {
    engine = await startWithTokens(
      {
        ci: { role: 'submitter', workers: ['mine*'], channels: ['blue'] },
        lead: { role: 'admin', workers: ['mine*'], channels: ['blue'] },
        none: { role: 'admin', workers: [], channels: [] },
      },
      {
        body: (call) => (Buffer.from(call.args).toString() === 'hang' ? new Promise(() => undefined) : ok(call.args)),
        limits: { graceMs: 20 },
      },
    );
    mine = await make('mine', 'blue');
    theirs = await make('theirs', 'red');
  });
  afterAll(() => engine.stop(10));

  async function make(name: string, channel: string): Promise<Made> {
    const { client } = engine;
    const data = { name, channel, runner_id: runnerId, store_success: true, broadcast_results: true };
    const { id: worker } = await client.unary(
      WorkerService,
      'Create',
      { ...data, queue_type: QueueType.WITH_BACKUP },
      as('boss'),
    );
    const enqueue = async (request: object) => {
      const { id, result } = await client.unary(JobService, 'Enqueue', { worker_name: name, ...request }, as('boss'));
      return { id: id?.value ?? 0n, result: result?.id?.value ?? 0n };
    };
    const overrides = { response_type: ResponseType.DIRECT };
    const { id: ended, result } = await enqueue({ args: Buffer.from('done'), overrides });
    const { id: running } = await enqueue({ args: Buffer.from('hang') });
    const { id: pending } = await enqueue({ args: Buffer.from('later'), run_after_time: far });
    const status = async () => (await client.unary(StatusService, 'Find', { value: running }, as('boss'))).status;
    await vi.waitFor(async () => expect(await status()).toBe(JobProcessingStatus.RUNNING));
    return { worker: worker?.value ?? 0n, pending, running, ended, result };
  }

  /** Ids of jobs, the order aside. */
  function ids(jobs: readonly ({ readonly id?: { readonly value: bigint } } | undefined)[]): bigint[] {
    return jobs.map((job) => job?.id?.value ?? 0n).sort((a, b) => (a < b ? -1 : 1));
  }

  const sorted = (...list: bigint[]): bigint[] => list.sort((a, b) => (a < b ? -1 : 1));

  it('finds, lists and counts the jobs of that worker', async () => {
    const { client } = engine;
    const find = async (value: bigint, name: string) =>
      (await client.unary(JobService, 'Find', { value }, as(name))).data !== undefined;
    for (const [name, sees] of [
      ['ci', false],
      ['boss', true],
    ] as const) {
      const all = sees ? [mine, theirs] : [mine];
      expect(
        await Promise.all([mine.pending, mine.running, theirs.pending, theirs.running].map((id) => find(id, name))),
      ).toEqual([true, true, sees, sees]);
      const listed = await collect(client.stream(JobService, 'FindList', {}, as(name)));
      expect(ids(listed)).toEqual(sorted(...all.flatMap(({ pending, running }) => [pending, running])));
      const queued = await collect(client.stream(JobService, 'FindQueueList', {}, as(name)));
      expect(ids(queued.map(({ job }) => job))).toEqual(sorted(...all.map(({ pending }) => pending)));
      const status = { status: JobProcessingStatus.RUNNING };
      const running = await collect(client.stream(JobService, 'FindListWithProcessingStatus', status, as(name)));
      expect(ids(running.map(({ job }) => job))).toEqual(sorted(...all.map((each) => each.running)));
      expect((await client.unary(JobService, 'Count', {}, as(name))).total).toBe(BigInt(2 * all.length));
      const restorable = await collect(client.stream(RestoreService, 'FindAll', {}, as(name)));
      expect(ids(restorable)).toEqual(sorted(...all.map(({ pending }) => pending)));
    }
  });

  it('sees where the jobs of that worker are', async () => {
    const { client } = engine;
    const find = async (value: bigint) => (await client.unary(StatusService, 'Find', { value }, as('ci'))).status;
    expect([await find(mine.running), await find(theirs.running)]).toEqual([JobProcessingStatus.RUNNING, undefined]);
    const all = await collect(client.stream(StatusService, 'FindAll', {}, as('ci')));
    expect(ids(all)).toEqual(sorted(mine.pending, mine.running));
    for (const request of [{}, { worker_id: mine.worker }, { channel: 'blue' }]) {
      const found = await collect(client.stream(StatusService, 'FindByCondition', request, as('ci')));
      expect(ids(found)).toEqual(sorted(mine.pending, mine.running));
      expect((await client.unary(StatusService, 'CountByCondition', request, as('ci'))).total).toBe(2n);
    }
    for (const request of [{ worker_id: theirs.worker }, { channel: 'red' }]) {
      expect(await collect(client.stream(StatusService, 'FindByCondition', request, as('ci')))).toEqual([]);
      expect((await client.unary(StatusService, 'CountByCondition', request, as('ci'))).total).toBe(0n);
    }
  });

  it('cancels and feeds no job of the other', async () => {
    const { client } = engine;
    for (const value of [theirs.pending, theirs.running])
      expect((await client.unary(JobService, 'Delete', { value }, as('ci'))).is_success).toBe(false);
    const feed = (id: bigint) => outcome(client.unary(JobService, 'FeedToStream', { job_id: { value: id } }, as('ci')));
    // The own one is there, and takes no feed.
    expect([await feed(theirs.running), await feed(mine.running)]).toEqual([
      'NOT_FOUND job-not-found',
      'FAILED_PRECONDITION feed-refused',
    ]);
    expect((await client.unary(JobService, 'Count', {}, as('boss'))).total).toBe(4n);
    const { id } = await client.unary(
      JobService,
      'Enqueue',
      { worker_name: 'mine', args: Buffer.from('later'), run_after_time: far },
      as('ci'),
    );
    expect((await client.unary(JobService, 'Delete', id ?? {}, as('ci'))).is_success).toBe(true);
  });

  it('finds, lists, counts and deletes the results of that worker', async () => {
    const { client } = engine;
    const found = (value: bigint) => client.unary(JobResultService, 'Find', { value }, as('ci'));
    expect([(await found(mine.result)).data?.id?.value, (await found(theirs.result)).data]).toEqual([
      mine.result,
      undefined,
    ]);
    for (const request of [{}, { worker_ids: [{ value: mine.worker }, { value: theirs.worker }] }]) {
      const listed = await collect(client.stream(JobResultService, 'FindListBy', request, as('ci')));
      expect(listed.map(({ data }) => data?.worker_name)).toEqual(listed.map(() => 'mine'));
      expect(listed.length).toBeGreaterThan(0);
      expect((await client.unary(JobResultService, 'CountBy', request, as('ci'))).total).toBe(BigInt(listed.length));
    }
    const list = await collect(client.stream(JobResultService, 'FindList', {}, as('ci')));
    expect((await client.unary(JobResultService, 'Count', {}, as('ci'))).total).toBe(BigInt(list.length));
    expect(new Set(list.map(({ data }) => data?.worker_name))).toEqual(new Set(['mine']));
    const other = { worker_ids: [{ value: theirs.worker }] };
    expect((await client.unary(JobResultService, 'CountBy', other, as('ci'))).total).toBe(0n);
    expect((await client.unary(JobResultService, 'CountBy', other, as('boss'))).total).toBe(1n);
    expect((await client.unary(JobResultService, 'Delete', { value: theirs.result }, as('lead'))).is_success).toBe(
      false,
    );
    expect((await client.unary(JobResultService, 'CountBy', other, as('boss'))).total).toBe(1n);
    expect(await outcome(client.unary(JobResultService, 'Delete', { value: mine.result }, as('ci')))).toBe(denied);
  });

  it('listens to the jobs of that worker, whichever worker it names', async () => {
    const { client } = engine;
    const listen = (request: object) =>
      outcome(client.unary(JobResultService, 'Listen', { timeout: 1n, ...request }, as('ci')));
    const job = (value: bigint) => ({ job_id: { value } });
    expect(await listen({ ...job(mine.running), worker_name: 'mine' })).toBe('DEADLINE_EXCEEDED listen-timeout');
    for (const named of [
      { worker_name: 'theirs' },
      { worker_id: { value: theirs.worker } },
      { worker_name: 'nobody' },
    ]) {
      expect(await listen({ ...job(theirs.running), ...named })).toBe(denied);
      const stream = client.stream(JobResultService, 'ListenStream', { ...job(theirs.running), ...named }, as('ci'));
      expect(await outcome(collect(stream))).toBe(denied);
      expect(await outcome(collect(client.stream(JobResultService, 'ListenByWorker', named, as('ci'))))).toBe(denied);
    }
    for (const id of [theirs.running, theirs.pending, theirs.ended]) {
      expect(await listen({ ...job(id), worker_name: 'mine' })).toBe('NOT_FOUND job-not-found');
      const stream = client.stream(JobResultService, 'ListenStream', { ...job(id), worker_name: 'mine' }, as('ci'));
      expect(await outcome(collect(stream))).toBe('NOT_FOUND job-not-found');
    }
  });

  it('sees its channels, with its workers in them', async () => {
    const { client } = engine;
    const names = async (name: string) => {
      const { channels } = await client.unary(WorkerService, 'FindChannelList', {}, as(name));
      const [instance] = await collect(client.stream(WorkerInstanceService, 'FindList', {}, as(name)));
      const { channels: ofInstances } = await client.unary(WorkerInstanceService, 'FindChannelList', {}, as(name));
      expect(ofInstances.map((channel) => channel.name)).toEqual(channels.map((channel) => channel.name));
      expect(instance?.data?.channels).toHaveLength(channels.length);
      expect((await client.unary(ChannelService, 'List', {}, as(name))).channels).toHaveLength(channels.length);
      return channels.map((channel) => [channel.name, channel.worker_count]);
    };
    expect(await names('ci')).toEqual([['blue', 1n]]);
    const resize = { channel: 'blue', concurrency: 2 };
    expect(await outcome(client.unary(ChannelService, 'SetConcurrency', resize, as('lead')))).toBe(denied);
    expect(await names('none')).toEqual([]);
    expect((await names('boss')).length).toBe(3);
    expect(await collect(client.stream(WorkerInstanceService, 'FindList', { channel: 'red' }, as('ci')))).toEqual([]);
  });

  it('loads and releases the instances of that worker only', async () => {
    const { client } = engine;
    for (const method of ['Load', 'ReleaseStaticWorker'] as const) {
      const call = (request: object) => outcome(client.unary(WorkerService, method, request, as('lead')));
      expect(await call({ name: 'mine' })).toBe('OK');
      for (const named of [{ name: 'theirs' }, { worker_id: { value: theirs.worker } }, { name: 'nobody' }])
        expect(await call(named)).toBe(denied);
    }
    expect(await outcome(client.unary(WorkerService, 'ReleaseStaticWorker', {}, as('lead')))).toBe(denied);
    expect(await outcome(client.unary(WorkerService, 'ReleaseStaticWorker', {}, as('boss')))).toBe('OK');
  });

  it('sees that worker among the functions, and the runners', async () => {
    const { client } = engine;
    const names = async (name: string, method: 'FindList' | 'FindListBySet', request = {}) =>
      (await collect(client.stream(FunctionService, method, request, as(name)))).map((specs) => specs.name).sort();
    expect(await names('ci', 'FindList')).toEqual(['echo', 'mine']);
    expect(await names('boss', 'FindList')).toEqual(['echo', 'mine', 'theirs']);
    const targets = [mine, theirs].map(({ worker }) => ({ function_id: { worker_id: { value: worker } } }));
    const set = { name: 'both', description: '', category: 0, targets };
    const { id } = await client.unary(FunctionSetService, 'Create', set, as('boss'));
    expect(await names('ci', 'FindListBySet', { name: 'both' })).toEqual(['mine']);
    expect(await names('boss', 'FindListBySet', { name: 'both' })).toEqual(['mine', 'theirs']);
    for (const detail of [
      await client.unary(FunctionSetService, 'FindDetail', id ?? {}, as('ci')),
      await client.unary(FunctionSetService, 'FindDetailByName', { name: 'both' }, as('ci')),
    ])
      expect(detail.data?.data?.targets.map((specs) => specs.name)).toEqual(['mine']);
    expect(await outcome(client.unary(FunctionSetService, 'FindByName', { name: 'both' }, as('ci')))).toBe(denied);
    for (const [worker_name, target] of [
      ['mine', targets[0]],
      ['theirs', targets[1]],
    ] as const) {
      const isMine = worker_name === 'mine';
      const byName = await client.unary(FunctionService, 'FindByName', { worker_name }, as('ci'));
      const byId = await client.unary(FunctionService, 'Find', target ?? {}, as('ci'));
      expect([byName.data !== undefined, byId.data !== undefined]).toEqual([isMine, isMine]);
    }
  });

  it('calls that worker as a function, makes none of the other, and none for a single call', async () => {
    const { client } = engine;
    const call = (request: object, name = 'ci') =>
      outcome(collect(client.stream(FunctionService, 'Call', { args_json: '', ...request }, as(name))));
    expect(await call({ worker_name: 'mine' })).toBe('OK');
    for (const worker_name of ['theirs', 'theirs___run', 'nobody', 'nobody___run'])
      expect([worker_name, await call({ worker_name })]).toEqual([worker_name, denied]);
    expect([await call({ runner_name: 'echo' }), await call({ runner_name: 'echo' }, 'boss')]).toEqual([denied, 'OK']);
    for (const method of ['CreateWorker', 'UpsertWorker'] as const) {
      const make = (name: string, channel: string) => {
        const worker_options = { channel };
        return outcome(
          client.unary(FunctionService, method, { runner_name: 'echo', name, worker_options }, as('lead')),
        );
      };
      expect([await make('theirs-2', 'blue'), await make('mine-2', 'red')]).toEqual([denied, denied]);
      expect(await make(`mine-${method}`, 'blue')).toBe('OK');
    }
    expect(
      await outcome(client.unary(FunctionService, 'UpsertWorker', { runner_name: 'echo', name: 'theirs' }, as('lead'))),
    ).toBe(denied);
  });

  it('that reaches nothing sees nothing', async () => {
    const { client } = engine;
    expect(await collect(client.stream(JobService, 'FindList', {}, as('none')))).toEqual([]);
    expect((await client.unary(JobService, 'Count', {}, as('none'))).total).toBe(0n);
    expect(await collect(client.stream(JobResultService, 'FindList', {}, as('none')))).toEqual([]);
    expect((await client.unary(JobResultService, 'Count', {}, as('none'))).total).toBe(0n);
    expect(await collect(client.stream(WorkerService, 'FindList', {}, as('none')))).toEqual([]);
  });
});
