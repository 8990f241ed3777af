/** What may be asked of jobs that have not ended: find, cancel, feed, and tidy up. */
import { BulkheadError } from '../errors.ts';
import type { Job } from '../model/job.ts';
import { JobProcessingStatus, ResultStatus, StreamingType } from '../model/messages.gen.ts';
import type { WorkerDirectory, WorkerRecord } from '../model/worker.ts';
import type { PluginCatalogue } from '../plugins/catalogue.ts';
import type { Feeds } from '../queue/feeds.ts';
import type { JobQueue } from '../queue/queue.ts';
import type { Results } from '../results/results.ts';
import type { Jobs, JobView, ViewFilter } from './admission.ts';

/** What the desk works with. */
export interface JobDeskParts {
  readonly queue: JobQueue;
  readonly feeds: Feeds;
  readonly results: Pick<Results, 'end'>;
  readonly workers: WorkerDirectory;
  readonly plugins: PluginCatalogue;
  /** Whether the guide's preconditions for feeding hold. */
  readonly isFeedable: (worker: WorkerRecord) => boolean;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** See {@link Jobs}. */
export class JobDesk implements Jobs {
  readonly #parts: JobDeskParts;
  readonly #now: () => number;

  constructor(parts: JobDeskParts) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
  }

  async cancel(id: bigint): Promise<boolean> {
    const reason = new BulkheadError('cancelled', 'the job was cancelled on request');
    const cancelled = await this.#parts.queue.cancel(id, reason);
    if (cancelled.was === 'waiting') await this.#end(cancelled.job, reason, ResultStatus.CANCELLED);
    return cancelled.was !== 'unknown';
  }

  feed(id: bigint, chunk: Uint8Array, isFinal: boolean): Promise<void> {
    return this.#parts.feeds.push(id, chunk, isFinal);
  }

  async feedRunning(id: bigint, chunk: Uint8Array, isFinal: boolean): Promise<void> {
    const view = await this.find(id);
    if (!view) throw jobNotFound(id);
    const obstacle = this.#feedObstacle(view);
    if (obstacle) throw new BulkheadError('feed-refused', `job ${id} ${obstacle}`, { details: { job_id: String(id) } });
    await this.feed(id, chunk, isFinal);
  }

  find(id: bigint): Promise<JobView | undefined> {
    return this.#parts.queue.find(id);
  }

  list(filter: ViewFilter, limit: number, offset?: number, newestFirst?: boolean): Promise<readonly JobView[]> {
    return this.#parts.queue.list(filter, limit, offset, newestFirst);
  }

  count(filter: ViewFilter): ReturnType<Jobs['count']> {
    return this.#parts.queue.count(filter);
  }

  async restore(): Promise<void> {
    await this.#parts.queue.refresh();
  }

  async purgeStale(olderThanMs: number, orphansOnly: boolean): Promise<number> {
    const { queue } = this.#parts;
    const served = new Set(queue.channels().flatMap(({ name, concurrency }) => (concurrency > 0 ? [name] : [])));
    const isOrphan = (job: Job): boolean => !served.has(job.channel) || !this.#parts.workers.byId(job.workerId);
    const found = await queue.stale(this.#now() - olderThanMs, isOrphan, orphansOnly);
    const marked = await queue.markStale(found.map(({ id }) => id));
    const reason = new BulkheadError('cancelled', 'the job was purged: it waited for too long, or nobody can run it');
    // The job stays where it is, marked; only its result is new.
    for (const job of marked) await this.#end({ ...job, kept: false }, reason, ResultStatus.ABORT);
    return marked.length;
  }

  cleanUp(olderThanMs: number): Promise<number> {
    return this.#parts.queue.purge(this.#now() - olderThanMs);
  }

  /** Ends a job that never ran, or does not run again. */
  async #end(job: Job, reason: BulkheadError, status: ResultStatus): Promise<void> {
    this.#parts.feeds.close(job.id);
    const now = this.#now();
    const outcome = { ok: false, error: reason.toJSON(), metadata: {} } as const;
    await this.#parts.results.end(job, { outcome, status, startedAt: now, endedAt: now });
  }

  #feedObstacle({ job, status }: JobView): string | undefined {
    if (job.streaming === StreamingType.STREAMING_TYPE_NONE) return 'does not stream, so it takes no feed';
    if (status !== JobProcessingStatus.RUNNING) return 'does not run (yet, or any more); feed it while it is RUNNING';
    const worker = this.#parts.workers.byId(job.workerId);
    const runner = this.#parts.plugins.byId(worker?.data.runner_id?.value ?? 0n);
    const method = runner?.plugin.runner.methods.find(({ name }) => name === job.method);
    // A job may outlive its plugin's place in the catalogue; whether it reads is then for its instance to say.
    if (runner && !method?.needFeed) return `runs method '${job.method}', which reads no feed (need_feed)`;
    if (!worker || !this.#parts.isFeedable(worker))
      return 'may only be fed if its worker has use_static and its channel a concurrency of 1';
    return undefined;
  }
}

/** A job that is not there, or not any more. */
function jobNotFound(id: bigint): BulkheadError {
  return new BulkheadError('job-not-found', `there is no job ${id} that has not ended`, {
    details: { job_id: String(id) },
  });
}
