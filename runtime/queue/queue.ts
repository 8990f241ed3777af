/**
 * The contract of a job queue: it keeps jobs in order until a consumer takes them.
 *
 * Order in a channel: higher priority first, then order of arrival. What does not belong here: who may
 * submit, how a job runs, what becomes of its result.
 */
import type { Job } from '../model/job.ts';

/** Takes jobs from one channel. */
export interface Consumer {
  /** Takes no more jobs. Resolves when the handlers under way have settled. */
  close(): Promise<void>;
}

/** A queue with channels. Channels come into being as they are used. */
export interface JobQueue {
  /** Resolves when the queue holds the job. Throws `queue-full`, `shutting-down` after {@link close}. */
  push(job: Job): Promise<void>;
  /**
   * Calls the handler for each job of the channel, at most `concurrency` at a time. A job is done when
   * its handler settles; handlers deal with their own errors and never reject. One consumer a channel.
   */
  consume(channel: string, concurrency: number, handler: (job: Job) => Promise<void>): Consumer;
  /** Jobs that wait in the channel. */
  size(channel: string): Promise<number>;
  /** Takes no more jobs. Answers those that still wait and will be lost with this process. */
  close(): Promise<readonly Job[]>;
}
