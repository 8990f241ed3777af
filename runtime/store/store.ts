/**
 * The contract of a store: what has to outlive the process.
 *
 * A store keeps and finds; it does not decide. Names, channels and settings are checked before they get
 * here, and how long results are kept is said by the caller of {@link ResultStore.prune}.
 */
import type { JobResult } from '../model/messages.gen.ts';
import type { WorkerRecord } from '../model/worker.ts';

/** Workers, unique by id and by name. */
export interface WorkerStore {
  /** All of them, ordered by id. */
  all(): Promise<readonly WorkerRecord[]>;
  /** Throws `worker-exists` where the name is taken. */
  insert(record: WorkerRecord): Promise<void>;
  /** Replaces the record of the same id. Throws `worker-not-found`, or `worker-exists` where the name is taken. */
  update(record: WorkerRecord): Promise<void>;
  /** Whether there was one. */
  delete(id: bigint): Promise<boolean>;
}

/** Results of ended jobs. */
export interface ResultStore {
  /** Resolves when the result is as safe as the store makes it. Several at once may be written together. */
  insert(result: JobResult): Promise<void>;
  find(id: bigint): Promise<JobResult | undefined>;
  /** The results of a job, the last to end first; at most 1000. Sees all inserts that came before. */
  listByJob(jobId: bigint): Promise<readonly JobResult[]>;
  count(): Promise<number>;
  /**
   * Removes results that ended before `endedBefore` (milliseconds since 1970), and the oldest until at
   * most `keep` are left. Answers how many it removed.
   */
  prune(endedBefore: number, keep: number): Promise<number>;
}

/** A store. */
export interface Store {
  readonly workers: WorkerStore;
  readonly results: ResultStore;
  /** Writes what waits and closes. Nothing may be asked of the store after it. */
  close(): Promise<void>;
}
