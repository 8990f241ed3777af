/** Results of a single process: waiting callers and listeners in memory, kept results in the store. */
import type { BulkheadError } from '../errors.ts';
import type { Job } from '../model/job.ts';
import { type JobResult, ResultStatus, StreamingType } from '../model/messages.gen.ts';
import type { IdGenerator } from '../model/snowflake.ts';
import type { JobStore, ResultFilter, ResultPage, ResultStore } from '../store/store.ts';
import { type EngineEvents, type LogSink, noEvents } from '../telemetry/events.ts';
import { makeResult } from './job-result.ts';
import { Listeners } from './listeners.ts';
import { Outputs } from './outputs.ts';
import { RecentResults } from './recent-results.ts';
import type { JobEnd, Listening, OutputReader, OutputSink, Results } from './results.ts';

/** How long and how many results are kept. */
export interface Retention {
  /** Milliseconds. Default: one day. */
  readonly maxAgeMs?: number;
  /** Default: 100,000. Up to one percent more are there between two clean-ups. */
  readonly maxCount?: number;
}

/** What results need. */
export interface StoredResultsParts {
  readonly store: { readonly results: ResultStore; readonly jobs: JobStore };
  readonly ids: IdGenerator;
  readonly log: LogSink;
  readonly events?: EngineEvents;
  readonly retention?: Retention;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** See {@link Results}. The number of waiting callers is bounded by the queue and the channels. */
export class StoredResults implements Results {
  readonly #parts: StoredResultsParts;
  readonly #waiting = new Map<bigint, (result: JobResult) => void>();
  readonly #listeners = new Listeners();
  readonly #outputs: Outputs;
  readonly #recent: RecentResults;
  readonly #now: () => number;
  readonly #maxAgeMs: number;
  readonly #maxCount: number;
  readonly #pruneEvery: number;
  readonly #endListeners: ((job: Job) => void)[] = [];
  #sincePrune = 0;

  constructor(parts: StoredResultsParts) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
    this.#maxAgeMs = parts.retention?.maxAgeMs ?? 24 * 60 * 60 * 1000;
    this.#outputs = new Outputs(this.#maxAgeMs, this.#now);
    this.#recent = new RecentResults(this.#maxAgeMs, this.#now);
    this.#maxCount = parts.retention?.maxCount ?? 100_000;
    this.#pruneEvery = Math.max(1, Math.floor(this.#maxCount / 100));
  }

  wait(jobId: bigint): Promise<JobResult> {
    return new Promise((resolve) => {
      this.#waiting.set(jobId, resolve);
    });
  }

  forget(jobId: bigint): void {
    this.#waiting.delete(jobId);
    this.#outputs.forget(jobId);
  }

  async end(job: Job, end: JobEnd): Promise<void> {
    const succeeded = end.status === ResultStatus.SUCCESS;
    const isStored = succeeded ? job.storeSuccess : job.storeFailure;
    // A job that waits for its next attempt has not ended; one that waits for its next period has.
    const isLast = end.status !== ResultStatus.ERROR_AND_RETRY;
    const result = isStored || this.#isAwaited(job) ? makeResult(this.#parts.ids.next(), job, end) : undefined;
    if (job.kept || isStored) await this.#store(job, isStored ? result : undefined, end.next);
    if (result) this.#publish(job, result, end, isStored, isLast);
    this.#tell(job, end, isLast);
    if (!end.next) for (const listener of this.#endListeners) listener(job);
  }

  /** Whether somebody waits for the job's result, or may come for it. */
  #isAwaited({ id, broadcast, streaming }: Job): boolean {
    return broadcast || streaming !== StreamingType.STREAMING_TYPE_NONE || this.#waiting.has(id);
  }

  #publish(job: Job, result: JobResult, end: JobEnd, isStored: boolean, isLast: boolean): void {
    if (job.broadcast) {
      if (isLast && !isStored) this.#recent.add(job.id, result);
      this.#listeners.publish(job.id, job.workerId, result, isLast);
    }
    if (isLast) this.#deliver(job, result, end);
  }

  onEnd(listener: (job: Job) => void): void {
    this.#endListeners.push(listener);
  }

  #tell(job: Job, { outcome, next, endedAt }: JobEnd, isLast: boolean): void {
    const { events = noEvents } = this.#parts;
    if (!isLast && next && !outcome.ok)
      events.retryScheduled(job, { afterMs: next.runAfter - endedAt, error: outcome.error });
    else events.jobEnded(job, outcome);
  }

  abandon(job: Job, reason: BulkheadError): void {
    this.#outputs.fail(job.id, reason);
    const deliver = this.#waiting.get(job.id);
    if (!deliver) return;
    this.#waiting.delete(job.id);
    const now = this.#now();
    const outcome = { ok: false, error: reason.toJSON(), metadata: {} } as const;
    const end = { outcome, status: ResultStatus.OTHER_ERROR, startedAt: now, endedAt: now };
    deliver(makeResult(this.#parts.ids.next(), job, end));
  }

  openOutput({ id, broadcast }: Job): OutputReader {
    return this.#outputs.of(id, broadcast).submitterReader();
  }

  sink({ id, broadcast }: Job): OutputSink {
    return this.#outputs.of(id, broadcast);
  }

  async ended(jobId: bigint): Promise<JobResult | undefined> {
    const recent = this.#recent.find(jobId);
    if (recent) return recent;
    const results = await this.listByJob(jobId);
    return results.find(({ data }) => data?.status !== ResultStatus.ERROR_AND_RETRY);
  }

  listen(jobId: bigint): Listening {
    return this.#listeners.ofJob(jobId);
  }

  listenOutput(jobId: bigint, expected: boolean): OutputReader | undefined {
    const found = this.#outputs.find(jobId);
    return found || expected ? (found ?? this.#outputs.of(jobId, true)).listener() : undefined;
  }

  listenByWorker(workerId: bigint): AsyncIterable<JobResult> {
    return this.#listeners.ofWorker(workerId);
  }

  async find(id: bigint): Promise<JobResult | undefined> {
    const result = await this.#parts.store.results.find(id);
    return result && this.#expired(result) ? undefined : result;
  }

  async listByJob(jobId: bigint): Promise<readonly JobResult[]> {
    const results = await this.#parts.store.results.listByJob(jobId);
    return results.filter((result) => !this.#expired(result));
  }

  async list(filter: ResultFilter, page: ResultPage): Promise<readonly JobResult[]> {
    return await this.#parts.store.results.list(this.#unexpired(filter), page);
  }

  async count(filter: ResultFilter): Promise<number> {
    return await this.#parts.store.results.count(this.#unexpired(filter));
  }

  delete(filter: ResultFilter): Promise<number> {
    return this.#parts.store.results.delete(filter);
  }

  deleteOne(id: bigint): Promise<boolean> {
    return this.#parts.store.results.deleteOne(id);
  }

  close(reason: BulkheadError): void {
    this.#listeners.failAll(reason);
    this.#outputs.failAll(reason);
  }

  #deliver(job: Job, result: JobResult, { outcome, status }: JobEnd): void {
    if (job.streaming !== StreamingType.STREAMING_TYPE_NONE) {
      const collects = job.streaming === StreamingType.STREAMING_TYPE_INTERNAL && outcome.ok;
      this.#outputs.finish(
        job.id,
        job.broadcast,
        result,
        status === ResultStatus.SUCCESS,
        collects ? outcome.output : undefined,
      );
    }
    const deliver = this.#waiting.get(job.id);
    if (!deliver) return;
    this.#waiting.delete(job.id);
    deliver(result);
  }

  #expired(result: JobResult): boolean {
    return Number(result.data?.end_time ?? 0n) < this.#expiry();
  }

  #unexpired(filter: ResultFilter): ResultFilter {
    const expiry = BigInt(this.#expiry());
    return filter.endFrom !== undefined && filter.endFrom > expiry ? filter : { ...filter, endFrom: expiry };
  }

  #expiry(): number {
    return this.#now() - this.#maxAgeMs;
  }

  /** Keeps the result, and settles the place of a job that is kept, in one step. */
  async #store(job: Job, result: JobResult | undefined, next: Job | undefined): Promise<void> {
    const { store, log } = this.#parts;
    try {
      if (job.kept) await store.jobs.settle(job.id, result, next, this.#now());
      else if (result) await store.results.insert(result);
      if (!result || ++this.#sincePrune < this.#pruneEvery) return;
      this.#sincePrune = 0;
      await store.results.prune(this.#expiry(), this.#maxCount);
    } catch (thrown) {
      log({ level: 'error', message: 'a result could not be stored', fields: { job: job.id, error: thrown } });
    }
  }
}
