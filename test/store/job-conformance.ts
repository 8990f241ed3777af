/** What every store has to do with jobs that outlive the process. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ResultStatus } from '../../runtime/model/messages.gen.ts';
import type { Store } from '../../runtime/store/store.ts';
import { job } from '../queue/conformance.ts';
import { result } from './conformance.ts';

/** Runs the suite. */
export function jobStoreConformance(name: string, open: () => Promise<Store>): void {
  describe(`${name} as a store of jobs`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    const kept = (change: Parameters<typeof job>[0] = {}) => job({ kept: true, enqueuedAt: 1000, ...change });
    const claimAll = async () => (await store.jobs.claim('', 100)).map(({ id }) => id);

    it('gives back a job with every field', async () => {
      const full = kept({
        id: 2n ** 62n + 1n,
        using: 'go',
        uniqKey: 'k',
        caller: 'ann',
        metadata: { 'x-trace': 'ü' },
        retryPolicy: { type: 1, interval: 1, max_interval: 2, max_retry: 3, basis: 1.5 },
        overrides: { store_success: true },
        priority: -1,
        periodMs: 5000,
        phaseAt: 77,
        streaming: 1,
        broadcast: true,
      });
      await store.jobs.insert(full, false);
      const found = await store.jobs.find(full.id);
      expect({ ...found?.job, args: [...(found?.job.args ?? [])] }).toEqual({ ...full, args: [...full.args] });
      expect(found?.state).toBe('waiting');
    });

    it('gives each waiting job out once, high priorities first, and none whose time is to come', async () => {
      const [low, high, later] = [kept(), kept({ priority: 1 }), kept({ runAfter: 5000 })];
      for (const each of [low, high, later]) await store.jobs.insert(each, false);
      expect((await store.jobs.claim('', 1)).map(({ id }) => id)).toEqual([high.id]);
      expect(await claimAll()).toEqual([low.id]);
      expect(await store.jobs.wake(4999)).toBe(5000);
      expect(await claimAll()).toEqual([]);
      expect(await store.jobs.wake(5000)).toBeUndefined();
      expect(await claimAll()).toEqual([later.id]);
    });

    it('gives every worker its share of a claim, and the rest to who has more', async () => {
      const crowd = Array.from({ length: 20 }, () => kept({ workerId: 1n }));
      const few = [kept({ workerId: 2n }), kept({ workerId: 3n })];
      for (const each of [...crowd, ...few]) await store.jobs.insert(each, false);
      const claimed = await store.jobs.claim('', 6);
      expect(claimed).toHaveLength(6);
      expect(new Set(claimed.map(({ workerId }) => workerId))).toEqual(new Set([1n, 2n, 3n]));
    });

    it('refuses a second job with a key, until the first is settled', async () => {
      const first = kept({ uniqKey: 'k' });
      await store.jobs.insert(first, false);
      await expect(store.jobs.insert(kept({ uniqKey: 'k' }), true)).rejects.toMatchObject({ code: 'job-exists' });
      expect(await store.jobs.hasKey('k')).toBe(true);
      await store.jobs.settle(first.id, undefined, undefined, 0);
      expect(await store.jobs.hasKey('k')).toBe(false);
      await store.jobs.insert(kept({ uniqKey: 'k' }), true);
    });

    it('settles a job and keeps its result in one step', async () => {
      const made = kept();
      await store.jobs.insert(made, true);
      await store.jobs.settle(made.id, result(7n, made.id, 100), undefined, 0);
      expect(await store.jobs.find(made.id)).toBeUndefined();
      expect(await store.results.find(7n)).toBeDefined();
      await store.jobs.insert(made, true);
      await expect(store.jobs.settle(made.id, result(7n, made.id, 100), undefined, 0)).rejects.toThrow();
      expect(await store.jobs.find(made.id)).toBeDefined();
    });

    it('keeps a job that runs again as it will be', async () => {
      const made = kept();
      await store.jobs.insert(made, true);
      await store.jobs.begin(made.id, 1);
      await store.jobs.settle(made.id, undefined, { ...made, attempt: 2, runAfter: 9000 }, 2);
      expect((await store.jobs.find(made.id))?.job).toMatchObject({ attempt: 2, runAfter: 9000 });
      expect(await claimAll()).toEqual([]);
      await store.jobs.wake(9000);
      expect(await claimAll()).toEqual([made.id]);
    });

    it('after a restart gives out all again, and counts the runs that were cut short', async () => {
      const [waiting, held, running] = [kept(), kept(), kept()];
      await store.jobs.insert(waiting, false);
      await store.jobs.insert(held, true);
      await store.jobs.insert(running, true);
      await store.jobs.begin(running.id, 1);
      expect(await store.jobs.recover(2)).toBe(1);
      const all = new Map((await store.jobs.claim('', 10)).map((each) => [each.id, each]));
      expect(all.size).toBe(3);
      expect(all.get(running.id)).toMatchObject({ attempt: 2, interruptions: 1 });
      expect(all.get(held.id)).toMatchObject({ attempt: 1, interruptions: 0 });
    });

    it('takes a waiting job by id, once, whatever its time', async () => {
      const made = kept({ runAfter: 9000 });
      await store.jobs.insert(made, false);
      expect((await store.jobs.take(made.id))?.id).toBe(made.id);
      expect(await store.jobs.take(made.id)).toBeUndefined();
      await store.jobs.giveBack([made.id]);
      expect(await claimAll()).toEqual([made.id]);
    });

    it('lists and counts by state, channel and worker', async () => {
      const jobs = [kept(), kept({ channel: 'c' }), kept({ workerId: 9n })];
      for (const each of jobs) await store.jobs.insert(each, false);
      const ids = async (filter: Parameters<Store['jobs']['list']>[0], ...rest: [number, number?, boolean?]) =>
        (await store.jobs.list(filter, ...rest)).map(({ job: { id } }) => id);
      expect(await ids({ states: ['waiting'] }, 10)).toEqual(jobs.map(({ id }) => id));
      expect(await ids({ states: ['waiting'] }, 1, 1, true)).toEqual([jobs[1]?.id]);
      expect(await ids({ states: ['waiting'], channel: 'c' }, 10)).toEqual([jobs[1]?.id]);
      expect(await store.jobs.count({ states: ['waiting'], workerId: 9n })).toBe(1);
      expect(await store.jobs.count({ states: ['held', 'running'] })).toBe(0);
    });

    it('lists and counts jobs and results of some workers, or of none', async () => {
      const workers = [1n, 2n, 2n ** 62n + 1n];
      for (const workerId of workers) {
        await store.jobs.insert(kept({ workerId }), false);
        const made = result(workerId, workerId, 1000);
        if (made.data) await store.results.insert({ ...made, data: { ...made.data, worker_id: { value: workerId } } });
      }
      const page = { limit: 10, offset: 0n, sortBy: 1, ascending: true } as const;
      for (const within of [[], [1n], [2n ** 62n + 1n, 2n], Array.from({ length: 50_000 }, (_, id) => BigInt(id))]) {
        const expected = workers.filter((id) => within.includes(id));
        const jobs = await store.jobs.list({ states: ['waiting'], within }, 10);
        expect(jobs.map(({ job: { workerId } }) => workerId)).toEqual(expected);
        expect(await store.jobs.count({ states: ['waiting'], within })).toBe(expected.length);
        const results = await store.results.list({ within }, page);
        expect(results.map(({ data }) => data?.worker_id?.value)).toEqual(expected);
        expect(await store.results.count({ within })).toBe(expected.length);
        expect(await store.results.count({ within, workerIds: [2n] })).toBe(expected.includes(2n) ? 1 : 0);
      }
      expect(await store.results.delete({ within: [] })).toBe(0);
      expect(await store.results.delete({ within: [2n] })).toBe(1);
      expect(await store.results.count({})).toBe(2);
    });

    it('marks jobs that will never run, and removes them later', async () => {
      const [stale, good] = [kept({ uniqKey: 'k' }), kept()];
      await store.jobs.insert(stale, false);
      await store.jobs.insert(good, false);
      expect((await store.jobs.markStale([stale.id], 5000)).map(({ id }) => id)).toEqual([stale.id]);
      expect(await claimAll()).toEqual([good.id]);
      expect(await store.jobs.hasKey('k')).toBe(false);
      expect(await store.jobs.purge(5000)).toBe(0);
      expect(await store.jobs.purge(5001)).toBe(1);
    });

    it('finds, counts and deletes results by what is asked', async () => {
      for (let id = 1n; id <= 6n; id++) {
        const made = result(id, id, Number(id) * 100);
        const data = { ...made.data, worker_id: { value: id % 2n }, status: id < 4n ? 0 : 2, priority: 0 };
        await store.results.insert({ ...made, data: data as never });
      }
      const page = { limit: 10, offset: 0n, sortBy: 0, ascending: true } as const;
      const ids = async (filter: Parameters<Store['results']['list']>[0], change = {}) =>
        (await store.results.list(filter, { ...page, ...change })).map(({ id }) => Number(id?.value));
      expect(await ids({})).toEqual([1, 2, 3, 4, 5, 6]);
      expect(await ids({}, { ascending: false, limit: 2, offset: 1n })).toEqual([5, 4]);
      expect(await ids({ workerIds: [0n] })).toEqual([2, 4, 6]);
      expect(await ids({ statuses: [ResultStatus.SUCCESS], workerIds: [1n, 0n] })).toEqual([1, 2, 3]);
      expect(await ids({ endFrom: 200n, endTo: 400n })).toEqual([2, 3, 4]);
      expect(await ids({ priorities: [1] })).toEqual([]);
      expect(await store.results.count({ statuses: [ResultStatus.FATAL_ERROR] })).toBe(3);
      expect(await store.results.delete({ endBefore: 300n })).toBe(2);
      expect(await store.results.deleteOne(3n)).toBe(true);
      expect(await store.results.deleteOne(3n)).toBe(false);
      expect(await ids({})).toEqual([4, 5, 6]);
    });
  });
}
