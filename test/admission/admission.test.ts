/** Admission behind the wire: what its tests through a real client cannot bring about. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JobAdmission } from '../../runtime/admission/job-admission.ts';
import { WorkerRegistry } from '../../runtime/admission/worker-registry.ts';
import { localCaller } from '../../runtime/model/caller.ts';
import type { JobRequest, WorkerData } from '../../runtime/model/messages.gen.ts';
import { IdGenerator } from '../../runtime/model/snowflake.ts';
import type { PluginCatalogue } from '../../runtime/plugins/catalogue.ts';
import { EmbeddedQueue } from '../../runtime/queue/embedded.ts';
import { PendingFeeds } from '../../runtime/queue/pending-feeds.ts';
import { SqliteStore } from '../../runtime/store/sqlite.ts';
import { catalogueOf } from '../api/engine.ts';
import { describe as runner } from '../api/fake-executor.ts';

const plugins = catalogueOf([runner('echo')]);
const channels = [{ name: '', concurrency: 1 }];
const ids = new IdGenerator();

function data(name: string, change: Partial<WorkerData> = {}): WorkerData {
  return {
    name,
    description: '',
    runner_id: { value: plugins.list()[0]?.id ?? 0n },
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
}

const request: JobRequest = { worker_name: 'w', args: new Uint8Array() };

describe('the worker registry', () => {
  let store: SqliteStore;
  beforeEach(() => {
    store = new SqliteStore(':memory:');
  });
  afterEach(() => store.close());

  const open = (maxWorkers?: number): Promise<WorkerRegistry> =>
    WorkerRegistry.open({
      store,
      plugins,
      channels,
      results: { onEnd: () => {} },
      ids,
      log: () => {},
      ...(maxWorkers !== undefined && { maxWorkers }),
    });

  it('tells listeners of changes and removals, after they can be seen', async () => {
    const registry = await open();
    const id = await registry.create(data('a'), localCaller);
    const seen: unknown[] = [];
    registry.onChange((changed) => seen.push([changed, registry.byId(changed)?.data.name]));
    await registry.update(id, data('b'), localCaller);
    await registry.remove(id, localCaller);
    expect(seen).toEqual([
      [id, 'b'],
      [id, undefined],
    ]);
  });

  it('stays as it was when the store fails', async () => {
    const registry = await open();
    const id = await registry.create(data('a'), localCaller);
    const broken = (): Promise<never> => Promise.reject(new Error('disk full'));
    Object.assign(store.workers, { insert: broken, update: broken, delete: broken });
    await expect(registry.create(data('b'), localCaller)).rejects.toThrow('disk full');
    await expect(registry.update(id, data('c'), localCaller)).rejects.toThrow('disk full');
    await expect(registry.remove(id, localCaller)).rejects.toThrow('disk full');
    expect(registry.byId(id)?.data.name).toBe('a');
    expect([registry.byName('b'), registry.byName('c')]).toEqual([undefined, undefined]);
  });

  it('refuses more workers than it may hold', async () => {
    const registry = await open(1);
    await registry.create(data('a'), localCaller);
    await expect(registry.create(data('b'), localCaller)).rejects.toThrow(/1 workers already/);
    await registry.upsertByName(data('a', { description: 'changed' }), localCaller);
  });

  it('keeps its own copy of the settings', async () => {
    const registry = await open();
    const settings = new Uint8Array([1, 2]);
    const id = await registry.create(data('a', { runner_settings: settings }), localCaller);
    settings[0] = 9;
    expect(registry.byId(id)?.data.runner_settings).toEqual(new Uint8Array([1, 2]));
  });
});

describe('job admission', () => {
  let store: SqliteStore;
  let workers: WorkerRegistry;
  let waiting: Set<bigint>;

  const queueOf = (capacity = 10) => new EmbeddedQueue({ store: store.jobs, log: () => {}, capacity });

  function admission(queue = queueOf(), catalogue: PluginCatalogue = plugins): JobAdmission {
    const results = {
      wait: (id: bigint) => new Promise<never>(() => waiting.add(id)),
      forget: (id: bigint) => void waiting.delete(id),
      openOutput: () => {
        throw new Error('not asked in these tests');
      },
    };
    return new JobAdmission({ workers, plugins: catalogue, queue, feeds: new PendingFeeds(), results, ids });
  }

  beforeEach(async () => {
    store = new SqliteStore(':memory:');
    workers = await WorkerRegistry.open({ store, plugins, channels, results: { onEnd: () => {} }, ids, log: () => {} });
    await workers.create(data('w'), localCaller);
    waiting = new Set();
  });
  afterEach(() => store.close());

  it('waits for a DIRECT job from before it is queued', async () => {
    const queue = queueOf();
    let waited = false;
    queue.consume('', 1, async ({ job }) => {
      waited = waiting.has(job.id);
      return undefined;
    });
    const { id, result } = await admission(queue).submit(request, {}, localCaller);
    expect([waited, waiting.has(id), result instanceof Promise]).toEqual([true, true, true]);
  });

  it('does not go on waiting for a job that the queue refused', async () => {
    const submit = admission(queueOf(0)).submit(request, {}, localCaller);
    await expect(submit).rejects.toMatchObject({ code: 'queue-full' });
    expect(waiting.size).toBe(0);
  });

  it('takes nothing after it was closed', async () => {
    const closed = admission();
    closed.close();
    await expect(closed.submit(request, {}, localCaller)).rejects.toMatchObject({ code: 'shutting-down' });
  });

  it('says so when the runner of a worker is not loaded', async () => {
    const none: PluginCatalogue = {
      list: () => [],
      byId: () => undefined,
      byName: () => undefined,
      onChange: () => {},
    };
    await expect(admission(undefined, none).submit(request, {}, localCaller)).rejects.toMatchObject({
      code: 'runner-not-found',
      message: expect.stringContaining("runner of worker 'w'") as string,
    });
  });
});
