/** What every queue has to do. A queue's test file calls it with a way to open an empty one. */
import { describe, expect, it } from 'vitest';
import type { Job } from '../../runtime/model/job.ts';
import { Priority } from '../../runtime/model/messages.gen.ts';
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
