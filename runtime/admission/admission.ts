/**
 * The contract of admission: what a request has to be before it becomes a job or a worker, and what may be asked
 * of jobs that have not ended.
 *
 * Admission checks and says no; it runs nothing. What does not belong here: gRPC, queue order, results.
 */
import type { Metadata } from '../model/call.ts';
import type { Caller } from '../model/caller.ts';
import type {
  CountWorkerRequest,
  FindWorkerListRequest,
  JobProcessingStatus,
  JobRequest,
  JobResult,
  WorkerData,
} from '../model/messages.gen.ts';
import type { WorkerDirectory, WorkerRecord } from '../model/worker.ts';
import type { JobView, ViewFilter } from '../queue/queue.ts';
import type { OutputReader } from '../results/results.ts';

export type { JobView, ViewFilter };

/** A job that is queued. */
export interface Admitted {
  readonly id: bigint;
  /** Only where the submitter is to wait (DIRECT): the job's result. Never rejects. */
  readonly result?: Promise<JobResult>;
}

/** A streaming job that is queued. */
export interface AdmittedStream {
  readonly id: bigint;
  /** Only where the submitter is to read it (DIRECT). */
  readonly output?: OutputReader;
}

/** What a streaming job is to be. */
export interface StreamOptions {
  /** The submitter feeds it in the same call. */
  readonly feeds: boolean;
  /** All chunks as one message at the end (STREAMING_TYPE_INTERNAL). */
  readonly collects: boolean;
}

/** Takes jobs. */
export interface Admission {
  /**
   * Checks the request and queues a job. `metadata` goes to the plugin. Small `request.args` are copied,
   * because they may be a view of a network buffer; larger ones become the job's. `worker`: the job's, where it was
   * borrowed; the request says otherwise.
   *
   * Throws `permission-denied`, `field-missing`, `field-invalid`, `worker-not-found`, `runner-not-found`, `method-required`,
   * `method-not-found`, `method-not-runnable`, `args-invalid`, `job-exists`, `queue-full`, `shutting-down`.
   */
  submit(request: JobRequest, metadata: Metadata, caller: Caller, worker?: WorkerRecord): Promise<Admitted>;
  /** The same for a job that streams its output. Throws as {@link submit}. */
  submitStream(
    request: JobRequest,
    metadata: Metadata,
    options: StreamOptions,
    caller: Caller,
    worker?: WorkerRecord,
  ): Promise<AdmittedStream>;
  /** From now on {@link submit} throws `shutting-down`. */
  close(): void;
}

/** Jobs that have not ended. */
export interface Jobs {
  /**
   * Takes a waiting job out of the queue, or cancels it where it runs; a periodic job does not come back. Its
   * result says CANCELLED. Whether there was one.
   */
  cancel(id: bigint): Promise<boolean>;
  /**
   * Gives a chunk to a job that was submitted with {@link StreamOptions.feeds}. Resolves when it has its place;
   * throws `feed-refused`, `feed-full`.
   */
  feed(id: bigint, chunk: Uint8Array, isFinal: boolean): Promise<void>;
  /** The guide's way to feed: throws `job-not-found`, and `feed-refused` where one of its preconditions is not met. */
  feedRunning(id: bigint, chunk: Uint8Array, isFinal: boolean): Promise<void>;
  find(id: bigint): Promise<JobView | undefined>;
  list(filter: ViewFilter, limit: number, offset?: number, newestFirst?: boolean): Promise<readonly JobView[]>;
  count(filter: ViewFilter): Promise<ReadonlyMap<JobProcessingStatus, number>>;
  /** Looks into the store anew for jobs that wait there. */
  restore(): Promise<void>;
  /**
   * Stored jobs that wait and were not touched for that long (or, `orphansOnly`, that nobody here can run) are marked
   * and will never run; their results say ABORT. Answers how many.
   */
  purgeStale(olderThanMs: number, orphansOnly: boolean): Promise<number>;
  /** Removes what was marked that long ago. Answers how many. */
  cleanUp(olderThanMs: number): Promise<number>;
}

/**
 * Creates, changes and finds workers, for a caller who has to reach them: `permission-denied` where a change is
 * about a worker that is out of reach, before it or after it; lists leave such workers out. Changes are made one
 * after the other.
 */
export interface Workers extends WorkerDirectory {
  /**
   * Answers the new worker's id. Throws `field-missing`, `field-invalid`, `runner-not-found`,
   * `settings-invalid`, `worker-exists`.
   */
  create(data: WorkerData, caller: Caller): Promise<bigint>;
  /** Creates it, or changes the worker of that name. Answers its id. Throws as {@link create}. */
  upsertByName(data: WorkerData, caller: Caller): Promise<bigint>;
  /** Throws as {@link create}, and `worker-not-found`. Jobs under way end with what they began with. */
  update(id: bigint, data: WorkerData, caller: Caller): Promise<void>;
  /** Whether there was one. Its queued jobs end with an error. */
  remove(id: bigint, caller: Caller): Promise<boolean>;
  /**
   * A worker for one job: it is in no list, its name is made unique, and it goes when {@link jobEnded} is told of it,
   * as it has to be in any case. With `use_static` callers who ask for the same share one, which stays a while.
   * Throws as {@link create}, and `queue-full`; its name is nobody's, so a caller has to reach everything.
   */
  borrow(data: WorkerData, caller: Caller): Promise<WorkerRecord>;
  /** A job of a worker, borrowed or not, has ended, or was not queued after all. */
  jobEnded(workerId: bigint): Promise<void>;
  /** Filtered, sorted, cut. Throws `field-invalid` for limits and filters that are out of range. */
  list(request: FindWorkerListRequest, caller: Caller): readonly WorkerRecord[];
  /** Throws as {@link list}. */
  count(request: CountWorkerRequest, caller: Caller): number;
  /** The workers within reach; undefined: all, and those that are gone. */
  idsWithin(caller: Caller): readonly bigint[] | undefined;
}
