/** Jobs that are kept: in the store before the queue has them, and there again after a restart. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BulkheadError } from '../../runtime/errors.ts';
import type { Job } from '../../runtime/model/job.ts';
import { QueueType } from '../../runtime/model/messages.gen.ts';
import type { EmbeddedQueue } from '../../runtime/queue/embedded.ts';
import type { SqliteStore } from '../../runtime/store/sqlite.ts';
import { job } from './conformance.ts';
import { embeddedQueue } from './embedded.ts';

const backup = (change: Partial<Job> = {}) => job({ kept: true, queueType: QueueType.WITH_BACKUP, ...change });
const stored = (change: Partial<Job> = {}) => job({ kept: true, queueType: QueueType.DB_ONLY, ...change });

describe('kept jobs', () => {
  let folder: string;
  let queue: EmbeddedQueue;
  let store: SqliteStore;

  /** A process that begins; the one before it ended without a word. */
  async function restart(options: Parameters<typeof embeddedQueue>[0] = {}): Promise<number> {
    await store?.close();
    const made = embeddedQueue(options, join(folder, 'jobs.sqlite'));
    queue = made.queue;
    store = made.store;
    return await queue.open();
  }

  /** Takes the jobs of the default channel and settles each. */
  function run(taken: Job[], concurrency = 1): void {
    queue.consume('', concurrency, async ({ job: each }) => {
      taken.push(each);
      await store.jobs.settle(each.id, undefined, undefined, Date.now());
      return undefined;
    });
  }

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bulkhead-kept-'));
    await restart();
  });
  afterEach(async () => {
    await queue.close();
    await store.close();
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['with backup', backup],
    ['in the store only', stored],
  ])('%s: those that were taken are there after a restart, and run once', async (_, make) => {
    const jobs = [make(), make(), make()];
    for (const each of jobs) await queue.push(each);
    await restart();
    const taken: Job[] = [];
    run(taken);
    await expect.poll(() => taken.map(({ id }) => id)).toEqual(jobs.map(({ id }) => id));
    await restart();
    run(taken);
    await queue.refresh();
    expect(taken).toHaveLength(3);
  });

  it('a run that the process did not survive is run again and counted', async () => {
    const made = backup();
    await queue.push(made);
    const began = new Promise<void>((resolve) => {
      queue.consume('', 1, () => {
        resolve();
        return new Promise(() => {});
      });
    });
    await began;
    expect(await restart()).toBe(1);
    const taken: Job[] = [];
    run(taken);
    await expect.poll(() => taken).toMatchObject([{ id: made.id, attempt: 2, interruptions: 1 }]);
  });

  it('a job for later waits in the store and runs at its time', async () => {
    const at = Date.now() + 80;
    const made = backup({ runAfter: at });
    await queue.push(made);
    const times: number[] = [];
    queue.consume('', 1, async ({ job: each }) => {
      times.push(Date.now());
      await store.jobs.settle(each.id, undefined, undefined, 0);
      return undefined;
    });
    await expect.poll(() => times.length, { timeout: 3000 }).toBe(1);
    expect(times[0]).toBeGreaterThanOrEqual(at);
  });

  it('memory holds a window of what waits in the store, in the order of priority', async () => {
    const jobs = Array.from({ length: 200 }, (_, index) => stored({ priority: index % 50 === 0 ? 1 : 0 }));
    for (const each of jobs) await queue.push(each);
    expect(queue.channels()[0]?.waiting ?? 0).toBe(0);
    const taken: Job[] = [];
    run(taken, 2);
    await expect.poll(() => taken.length, { timeout: 5000 }).toBe(200);
    expect(taken.slice(0, 4).map(({ priority }) => priority)).toEqual([1, 1, 1, 1]);
    expect(new Set(taken.map(({ id }) => id)).size).toBe(200);
  });

  it('the store has its bound, and says so', async () => {
    await restart({ storeCapacity: 2 });
    await queue.push(stored());
    await queue.push(stored());
    await expect(queue.push(stored())).rejects.toThrow(/the store already holds 2 waiting jobs/);
    await restart({ storeCapacity: 2 });
    await expect(queue.push(stored())).rejects.toMatchObject({ code: 'queue-full' });
  });

  it('are cancelled where they wait, in memory or in the store', async () => {
    for (const each of [backup(), stored(), backup({ runAfter: Date.now() + 60_000 })]) {
      await queue.push(each);
      expect(await queue.cancel(each.id, new BulkheadError('cancelled', ''))).toMatchObject({ was: 'waiting' });
      await store.jobs.settle(each.id, undefined, undefined, 0);
      expect(await queue.find(each.id)).toBeUndefined();
    }
  });

  it('keep their key across a restart', async () => {
    await queue.push(stored({ uniqKey: 'k' }));
    await restart();
    await expect(queue.push(job({ uniqKey: 'k' }))).rejects.toMatchObject({ code: 'job-exists' });
    await expect(queue.push(backup({ uniqKey: 'k' }))).rejects.toMatchObject({ code: 'job-exists' });
  });

  it('go back to the store when the queue closes; only the others are answered', async () => {
    const [lost, safe] = [job(), backup()];
    await queue.push(lost);
    await queue.push(safe);
    expect(await queue.close()).toEqual([lost]);
    expect((await store.jobs.find(safe.id))?.state).toBe('waiting');
  });

  it('wait, and are not lost, while the store cannot take down their runs', async () => {
    const made = backup();
    await restart({ fetchIntervalMs: 10 });
    await queue.push(made);
    const begin = store.jobs.begin.bind(store.jobs);
    let failures = 0;
    store.jobs.begin = (id, now) => (failures++ < 3 ? Promise.reject(new Error('disk full')) : begin(id, now));
    const taken: Job[] = [];
    run(taken);
    await expect.poll(() => taken.map(({ id }) => id)).toEqual([made.id]);
    expect(failures).toBe(4);
  });

  it('are found when nobody can run them, and never those that wait for their own time', async () => {
    const [orphan, fresh, later] = [stored({ workerId: 9n }), stored(), stored({ runAfter: Date.now() + 60_000 })];
    for (const each of [orphan, fresh, later]) await queue.push(each);
    const isOrphan = ({ workerId }: Job) => workerId === 9n;
    const soon = Date.now() + 10;
    expect((await queue.stale(soon, isOrphan, true)).map(({ id }) => id)).toEqual([orphan.id]);
    expect((await queue.stale(soon, isOrphan, false)).map(({ id }) => id)).toEqual([orphan.id, fresh.id]);
    expect(await queue.stale(0, isOrphan, false)).toEqual([]);
    await queue.markStale([orphan.id]);
    expect(await queue.find(orphan.id)).toBeUndefined();
    expect(await queue.purge(Date.now() + 1000)).toBe(1);
  });
});
