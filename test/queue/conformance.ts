/** What every queue has to do. A queue's test file calls it with a way to open an empty one. */
import { describe, expect, it } from 'vitest';
import { BulkheadError } from '../../runtime/errors.ts';
import type { Job } from '../../runtime/model/job.ts';
import { JobProcessingStatus, Priority } from '../../runtime/model/messages.gen.ts';
import type { Handler, JobQueue } from '../../runtime/queue/queue.ts';

let jobs = 0n;

/** A job for tests. */
export function job(change: Partial<Job> = {}): Job {
  return {
    id: ++jobs,
    workerId: 1n,
    workerName: 'w',
    channel: '',
    args: new Uint8Array([1]),
    metadata: {},
    method: 'run',
    priority: Priority.PRIORITY_MEDIUM,
    timeoutMs: 0,
    enqueuedAt: 0,
    runAfter: 0,
    attempt: 1,
    interruptions: 0,
    periodMs: 0,
    phaseAt: 0,
    queueType: 0,
    kept: false,
    streaming: 0,
    responseType: 0,
    storeSuccess: false,
    storeFailure: false,
    broadcast: false,
    ...change,
  };
}

interface Held {
  readonly job: Job;
  done(): void;
}

/** A handler that holds every job until the test lets it go. */
function holding(): { readonly held: Held[]; readonly handler: Handler; most: number } {
  const held: Held[] = [];
  let active = 0;
  const state = {
    held,
    most: 0,
    handler: ({ job: taken }: { readonly job: Job }): Promise<Job | undefined> => {
      state.most = Math.max(state.most, ++active);
      return new Promise<Job | undefined>((resolve) => {
        held.push({ job: taken, done: () => resolve(undefined) });
      }).finally(() => active--);
    },
  };
  return state;
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 5));
}

function waiting(queue: JobQueue, channel: string): number | undefined {
  return queue.channels().find(({ name }) => name === channel)?.waiting;
}

/** Runs the suite. `capacity` is what `open` gives the queue. */
export function queueConformance(name: string, open: (capacity: number) => JobQueue): void {
  describe(`${name} as a queue`, () => {
    it('hands jobs out by priority, and in order of arrival within one', async () => {
      const queue = open(100);
      const order = [
        Priority.PRIORITY_LOW,
        Priority.PRIORITY_MEDIUM,
        Priority.PRIORITY_HIGH,
        Priority.PRIORITY_MEDIUM,
        Priority.PRIORITY_HIGH,
      ];
      const pushed = order.map((priority) => job({ priority }));
      for (const each of pushed) await queue.push(each);
      const taken: Job[] = [];
      queue.consume('', 1, async ({ job: each }) => {
        taken.push(each);
        return undefined;
      });
      await settle();
      expect(taken).toEqual([2, 4, 1, 3, 0].map((index) => pushed[index]));
    });

    it('gives the workers of a channel their turns: one with many jobs does not hold up the others', async () => {
      const queue = open(100);
      const crowd = Array.from({ length: 6 }, () => job({ workerId: 1n }));
      const pushed = [...crowd, job({ workerId: 2n }), job({ workerId: 3n }), job({ workerId: 2n })];
      for (const each of pushed) await queue.push(each);
      const taken: bigint[] = [];
      queue.consume('', 1, async ({ job: { workerId } }) => {
        taken.push(workerId);
        return undefined;
      });
      await settle();
      expect(taken).toEqual([1n, 2n, 3n, 1n, 2n, 1n, 1n, 1n, 1n]);
    });

    it('takes another number of jobs at a time when it is told to', async () => {
      const queue = open(100);
      const state = holding();
      const consumer = queue.consume('', 1, state.handler);
      for (let i = 0; i < 6; i++) await queue.push(job());
      await settle();
      expect(state.held).toHaveLength(1);
      consumer.resize(3);
      await settle();
      expect(state.held).toHaveLength(3);
      consumer.resize(1);
      for (let i = 0; i < 2; i++) state.held.shift()?.done();
      await settle();
      expect(state.held).toHaveLength(1);
    });

    it('takes a waiting job out, tells the consumer of a running one, and knows no other', async () => {
      const queue = open(100);
      const reason = new BulkheadError('cancelled', 'test');
      const reasons: unknown[] = [];
      let end = (): void => {};
      queue.consume('', 1, (lease) => {
        lease.onCancel((why) => reasons.push(why));
        return new Promise((resolve) => {
          end = () => resolve(undefined);
        });
      });
      const [running, waiting] = [job(), job()];
      await queue.push(running);
      await queue.push(waiting);
      expect(await queue.cancel(waiting.id, reason)).toEqual({ was: 'waiting', job: waiting });
      expect(await queue.cancel(running.id, reason)).toEqual({ was: 'running' });
      expect(await queue.cancel(running.id, new BulkheadError('cancelled', 'again'))).toEqual({ was: 'running' });
      expect(reasons).toEqual([reason]);
      expect((await queue.find(running.id))?.status).toBe(JobProcessingStatus.CANCELLING);
      end();
      await settle();
      expect(await queue.cancel(running.id, reason)).toEqual({ was: 'unknown' });
      expect(await queue.find(waiting.id)).toBeUndefined();
    });

    it('refuses a second job with the same key while the first is under way', async () => {
      const queue = open(100);
      const first = job({ uniqKey: 'k' });
      await queue.push(first);
      await expect(queue.push(job({ uniqKey: 'k' }))).rejects.toMatchObject({ code: 'job-exists' });
      await queue.push(job({ uniqKey: 'other' }));
      await queue.cancel(first.id, new BulkheadError('cancelled', 'test'));
      await queue.push(job({ uniqKey: 'k' }));
    });

    it('runs what its handler answers once more, when its time has come', async () => {
      const queue = open(100);
      const attempts: number[] = [];
      queue.consume('', 1, async ({ job: each }) => {
        attempts.push(each.attempt);
        return each.attempt < 3 ? { ...each, attempt: each.attempt + 1, runAfter: Date.now() + 20 } : undefined;
      });
      const made = job();
      await queue.push(made);
      await expect.poll(() => attempts).toEqual([1, 2, 3]);
      await expect.poll(() => queue.find(made.id)).toBeUndefined();
    });

    it('tells where its jobs are, by state, channel and worker', async () => {
      const queue = open(100);
      const state = holding();
      queue.consume('', 1, state.handler);
      const jobs = [job(), job(), job({ channel: 'c', workerId: 7n })];
      for (const each of jobs) await queue.push(each);
      await settle();
      const ids = async (...args: Parameters<JobQueue['list']>) =>
        (await queue.list(...args)).map(({ job: { id } }) => id);
      expect(await ids({}, 10)).toEqual(jobs.map(({ id }) => id));
      expect(await ids({}, 1, 1, true)).toEqual([jobs[1]?.id]);
      expect(await ids({ status: JobProcessingStatus.RUNNING }, 10)).toEqual([jobs[0]?.id]);
      expect(await ids({ status: JobProcessingStatus.PENDING, channel: '' }, 10)).toEqual([jobs[1]?.id]);
      expect(await ids({ workerId: 7n }, 10)).toEqual([jobs[2]?.id]);
      expect(await ids({ minElapsedMs: 0 }, 10)).toEqual([jobs[0]?.id]);
      expect(await ids({ minElapsedMs: 60_000 }, 10)).toEqual([]);
      expect(Object.fromEntries(await queue.count({}))).toEqual({
        [JobProcessingStatus.PENDING]: 2,
        [JobProcessingStatus.RUNNING]: 1,
      });
    });

    it('never exceeds the concurrency, and uses all of it', async () => {
      const queue = open(100);
      const state = holding();
      queue.consume('', 3, state.handler);
      for (let i = 0; i < 10; i++) await queue.push(job());
      await settle();
      expect(state.held).toHaveLength(3);
      while (state.held.length > 0) {
        state.held.shift()?.done();
        await settle();
      }
      expect(state.most).toBe(3);
      expect(waiting(queue, '')).toBe(0);
    });

    it('keeps channels apart', async () => {
      const queue = open(100);
      const a = holding();
      queue.consume('a', 1, a.handler);
      await queue.push(job({ channel: 'b' }));
      await queue.push(job({ channel: 'a' }));
      await settle();
      expect(a.held.map((each) => each.job.channel)).toEqual(['a']);
      expect(waiting(queue, 'b')).toBe(1);
    });

    it('refuses a job beyond its capacity and takes one again when there is room', async () => {
      const queue = open(2);
      await queue.push(job());
      await queue.push(job());
      await expect(queue.push(job())).rejects.toMatchObject({ code: 'queue-full' });
      await queue.push(job({ channel: 'other' }));
      queue.consume('', 1, async () => undefined);
      await settle();
      await queue.push(job());
    });

    it('takes no more when its consumer closes, and waits for the handlers under way', async () => {
      const queue = open(100);
      const state = holding();
      const consumer = queue.consume('', 1, state.handler);
      await queue.push(job());
      await queue.push(job());
      let closed = false;
      const closing = consumer.close().then(() => {
        closed = true;
      });
      await settle();
      expect(closed).toBe(false);
      state.held[0]?.done();
      await closing;
      await settle();
      expect(state.held).toHaveLength(1);
      expect(waiting(queue, '')).toBe(1);
    });

    it('answers what nobody will run when it closes, and takes nothing more', async () => {
      const queue = open(100);
      const [first, second] = [job(), job({ channel: 'x' })];
      await queue.push(first);
      await queue.push(second);
      expect(new Set(await queue.close())).toEqual(new Set([first, second]));
      await expect(queue.push(job())).rejects.toMatchObject({ code: 'shutting-down' });
    });

    it('passes ten thousand jobs on in order', async () => {
      const queue = open(10_000);
      const pushed = Array.from({ length: 10_000 }, () => job());
      for (const each of pushed) await queue.push(each);
      const taken: bigint[] = [];
      queue.consume('', 1, async ({ job: each }) => {
        taken.push(each.id);
        return undefined;
      });
      while (taken.length < pushed.length) await settle();
      expect(taken).toEqual(pushed.map(({ id }) => id));
    });
  });
}
