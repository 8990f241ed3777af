/** The queue of a single process: in memory and bounded, with the store behind it for the jobs that are kept. */
import { BulkheadError } from '../errors.ts';
import { displayName } from '../model/channel.ts';
import { type Job, waitsInStore } from '../model/job.ts';
import { startTimer, type Timer } from '../model/timer.ts';
import type { JobStore } from '../store/store.ts';
import type { LogSink } from '../telemetry/events.ts';
import { Channel } from './channel.ts';
import { Entry } from './entry.ts';
import type { Cancelled, ChannelState, Consumer, Handler, JobQueue, JobView, ViewFilter } from './queue.ts';
import { StaleJobs } from './stale-jobs.ts';
import { Views } from './views.ts';

/** What the queue works with. */
export interface EmbeddedQueueParts {
  readonly store: JobStore;
  readonly log: LogSink;
  /** Most jobs that may wait in memory in a channel. Default: 10,000. */
  readonly capacity?: number;
  /** Most jobs that may lie in the store. Default: 1,000,000. */
  readonly storeCapacity?: number;
  /** How often the store is looked at for jobs whose time has come, at the latest; milliseconds. Default: 1000. */
  readonly fetchIntervalMs?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** Hands jobs over without polling; the store is asked when there is room for what waits in it. */
export class EmbeddedQueue implements JobQueue {
  readonly #store: JobStore;
  readonly #log: LogSink;
  readonly #capacity: number;
  readonly #storeCapacity: number;
  readonly #fetchIntervalMs: number;
  readonly #now: () => number;
  readonly #channels = new Map<string, Channel>();
  /** Every job that is in memory, by id. */
  readonly #entries = new Map<bigint, Entry>();
  readonly #keys = new Set<string>();
  readonly #views: Views;
  readonly #stale: StaleJobs;
  /** Jobs in the store; exact, because nobody else writes there. */
  #stored = 0;
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor({ store, log, now = Date.now, ...options }: EmbeddedQueueParts) {
    this.#store = store;
    this.#log = log;
    this.#now = now;
    this.#capacity = options.capacity ?? 10_000;
    this.#storeCapacity = options.storeCapacity ?? 1_000_000;
    this.#fetchIntervalMs = options.fetchIntervalMs ?? 1000;
    this.#views = new Views(this.#entries, store, now);
    this.#stale = new StaleJobs(store, now);
  }

  async open(): Promise<number> {
    const interrupted = await this.#store.recover(this.#now());
    this.#stored = await this.#store.count({ states: ['waiting', 'stale'] });
    await this.#wake();
    return interrupted;
  }

  async push(job: Job): Promise<void> {
    if (this.#closed) throw new BulkheadError('shutting-down', 'the server is stopping and takes no new jobs');
    const inStore = waitsInStore(job, this.#now());
    const channel = this.#channel(job.channel);
    if (inStore ? this.#stored >= this.#storeCapacity : channel.waiting >= this.#capacity)
      throw full(job.channel, inStore ? this.#storeCapacity : this.#capacity, inStore);
    if (!job.kept && job.uniqKey === undefined) return this.#enter(job);
    if (job.uniqKey !== undefined) await this.#reserve(job.uniqKey);
    try {
      if (job.kept) await this.#insert(job, inStore);
      if (!inStore) this.#enter(job);
    } catch (thrown) {
      if (job.uniqKey !== undefined) this.#keys.delete(job.uniqKey);
      throw thrown;
    }
    // The store's own index keeps the key of a job that lies there only.
    if (inStore && job.uniqKey !== undefined) this.#keys.delete(job.uniqKey);
  }

  consume(channel: string, concurrency: number, handler: Handler): Consumer {
    return this.#channel(channel).consume(concurrency, (entry) => this.#process(entry, handler));
  }

  async cancel(id: bigint, reason: BulkheadError): Promise<Cancelled> {
    const entry = this.#entries.get(id);
    if (entry?.startedAt !== undefined) {
      entry.cancel(reason);
      return { was: 'running' };
    }
    if (entry) {
      this.#leave(entry);
      return { was: 'waiting', job: entry.job };
    }
    const job = await this.#store.take(id);
    if (!job) return { was: 'unknown' };
    this.#stored--;
    return { was: 'waiting', job };
  }

  find(id: bigint): Promise<JobView | undefined> {
    return this.#views.find(id);
  }

  list(filter: ViewFilter, limit: number, offset = 0, newestFirst = false): Promise<readonly JobView[]> {
    return this.#views.list(filter, limit, offset, newestFirst);
  }

  count(filter: ViewFilter): ReturnType<JobQueue['count']> {
    return this.#views.count(filter);
  }

  channels(): readonly ChannelState[] {
    return [...this.#channels.values()].map((channel) => channel.state);
  }

  get stored(): number {
    return this.#stored;
  }

  async refresh(): Promise<number> {
    await this.#wake();
    return this.#store.count({ states: ['waiting'] });
  }

  stale(updatedBefore: number, isOrphan: (job: Job) => boolean, orphansOnly: boolean): Promise<readonly Job[]> {
    return this.#stale.find(updatedBefore, isOrphan, orphansOnly);
  }

  markStale(ids: readonly bigint[]): Promise<readonly Job[]> {
    return this.#stale.mark(ids);
  }

  async purge(markedBefore: number): Promise<number> {
    const purged = await this.#store.purge(markedBefore);
    this.#stored -= purged;
    return purged;
  }

  async close(): Promise<readonly Job[]> {
    this.#closed = true;
    this.#timer?.cancel();
    const waiting = [...this.#entries.values()].filter((entry) => entry.startedAt === undefined);
    for (const entry of waiting) this.#leave(entry);
    const kept = waiting.filter(({ job }) => job.kept);
    await this.#store.giveBack(kept.map(({ job }) => job.id));
    return waiting.filter(({ job }) => !job.kept).map(({ job }) => job);
  }

  /** The job is in memory from now on. */
  #enter(job: Job): void {
    const entry = new Entry(job, this.#now());
    this.#entries.set(job.id, entry);
    if (job.uniqKey !== undefined) this.#keys.add(job.uniqKey);
    const channel = this.#channel(job.channel);
    const wait = job.runAfter - this.#now();
    if (wait <= 0) {
      channel.push(entry);
      return;
    }
    channel.delayed++;
    entry.timer = startTimer(wait, () => {
      entry.timer = undefined;
      channel.delayed--;
      channel.push(entry);
    });
  }

  /** A waiting entry is not in memory any more. */
  #leave(entry: Entry): void {
    const channel = this.#channel(entry.job.channel);
    if (entry.timer) {
      entry.timer.cancel();
      entry.timer = undefined;
      channel.delayed--;
    }
    channel.remove(entry);
    this.#forget(entry);
  }

  #forget({ job }: Entry): void {
    this.#entries.delete(job.id);
    if (job.uniqKey !== undefined) this.#keys.delete(job.uniqKey);
  }

  async #reserve(key: string): Promise<void> {
    const taken = this.#keys.has(key);
    this.#keys.add(key);
    if (!taken && !(await this.#store.hasKey(key))) return;
    if (!taken) this.#keys.delete(key);
    throw new BulkheadError('job-exists', `a job with the uniq_key '${key}' is under way already`, {
      details: { uniq_key: key },
    });
  }

  async #insert(job: Job, inStore: boolean): Promise<void> {
    if (inStore) this.#stored++;
    try {
      await this.#store.insert(job, !inStore);
    } catch (thrown) {
      if (inStore) this.#stored--;
      throw thrown;
    }
    if (!inStore) return;
    if (job.runAfter > this.#now()) this.#wakeAt(job.runAfter);
    else this.#offer(job.channel);
  }

  async #process(entry: Entry, handler: Handler): Promise<void> {
    const { job } = entry;
    const now = this.#now();
    entry.begin(now);
    try {
      // What starts is written down first, so that a run that the process does not survive is known to have begun.
      if (job.kept) await this.#store.begin(job.id, now);
    } catch (thrown) {
      this.#log({
        level: 'error',
        message: 'the store did not take down a run',
        fields: { job: job.id, error: thrown },
      });
      return this.#later(entry);
    }
    try {
      const next = await handler(entry);
      this.#forget(entry);
      if (next) this.#again(next);
    } catch (thrown) {
      this.#forget(entry);
      this.#log({ level: 'error', message: 'a job could not be run', fields: { job: job.id, error: thrown } });
    }
  }

  /** The store is in trouble: the job waits in memory and is tried again. */
  #later(entry: Entry): void {
    this.#forget(entry);
    if (!this.#closed) this.#enter({ ...entry.job, runAfter: this.#now() + this.#fetchIntervalMs });
  }

  /** The next attempt or period of a job whose end is settled. */
  #again(job: Job): void {
    if (!job.kept) {
      if (!this.#closed) this.#enter(job);
      return;
    }
    this.#stored++;
    if (job.runAfter > this.#now()) this.#wakeAt(job.runAfter);
    else this.#offer(job.channel);
  }

  #channel(name: string): Channel {
    const known = this.#channels.get(name);
    if (known) return known;
    const channel = new Channel(name, () => void this.#claim(name, channel));
    this.#channels.set(name, channel);
    return channel;
  }

  /** The store has a job for the channel. */
  #offer(name: string): void {
    const channel = this.#channel(name);
    channel.storeHasMore = true;
    channel.fill();
  }

  /** Brings jobs of the store into memory, as many as the channel can soon run. */
  async #claim(name: string, channel: Channel): Promise<void> {
    if (this.#closed) return;
    channel.claiming = true;
    const wanted = channel.appetite;
    channel.storeHasMore = false;
    try {
      const jobs = await this.#store.claim(name, wanted);
      this.#stored -= jobs.length;
      if (jobs.length === wanted) channel.storeHasMore = true;
      for (const job of jobs) this.#enter(job);
    } catch (thrown) {
      channel.storeHasMore = true;
      this.#log({
        level: 'error',
        message: 'the store did not give its jobs',
        fields: { channel: name, error: thrown },
      });
      this.#wakeAt(this.#now() + this.#fetchIntervalMs);
    } finally {
      channel.claiming = false;
    }
    channel.fill();
  }

  /** Makes stored jobs available whose time has come, and comes back for the next. */
  async #wake(): Promise<void> {
    this.#timerAt = Number.POSITIVE_INFINITY;
    if (this.#closed) return;
    try {
      const next = await this.#store.wake(this.#now());
      if (next !== undefined) this.#wakeAt(next);
    } catch (thrown) {
      this.#log({ level: 'error', message: 'the store did not tell which jobs are due', fields: { error: thrown } });
      this.#wakeAt(this.#now() + this.#fetchIntervalMs);
    }
    for (const name of this.#channels.keys()) this.#offer(name);
  }

  /** Looks at the store at that time, or sooner. */
  #wakeAt(time: number): void {
    if (time >= this.#timerAt || this.#closed) return;
    this.#timer?.cancel();
    this.#timerAt = time;
    this.#timer = startTimer(Math.max(0, time - this.#now()), () => void this.#wake());
  }
}

function full(channel: string, capacity: number, inStore: boolean): BulkheadError {
  const what = inStore
    ? `the store already holds ${capacity} waiting jobs`
    : `channel ${displayName(channel)} already holds ${capacity} waiting jobs`;
  return new BulkheadError('queue-full', `${what}; try again later`, { details: { channel, capacity } });
}
