/**
 * Workers that are made for single jobs of callers who name a runner, and go when those have ended.
 *
 * They are in memory; those whose jobs survive the process are in the store as well. With `use_static`, callers who ask
 * for the same share one, which stays a while after its last job so that its instance does: at most
 * {@link mostIdle} of them, the one that was idle for the longest goes first.
 */
import { BulkheadError } from '../errors.ts';
import { QueueType, type WorkerData } from '../model/messages.gen.ts';
import type { WorkerRecord } from '../model/worker.ts';
import type { Store } from '../store/store.ts';

/** What temporary workers need. */
export interface TemporaryWorkersParts {
  readonly store: Pick<Store, 'workers' | 'jobs'>;
  /** Makes the record of a new worker. */
  readonly record: (data: WorkerData) => WorkerRecord;
  /** Told when one is gone. */
  readonly gone: (workerId: bigint) => void;
  /** Most of them at a time. */
  readonly most: number;
}

/** Shared workers without a job that are kept. */
const mostIdle = 64;

interface Temporary {
  readonly record: WorkerRecord;
  /** What callers who share it ask for; missing: it is for one job. */
  readonly key?: string;
  /** Jobs that have not ended. */
  jobs: number;
}

export class TemporaryWorkers {
  readonly #parts: TemporaryWorkersParts;
  readonly #byId = new Map<bigint, Temporary>();
  readonly #shared = new Map<string, Temporary>();
  /** Shared ones without a job, the longest idle first. */
  readonly #idle = new Set<Temporary>();

  constructor(parts: TemporaryWorkersParts) {
    this.#parts = parts;
  }

  byId(id: bigint): WorkerRecord | undefined {
    return this.#byId.get(id)?.record;
  }

  /** One that an earlier process left in the store: it is kept for the jobs that it still has. */
  async adopt(record: WorkerRecord): Promise<void> {
    const { workers, jobs } = this.#parts.store;
    const waiting = await jobs.count({ states: ['waiting', 'held', 'running'], workerId: record.id });
    if (waiting > 0) this.#byId.set(record.id, { record, jobs: waiting });
    else await workers.delete(record.id);
  }

  /** A worker for one more job, which is to be told of by {@link jobEnded} in any case. Throws `queue-full`. */
  async borrow(data: WorkerData): Promise<WorkerRecord> {
    const key = data.use_static ? keyOf(data) : undefined;
    const shared = key === undefined ? undefined : this.#shared.get(key);
    if (shared) {
      shared.jobs++;
      this.#idle.delete(shared);
      return shared.record;
    }
    if (this.#byId.size >= this.#parts.most)
      throw new BulkheadError('queue-full', `${this.#parts.most} temporary workers are at work, which is the limit`);
    const made: WorkerRecord = { ...this.#parts.record(data), temporary: true };
    const record = { ...made, data: { ...made.data, name: `${data.name}_${made.id.toString(16)}` } };
    const temporary = { record, jobs: 1, ...(key !== undefined && { key }) };
    this.#byId.set(record.id, temporary);
    if (key !== undefined) this.#shared.set(key, temporary);
    try {
      if (isStored(record)) await this.#parts.store.workers.insert(record);
      return record;
    } catch (thrown) {
      this.#forget(temporary);
      throw thrown;
    }
  }

  /** A job has ended, or was not queued after all. Others than temporary workers are nothing to it. */
  async jobEnded(workerId: bigint): Promise<void> {
    const temporary = this.#byId.get(workerId);
    if (!temporary || --temporary.jobs > 0) return;
    if (temporary.key === undefined) return this.#remove(temporary);
    this.#idle.add(temporary);
    const [longest] = this.#idle;
    if (this.#idle.size > mostIdle && longest) await this.#remove(longest);
  }

  async #remove(temporary: Temporary): Promise<void> {
    this.#forget(temporary);
    this.#parts.gone(temporary.record.id);
    if (isStored(temporary.record)) await this.#parts.store.workers.delete(temporary.record.id);
  }

  #forget(temporary: Temporary): void {
    this.#byId.delete(temporary.record.id);
    this.#idle.delete(temporary);
    if (temporary.key !== undefined) this.#shared.delete(temporary.key);
  }
}

/** Whether its jobs are to find it after the process. */
function isStored({ data }: WorkerRecord): boolean {
  return data.queue_type !== QueueType.NORMAL;
}

/** The same for callers who ask for the same. */
function keyOf({ runner_settings: settings, runner_id: runner, ...rest }: WorkerData): string {
  return JSON.stringify([String(runner?.value), Buffer.from(settings).toString('base64'), rest]);
}
