/** Workers that are made for single jobs: they are there as long as their jobs, and leave nothing behind. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FunctionDesk } from '../../runtime/admission/function-desk.ts';
import { JobAdmission } from '../../runtime/admission/job-admission.ts';
import { WorkerRegistry } from '../../runtime/admission/worker-registry.ts';
import { localCaller } from '../../runtime/model/caller.ts';
import { QueueType, ResponseType, type WorkerData } from '../../runtime/model/messages.gen.ts';
import { IdGenerator } from '../../runtime/model/snowflake.ts';
import { EmbeddedQueue } from '../../runtime/queue/embedded.ts';
import { PendingFeeds } from '../../runtime/queue/pending-feeds.ts';
import { StoredResults } from '../../runtime/results/stored-results.ts';
import { SqliteStore } from '../../runtime/store/sqlite.ts';
import { catalogueOf } from '../api/engine.ts';
import { describe as runner } from '../api/fake-executor.ts';
import { job } from '../queue/conformance.ts';

const plugins = catalogueOf([runner('echo')]);
const runnerId = plugins.list()[0]?.id ?? 0n;
const ids = new IdGenerator();

function data(change: Partial<WorkerData> = {}): WorkerData {
  return {
    name: 'echo',
    description: '',
    runner_id: { value: runnerId },
    runner_settings: new Uint8Array(),
    periodic_interval: 0,
    queue_type: QueueType.NORMAL,
    response_type: ResponseType.NO_RESULT,
    store_success: false,
    store_failure: false,
    use_static: false,
    broadcast_results: false,
    ...change,
  };
}

describe('temporary workers', () => {
  let store: SqliteStore;
  let workers: WorkerRegistry;
  let gone: bigint[];
  const open = async (maxWorkers = 1000): Promise<void> => {
    const channels = [{ name: '', concurrency: 1 }];
    const results = { onEnd: () => {} };
    workers = await WorkerRegistry.open({ store, plugins, channels, results, ids, log: () => {}, maxWorkers });
    gone = [];
    workers.onChange((id) => gone.push(id));
  };
  beforeEach(async () => {
    store = new SqliteStore(':memory:');
    await open();
  });
  afterEach(() => store.close());

  it('are found by their id alone, and gone with their job', async () => {
    const worker = await workers.borrow(data(), localCaller);
    expect(workers.byId(worker.id)).toBe(worker);
    expect(worker.data.name).toMatch(/^echo_[\da-f]+$/);
    expect(workers.byName(worker.data.name)).toBeUndefined();
    expect(workers.list({ runner_types: [], runner_ids: [] }, localCaller)).toEqual([]);
    expect(await store.workers.all()).toEqual([]);
    expect(await workers.remove(worker.id, localCaller)).toBe(false);
    await expect(workers.update(worker.id, data(), localCaller)).rejects.toMatchObject({ code: 'worker-not-found' });
    await workers.jobEnded(worker.id);
    expect([workers.byId(worker.id), gone]).toEqual([undefined, [worker.id]]);
  });

  it('are stored where their jobs are', async () => {
    const worker = await workers.borrow(data({ queue_type: QueueType.DB_ONLY }), localCaller);
    expect(await store.workers.all()).toEqual([worker]);
    await workers.jobEnded(worker.id);
    expect(await store.workers.all()).toEqual([]);
  });

  it('are there after a restart for the jobs that they still have, and only for them', async () => {
    const [busy, idle] = [
      await workers.borrow(data({ queue_type: QueueType.DB_ONLY }), localCaller),
      await workers.borrow(data({ queue_type: QueueType.WITH_BACKUP }), localCaller),
    ];
    for (let i = 0; i < 2; i++) await store.jobs.insert(job({ workerId: busy.id, kept: true }), false);
    await open();
    expect([workers.byId(busy.id), workers.byId(idle.id)]).toEqual([busy, undefined]);
    expect(await store.workers.all()).toHaveLength(1);
    await workers.jobEnded(busy.id);
    expect(workers.byId(busy.id)).toEqual(busy);
    await workers.jobEnded(busy.id);
    expect(await store.workers.all()).toEqual([]);
  });

  it('are shared by callers who ask for the same with use_static, and stay a while after their jobs', async () => {
    const settings = (byte: number) => data({ use_static: true, runner_settings: new Uint8Array([byte]) });
    const [first, again, other] = [
      await workers.borrow(settings(1), localCaller),
      await workers.borrow(settings(1), localCaller),
      await workers.borrow(settings(2), localCaller),
    ];
    expect([first === again, first === other]).toEqual([true, false]);
    for (const { id } of [first, again, other]) await workers.jobEnded(id);
    expect(gone).toEqual([]);
    expect(await workers.borrow(settings(1), localCaller)).toBe(first);
    await workers.jobEnded(first.id);
    // The longest idle one makes room.
    for (let byte = 10; byte < 73; byte++)
      await workers.jobEnded((await workers.borrow(settings(byte), localCaller)).id);
    expect(gone).toEqual([other.id]);
    expect(workers.byId(first.id)).toBe(first);
  });

  it('are no more than there may be', async () => {
    await open(1);
    const worker = await workers.borrow(data(), localCaller);
    await expect(workers.borrow(data(), localCaller)).rejects.toMatchObject({ code: 'queue-full' });
    await workers.jobEnded(worker.id);
    await workers.borrow(data(), localCaller);
  });

  it('are checked like any other', async () => {
    await expect(workers.borrow(data({ channel: 'films' }), localCaller)).rejects.toMatchObject({
      code: 'field-invalid',
    });
  });

  it('are forgotten where the store does not take them', async () => {
    await open(1);
    Object.assign(store.workers, { insert: () => Promise.reject(new Error('disk full')) });
    await expect(workers.borrow(data({ queue_type: QueueType.DB_ONLY }), localCaller)).rejects.toThrow('disk full');
    await workers.borrow(data(), localCaller);
  });

  it('take no jobs but the one that they are for, and go where that is refused', async () => {
    await open(1);
    const results = new StoredResults({ store, ids, log: () => {} });
    const feeds = new PendingFeeds();
    const queue = new EmbeddedQueue({ store: store.jobs, log: () => {}, capacity: 0 });
    const admission = new JobAdmission({ workers, plugins, queue, feeds, results, ids });
    const functions = new FunctionDesk({ admission, workers, plugins });
    for (let i = 0; i < 2; i++)
      await expect(functions.call({ runner_name: 'echo', args_json: '' }, localCaller)).rejects.toMatchObject({
        code: 'queue-full',
        message: expect.stringMatching(/^channel \[default\] already holds 0/) as string,
      });
    const worker = await workers.borrow(data(), localCaller);
    const request = { worker_id: { value: worker.id }, args: new Uint8Array() };
    await expect(admission.submit(request, {}, localCaller)).rejects.toMatchObject({ code: 'worker-not-found' });
  });
});
