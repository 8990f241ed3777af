/**
 * The contract of admission: what a request has to be before it becomes a job or a worker.
 *
 * Admission checks and says no; it runs nothing. What does not belong here: gRPC, queue order, results.
 */
import type { Metadata } from '../model/call.ts';
import type { Caller } from '../model/caller.ts';
import type {
  CountWorkerRequest,
  FindWorkerListRequest,
  JobRequest,
  JobResult,
  WorkerData,
} from '../model/messages.gen.ts';
import type { WorkerDirectory, WorkerRecord } from '../model/worker.ts';

/** A job that is queued. */
export interface Admitted {
  readonly id: bigint;
  /** Only where the submitter is to wait (DIRECT): the job's result. Never rejects. */
  readonly result?: Promise<JobResult>;
}

/** How a submitter waits for a job's result: what admission needs of the results stage. */
export interface ResultWait {
  /** To be called before the job is queued. The promise never rejects. */
  wait(jobId: bigint): Promise<JobResult>;
  /** The job was not queued after all. */
  forget(jobId: bigint): void;
}

/** Takes jobs. */
export interface Admission {
  /**
   * Checks the request and queues a job. `metadata` goes to the plugin. Small `request.args` are copied,
   * because they may be a view of a network buffer; larger ones become the job's.
   *
   * Throws `permission-denied`, `field-missing`, `field-invalid`, `worker-not-found`, `runner-not-found`, `method-required`,
   * `method-not-found`, `method-not-runnable`, `args-invalid`, `queue-full`, `shutting-down`, and
   * `unimplemented` for what a later version will do.
   */
  submit(request: JobRequest, metadata: Metadata, caller: Caller): Promise<Admitted>;
  /** From now on {@link submit} throws `shutting-down`. */
  close(): void;
}

/**
 * Creates, changes and finds workers, for a caller who has to reach them: `permission-denied` where a change is
 * about a worker that is out of reach, before it or after it; lists leave such workers out. Changes are made one
 * after the other.
 */
export interface Workers extends WorkerDirectory {
  /**
   * Answers the new worker's id. Throws `field-missing`, `field-invalid`, `runner-not-found`,
   * `settings-invalid`, `worker-exists`, and `unimplemented` for what a later version will do.
   */
  create(data: WorkerData, caller: Caller): Promise<bigint>;
  /** Creates it, or changes the worker of that name. Answers its id. Throws as {@link create}. */
  upsertByName(data: WorkerData, caller: Caller): Promise<bigint>;
  /** Throws as {@link create}, and `worker-not-found`. Jobs under way end with what they began with. */
  update(id: bigint, data: WorkerData, caller: Caller): Promise<void>;
  /** Whether there was one. Its queued jobs end with an error. */
  remove(id: bigint, caller: Caller): Promise<boolean>;
  /** Filtered, sorted, cut. Throws `field-invalid` for limits and filters that are out of range. */
  list(request: FindWorkerListRequest, caller: Caller): readonly WorkerRecord[];
  /** Throws as {@link list}. */
  count(request: CountWorkerRequest, caller: Caller): number;
}
