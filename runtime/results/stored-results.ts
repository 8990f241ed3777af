/** Results of a single process: waiting callers in memory, kept results in the store. */
import type { Job } from '../model/job.ts';
import type { JobResult } from '../model/messages.gen.ts';
import type { IdGenerator } from '../model/snowflake.ts';
import type { ResultStore } from '../store/store.ts';
import type { LogSink } from '../telemetry/events.ts';
import { makeResult } from './job-result.ts';
import type { JobEnd, Results } from './results.ts';

/** How long and how many results are kept. */
export interface Retention {
  /** Milliseconds. Default: one day. */
  readonly maxAgeMs?: number;
  /** Default: 100,000. Up to one percent more are there between two clean-ups. */
  readonly maxCount?: number;
}

/** What results need. */
export interface StoredResultsParts {
  readonly store: ResultStore;
  readonly ids: IdGenerator;
  readonly log: LogSink;
  readonly retention?: Retention;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** See {@link Results}. The number of waiting callers is bounded by the queue and the channels. */
export class StoredResults implements Results {
  readonly #parts: StoredResultsParts;
  readonly #waiting = new Map<bigint, (result: JobResult) => void>();
  readonly #maxAgeMs: number;
  readonly #maxCount: number;
  readonly #pruneEvery: number;
  #sincePrune = 0;

  constructor(parts: StoredResultsParts) {
    this.#parts = parts;
    this.#maxAgeMs = parts.retention?.maxAgeMs ?? 24 * 60 * 60 * 1000;
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
  }

  async end(job: Job, end: JobEnd): Promise<void> {
    const result = makeResult(this.#parts.ids.next(), job, end);
    if (end.outcome.ok ? job.storeSuccess : job.storeFailure) await this.#store(result);
    const deliver = this.#waiting.get(job.id);
    if (!deliver) return;
    this.#waiting.delete(job.id);
    deliver(result);
  }

  async find(id: bigint): Promise<JobResult | undefined> {
    const result = await this.#parts.store.find(id);
    return result && this.#expired(result) ? undefined : result;
  }

  async listByJob(jobId: bigint): Promise<readonly JobResult[]> {
    const results = await this.#parts.store.listByJob(jobId);
    return results.filter((result) => !this.#expired(result));
  }

  #expired(result: JobResult): boolean {
    return Number(result.data?.end_time ?? 0n) < this.#expiry();
  }

  #expiry(): number {
    return (this.#parts.now ?? Date.now)() - this.#maxAgeMs;
  }

  async #store(result: JobResult): Promise<void> {
    const { store, log } = this.#parts;
    try {
      await store.insert(result);
      if (++this.#sincePrune < this.#pruneEvery) return;
      this.#sincePrune = 0;
      await store.prune(this.#expiry(), this.#maxCount);
    } catch (thrown) {
      log({
        level: 'error',
        message: 'a result could not be stored',
        fields: { job: result.data?.job_id?.value, error: thrown },
      });
    }
  }
}
