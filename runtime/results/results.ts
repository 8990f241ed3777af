/**
 * The contract of results: where every job ends, exactly once.
 *
 * A result goes to whoever waits for it, to those who listen where the job broadcasts, and, as the job says, into
 * the store. The chunks of a streaming job go through here as well. What does not belong here: running jobs, and
 * deciding whether one is tried again.
 */
import type { BulkheadError } from '../errors.ts';
import type { CallOutcome } from '../model/call.ts';
import type { Job } from '../model/job.ts';
import type { JobResult, ResultOutputItem, ResultStatus } from '../model/messages.gen.ts';
import type { ResultFilter, ResultPage } from '../store/store.ts';

export type { ResultFilter, ResultPage };

/** How a run ended and when. Times are milliseconds since 1970. */
export interface JobEnd {
  readonly outcome: CallOutcome;
  readonly status: ResultStatus;
  /** The job as it runs again: its next attempt, or its next period. */
  readonly next?: Job;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Thrown to a reader of a stream whose job failed: what its result says. */
export class JobFailed extends Error {
  override readonly name = 'JobFailed';
  readonly result: JobResult;

  constructor(result: JobResult) {
    super('the job failed');
    this.result = result;
  }
}

/** Takes the chunks of a streaming job, from the plugin. */
export interface OutputSink {
  /**
   * Resolves when the next chunk may come: at once, unless the submitter reads the stream and is behind; then when
   * it has read, or is gone, or `signal` aborts. Never rejects.
   */
  write(chunk: Uint8Array, signal: AbortSignal): Promise<void>;
}

/** Reads the output of a streaming job. */
export interface OutputReader extends AsyncIterable<ResultOutputItem> {
  /** Settles when the stream has begun, or the job has ended; with the result where it has. Rejects as the items do. */
  readonly begun: Promise<JobResult | undefined>;
  /** Chunks that were gone before this reader came. */
  readonly missed: number;
  /** Reads no more. */
  close(): void;
}

/** The wait for one result. */
export interface Listening {
  /** Throws `listener-too-slow`, never for the job's own failure. */
  readonly result: Promise<JobResult>;
  stop(): void;
}

/** Delivers and keeps results. */
export interface Results {
  /**
   * Resolves with the job's last result when it has ended; never rejects. To be called before the job is
   * queued, at most once a job, and followed by {@link forget} if the job is not queued after all.
   */
  wait(jobId: bigint): Promise<JobResult>;
  /** The job was not queued: nobody will end it. */
  forget(jobId: bigint): void;
  /**
   * Ends a run. Resolves when its result is stored, where it is to be, the job's place in the store settled, and
   * the result handed to whoever waits, if it is the last. Never rejects: a store that fails is reported to the
   * operator, and who waits still gets the result.
   */
  end(job: Job, end: JobEnd): Promise<void>;
  /** Calls back after the last result of each job that will not run again. Listeners must not throw. */
  onEnd(listener: (job: Job) => void): void;
  /** The process stops before the job has ended; it is in the store and will run again. Who waits is told. */
  abandon(job: Job, reason: BulkheadError): void;
  /** The submitter's view of a streaming job: the plugin keeps its pace. To be called before the job is queued. */
  openOutput(job: Job): OutputReader;
  sink(job: Job): OutputSink;
  /** The last result of a job that has ended, as far as it was kept. */
  ended(jobId: bigint): Promise<JobResult | undefined>;
  /** Waits for the last result of a job that broadcasts. Throws `too-many-listeners`. */
  listen(jobId: bigint): Listening;
  /**
   * Follows the output of a job that broadcasts, from as early as it is still there. Undefined where nothing is,
   * unless the job is known to be on its way (`expected`).
   */
  listenOutput(jobId: bigint, expected: boolean): OutputReader | undefined;
  /** Every result of a worker's jobs that broadcast, from now on. Items throw `too-many-listeners`, `listener-too-slow`. */
  listenByWorker(workerId: bigint): AsyncIterable<JobResult>;
  /** A stored result by its own id. */
  find(id: bigint): Promise<JobResult | undefined>;
  /** The stored results of a job, the last to end first. */
  listByJob(jobId: bigint): Promise<readonly JobResult[]>;
  list(filter: ResultFilter, page: ResultPage): Promise<readonly JobResult[]>;
  count(filter: ResultFilter): Promise<number>;
  delete(filter: ResultFilter): Promise<number>;
  deleteOne(id: bigint): Promise<boolean>;
  /** Nobody hears of anything any more: streams and listeners end with that error. */
  close(reason: BulkheadError): void;
}
