/** What every store has to do. A store's test file calls it with a way to open a fresh one. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FunctionSetData, JobResult, WorkerData } from '../../runtime/model/messages.gen.ts';
import type { WorkerRecord } from '../../runtime/model/worker.ts';
import type { FunctionSetRecord, Store } from '../../runtime/store/store.ts';

const data: WorkerData = {
  name: 'resize',
  description: 'makes images smaller',
  runner_id: { value: 2n ** 62n + 1n },
  runner_settings: new Uint8Array([0, 255, 1]),
  retry_policy: { type: 0, interval: 1, max_interval: 2, max_retry: 3, basis: 1.5 },
  periodic_interval: 4_000_000_000,
  channel: 'images',
  queue_type: 0,
  response_type: 1,
  store_success: true,
  store_failure: false,
  use_static: true,
  broadcast_results: false,
};

function worker(id: bigint, name: string): WorkerRecord {
  return { id, data: { ...data, name }, createdAt: 1_700_000_000_000, updatedAt: 1_700_000_000_001 };
}

function functionSet(id: bigint, name: string, change: Partial<FunctionSetData> = {}): FunctionSetRecord {
  return { id, data: { name, description: '', category: 0, targets: [], ...change } };
}

/** A result; `endedAt` in milliseconds since 1970. */
export function result(id: bigint, jobId: bigint, endedAt: number): JobResult {
  return {
    id: { value: id },
    data: {
      job_id: { value: jobId },
      worker_id: { value: 2n ** 61n },
      worker_name: 'resize',
      args: new Uint8Array([1, 2]),
      uniq_key: 'k',
      status: 2,
      output: { items: new Uint8Array([3]) },
      retried: 1,
      max_retry: 2,
      priority: -1,
      timeout: 2n ** 64n - 1n,
      streaming_type: 0,
      enqueue_time: 1n,
      run_after_time: 0n,
      start_time: 2n,
      end_time: BigInt(endedAt),
      response_type: 1,
      store_success: true,
      store_failure: true,
      using: 'run',
      broadcast_results: false,
      resolved_retry_policy: { type: 0, interval: 1, max_interval: 2, max_retry: 3, basis: 0.5 },
    },
    metadata: { 'x-trace': 'ü' },
  };
}

/** Buffers and Uint8Arrays with the same bytes count as equal. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, each: unknown) => {
      if (typeof each === 'bigint') return `${each}n`;
      return each instanceof Uint8Array ? [...each] : each;
    }),
  );
}

/** Runs the suite. */
export function storeConformance(name: string, open: () => Promise<Store>): void {
  describe(`${name} as a store`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    it('gives back a worker with every field, ids beyond 2^53 among them', async () => {
      await store.workers.insert(worker(2n ** 62n + 7n, 'resize'));
      expect(plain(await store.workers.all())).toEqual(plain([worker(2n ** 62n + 7n, 'resize')]));
    });

    it('gives back a worker without its optional fields', async () => {
      const { channel: _channel, retry_policy: _policy, ...rest } = data;
      await store.workers.insert({ ...worker(1n, 'bare'), data: rest });
      const found = (await store.workers.all())[0];
      expect(found && 'channel' in found.data).toBe(false);
      expect(found && 'retry_policy' in found.data).toBe(false);
    });

    it('lists workers by id', async () => {
      for (const id of [3n, 1n, 2n]) await store.workers.insert(worker(id, `w${id}`));
      expect((await store.workers.all()).map(({ id }) => id)).toEqual([1n, 2n, 3n]);
    });

    it('refuses a second worker of the same name', async () => {
      await store.workers.insert(worker(1n, 'a'));
      await expect(store.workers.insert(worker(2n, 'a'))).rejects.toMatchObject({ code: 'worker-exists' });
    });

    it('updates a worker, but not to a name that is taken, and not one that is not there', async () => {
      await store.workers.insert(worker(1n, 'a'));
      await store.workers.insert(worker(2n, 'b'));
      await store.workers.update(worker(1n, 'c'));
      expect((await store.workers.all()).map((each) => each.data.name)).toEqual(['c', 'b']);
      await expect(store.workers.update(worker(1n, 'b'))).rejects.toMatchObject({ code: 'worker-exists' });
      await expect(store.workers.update(worker(9n, 'z'))).rejects.toMatchObject({ code: 'worker-not-found' });
    });

    it('deletes a worker once', async () => {
      await store.workers.insert(worker(1n, 'a'));
      expect(await store.workers.delete(1n)).toBe(true);
      expect(await store.workers.delete(1n)).toBe(false);
      expect(await store.workers.all()).toEqual([]);
    });

    it('remembers that a worker is temporary', async () => {
      await store.workers.insert({ ...worker(1n, 'a'), temporary: true });
      await store.workers.insert(worker(2n, 'b'));
      expect((await store.workers.all()).map(({ temporary }) => temporary)).toEqual([true, undefined]);
    });

    it('gives back a function set with every field, targets in their order', async () => {
      const targets = [
        { function_id: { worker_id: { value: 2n ** 62n + 1n } }, using: 'run' },
        { function_id: { runner_id: { value: 7n } } },
      ];
      const record = functionSet(2n ** 62n + 7n, 'tools', { description: 'ü', category: -3, targets });
      await store.functionSets.insert(record);
      expect(await store.functionSets.find(record.id)).toEqual(record);
      expect(await store.functionSets.findByName('tools')).toEqual(record);
      expect([await store.functionSets.find(1n), await store.functionSets.findByName('x')]).toEqual([
        undefined,
        undefined,
      ]);
    });

    it('changes and deletes function sets, and keeps their names apart', async () => {
      await store.functionSets.insert(functionSet(1n, 'a'));
      await store.functionSets.insert(functionSet(2n, 'b'));
      await store.functionSets.update(functionSet(1n, 'c', { category: 5 }));
      expect(await store.functionSets.find(1n)).toEqual(functionSet(1n, 'c', { category: 5 }));
      const taken = { code: 'function-set-exists' };
      await expect(store.functionSets.insert(functionSet(3n, 'b'))).rejects.toMatchObject(taken);
      await expect(store.functionSets.update(functionSet(1n, 'b'))).rejects.toMatchObject(taken);
      const missing = { code: 'function-set-not-found' };
      await expect(store.functionSets.update(functionSet(9n, 'z'))).rejects.toMatchObject(missing);
      expect([await store.functionSets.delete(1n), await store.functionSets.delete(1n)]).toEqual([true, false]);
    });

    it('lists and counts function sets, the newest first', async () => {
      for (const id of [3n, 1n, 4n, 2n]) await store.functionSets.insert(functionSet(id, `set ${id}`));
      expect((await store.functionSets.list(2, 1)).map(({ id }) => id)).toEqual([3n, 2n]);
      expect(await store.functionSets.count()).toBe(4);
    });

    it('gives back a result with every field', async () => {
      await store.results.insert(result(2n ** 62n + 3n, 5n, 100));
      expect(plain(await store.results.find(2n ** 62n + 3n))).toEqual(plain(result(2n ** 62n + 3n, 5n, 100)));
      expect(await store.results.find(4n)).toBeUndefined();
    });

    it('lists the results of a job, the last to end first', async () => {
      await Promise.all(
        [result(1n, 5n, 100), result(2n, 5n, 300), result(3n, 6n, 400), result(4n, 5n, 200)].map((each) =>
          store.results.insert(each),
        ),
      );
      expect((await store.results.listByJob(5n)).map(({ id }) => id?.value)).toEqual([2n, 4n, 1n]);
    });

    it('shows an insert to a question that is asked before the insert resolves', async () => {
      const inserted = store.results.insert(result(1n, 5n, 100));
      expect(await store.results.listByJob(5n)).toHaveLength(1);
      await inserted;
    });

    it('tells only those whose insert fails', async () => {
      await store.results.insert(result(1n, 5n, 100));
      await expect(store.results.insert(result(1n, 5n, 100))).rejects.toThrow();
      await store.results.insert(result(2n, 5n, 100));
      expect(await store.results.count()).toBe(2);
    });

    it('keeps the good inserts of a turn in which one fails', async () => {
      await store.results.insert(result(1n, 5n, 100));
      const turn = [1n, 2n, 3n].map((id) => store.results.insert(result(id, 5n, 100)));
      expect((await Promise.allSettled(turn)).map(({ status }) => status)).toEqual([
        'rejected',
        'fulfilled',
        'fulfilled',
      ]);
      expect(await store.results.count()).toBe(3);
    });

    it('prunes what ended too long ago, and the oldest beyond a number', async () => {
      for (let id = 1n; id <= 10n; id++) await store.results.insert(result(id, id, Number(id) * 100));
      expect(await store.results.prune(300, 1000)).toBe(2);
      expect(await store.results.prune(0, 3)).toBe(5);
      expect(await store.results.count()).toBe(3);
      expect(await store.results.find(10n)).toBeDefined();
      expect(await store.results.prune(0, 3)).toBe(0);
    });
  });
}
