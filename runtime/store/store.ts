/**
 * The contract of a store: what has to outlive the process.
 *
 * A store keeps and finds; it does not decide. Names, channels and settings are checked before they get
 * here, and how long results are kept is said by the caller of {@link ResultStore.prune}.
 */
import type { Job } from '../model/job.ts';
import type { FunctionSetData, JobResult, JobResultSortField, Priority, ResultStatus } from '../model/messages.gen.ts';
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

/** Which results are meant: all that is set has to hold; an empty list excludes nothing. Times are milliseconds since 1970. */
export interface ResultFilter {
  readonly workerIds?: readonly bigint[];
  /** Of these workers and no others, however few they are: an empty list excludes all. */
  readonly within?: readonly bigint[] | undefined;
  readonly statuses?: readonly ResultStatus[];
  readonly priorities?: readonly Priority[];
  readonly uniqKey?: string;
  readonly startFrom?: bigint;
  readonly startTo?: bigint;
  readonly endFrom?: bigint;
  readonly endTo?: bigint;
  /** Ended before, not at, that time. */
  readonly endBefore?: bigint;
}

/** Order and part of a list of results. */
export interface ResultPage {
  readonly limit: number;
  readonly offset: bigint;
  readonly sortBy: JobResultSortField;
  readonly ascending: boolean;
}

/** Results of ended jobs. */
export interface ResultStore {
  /** Resolves when the result is as safe as the store makes it. Several at once may be written together. */
  insert(result: JobResult): Promise<void>;
  find(id: bigint): Promise<JobResult | undefined>;
  /** The results of a job, the last to end first; at most 1000. Sees all inserts that came before. */
  listByJob(jobId: bigint): Promise<readonly JobResult[]>;
  list(filter: ResultFilter, page: ResultPage): Promise<readonly JobResult[]>;
  count(filter?: ResultFilter): Promise<number>;
  /** Removes what the filter means. Answers how many. */
  delete(filter: ResultFilter): Promise<number>;
  /** Whether there was one. */
  deleteOne(id: bigint): Promise<boolean>;
  /**
   * Removes results that ended before `endedBefore` (milliseconds since 1970), and the oldest until at
   * most `keep` are left. Answers how many it removed.
   */
  prune(endedBefore: number, keep: number): Promise<number>;
}

/** Where a stored job is on its way. */
export type StoredState = 'waiting' | 'held' | 'running' | 'stale';

/** A stored job with its place. */
export interface StoredJob {
  readonly job: Job;
  readonly state: StoredState;
  /** Milliseconds since 1970. */
  readonly updatedAt: number;
}

/** Which stored jobs are meant; stale ones only where they are asked for. */
export interface StoredFilter {
  readonly states: readonly StoredState[];
  readonly channel?: string;
  readonly workerId?: bigint;
  /** Of these workers and no others, however few they are. */
  readonly within?: readonly bigint[] | undefined;
  /** Not written since; milliseconds since 1970. */
  readonly updatedBefore?: number;
}

/**
 * Jobs that outlive the process. One process holds a store's jobs: what it took into memory is `held` or
 * `running`, and only `waiting` jobs are given out. Each method's writes happen together or not at all.
 */
export interface JobStore {
  /**
   * Once, before anything else: nothing is held any more. Jobs that ran when the process ended count one more
   * attempt and one more interruption. Answers how many these were.
   */
  recover(now: number): Promise<number>;
  /** Resolves when the job is safe. `held`: it is in memory, too. Throws `job-exists` where its unique key is taken. */
  insert(job: Job, held: boolean): Promise<void>;
  /** Makes jobs whose time has come available; answers when the next one's comes, undefined where none waits for it. */
  wake(now: number): Promise<number | undefined>;
  /** Takes up to `limit` waiting jobs of the channel whose time has come, each worker its share; they are held from now on. */
  claim(channel: string, limit: number): Promise<readonly Job[]>;
  /** Takes one job that waits, whatever its time; undefined where it does not wait. */
  take(id: bigint): Promise<Job | undefined>;
  /** Puts jobs back that are held and did not run. */
  giveBack(ids: readonly bigint[]): Promise<void>;
  /** The job runs from now on. */
  begin(id: bigint, now: number): Promise<void>;
  /** The run is over: keeps the result where there is one, and the job as `next` where it is to run again. */
  settle(id: bigint, result: JobResult | undefined, next: Job | undefined, now: number): Promise<void>;
  find(id: bigint): Promise<StoredJob | undefined>;
  /** Whether a job with that key is there. */
  hasKey(uniqKey: string): Promise<boolean>;
  /** Ordered by id, the oldest first, or the newest. */
  list(filter: StoredFilter, limit: number, offset?: number, newestFirst?: boolean): Promise<readonly StoredJob[]>;
  count(filter: StoredFilter): Promise<number>;
  /** Waiting jobs with these ids will never run; they are kept until {@link purge}. Answers those that it marked. */
  markStale(ids: readonly bigint[], now: number): Promise<readonly Job[]>;
  /** Removes jobs that were marked before that time. Answers how many. */
  purge(markedBefore: number): Promise<number>;
}

/** A named group of functions. */
export interface FunctionSetRecord {
  readonly id: bigint;
  readonly data: FunctionSetData;
}

/** Function sets, unique by id and by name. Their targets need not be there. */
export interface FunctionSetStore {
  /** Throws `function-set-exists` where the name is taken. */
  insert(record: FunctionSetRecord): Promise<void>;
  /** Replaces the record of the same id. Throws `function-set-not-found`, or `function-set-exists`. */
  update(record: FunctionSetRecord): Promise<void>;
  /** Whether there was one. */
  delete(id: bigint): Promise<boolean>;
  find(id: bigint): Promise<FunctionSetRecord | undefined>;
  findByName(name: string): Promise<FunctionSetRecord | undefined>;
  /** Ordered by id, the newest first. */
  list(limit: number, offset: number): Promise<readonly FunctionSetRecord[]>;
  count(): Promise<number>;
}

/** A store. */
export interface Store {
  readonly workers: WorkerStore;
  readonly functionSets: FunctionSetStore;
  readonly results: ResultStore;
  readonly jobs: JobStore;
  /** Writes what waits and closes. Nothing may be asked of the store after it. */
  close(): Promise<void>;
}
