/**
 * The contract of results: where every job ends, exactly once.
 *
 * A result goes to whoever waits for it and, as the job says, into the store. What does not belong
 * here: running jobs, and deciding whether one is tried again.
 */
import type { CallOutcome } from '../model/call.ts';
import type { Job } from '../model/job.ts';
import type { JobResult } from '../model/messages.gen.ts';

/** How a job ended and when. Times are milliseconds since 1970. */
export interface JobEnd {
  readonly outcome: CallOutcome;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Delivers and keeps results. */
export interface Results {
  /**
   * Resolves with the job's result when it has ended; never rejects. To be called before the job is
   * queued, at most once a job, and followed by {@link forget} if the job is not queued after all.
   */
  wait(jobId: bigint): Promise<JobResult>;
  /** The job was not queued: nobody will end it. */
  forget(jobId: bigint): void;
  /**
   * Ends a job. Resolves when its result is stored, where it is to be, and handed to whoever waits.
   * Never rejects: a store that fails is reported to the operator, and who waits still gets the result.
   */
  end(job: Job, end: JobEnd): Promise<void>;
  /** A stored result by its own id. */
  find(id: bigint): Promise<JobResult | undefined>;
  /** The stored results of a job, the last to end first. */
  listByJob(jobId: bigint): Promise<readonly JobResult[]>;
}
