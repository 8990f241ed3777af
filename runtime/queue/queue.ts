/**
 * The contract of a job queue: it keeps jobs in order until a consumer takes them, and knows of each where it is.
 *
 * Order in a channel: higher priority first, then the workers in turn, then order of arrival. A job that is
 * `kept` is in the store before {@link JobQueue.push} resolves and until its end is settled there; any other
 * lives and dies with the process. What does not belong here: who may submit, how a job runs, what becomes of
 * its result.
 */
import type { BulkheadError } from '../errors.ts';
import type { Job } from '../model/job.ts';
import type { JobProcessingStatus } from '../model/messages.gen.ts';

/** A job in a consumer's hands. */
export interface Lease {
  readonly job: Job;
  /** Why the job was cancelled, where it was. */
  readonly cancelled: BulkheadError | undefined;
  /** Calls back once if the job is cancelled; at once if it was already. */
  onCancel(listener: (reason: BulkheadError) => void): void;
  /** The run is over, its result is being handled. */
  ran(): void;
}

/**
 * Runs one job and settles its end. Answers the job to queue next: the same one, for its next attempt or period.
 * Handlers deal with their own errors and never reject.
 */
export type Handler = (lease: Lease) => Promise<Job | undefined>;

/** Takes jobs from one channel. */
export interface Consumer {
  /** Changes the number of jobs at a time. Jobs above it end first. */
  resize(concurrency: number): void;
  /** Takes no more jobs. Resolves when the handlers under way have settled. */
  close(): Promise<void>;
}

/** A job, and where it is on its way. Times are milliseconds since 1970. */
export interface JobView {
  readonly job: Job;
  readonly status: JobProcessingStatus;
  readonly startedAt?: number;
  /** When the status began. */
  readonly since: number;
}

/** Which jobs are meant; what is not set excludes none. */
export interface ViewFilter {
  readonly status?: JobProcessingStatus;
  readonly channel?: string;
  readonly workerId?: bigint;
  /** Only jobs of these workers, however few they are. */
  readonly within?: readonly bigint[] | undefined;
  /** Only jobs that have been running for longer; milliseconds. */
  readonly minElapsedMs?: number;
  /** Only jobs that lie in the store. */
  readonly kept?: true;
}

/** What a channel holds. */
export interface ChannelState {
  readonly name: string;
  readonly concurrency: number;
  readonly waiting: number;
  readonly running: number;
}

/** What became of the wish to cancel a job. */
export type Cancelled =
  /** It waited, and was taken out; who asked has to end it. */
  | { readonly was: 'waiting'; readonly job: Job }
  /** It runs; its consumer was told, and will end it. */
  | { readonly was: 'running' }
  | { readonly was: 'unknown' };

/** A queue with channels. Channels come into being as they are used. */
export interface JobQueue {
  /** Jobs that the store kept are there again. To be called once, before all else. Answers how many runs were interrupted. */
  open(): Promise<number>;
  /** Resolves when the queue holds the job. Throws `queue-full`, `job-exists`, and `shutting-down` after {@link close}. */
  push(job: Job): Promise<void>;
  /** Calls the handler for each job of the channel, at most `concurrency` at a time. One consumer a channel. */
  consume(channel: string, concurrency: number, handler: Handler): Consumer;
  cancel(id: bigint, reason: BulkheadError): Promise<Cancelled>;
  find(id: bigint): Promise<JobView | undefined>;
  /** Jobs by id, the oldest first or the newest. */
  list(filter: ViewFilter, limit: number, offset?: number, newestFirst?: boolean): Promise<readonly JobView[]>;
  /** Counts by status. */
  count(filter: ViewFilter): Promise<ReadonlyMap<JobProcessingStatus, number>>;
  channels(): readonly ChannelState[];
  /** Jobs that wait in the store alone, all channels together. */
  readonly stored: number;
  /** Looks into the store anew for jobs that wait there. Answers how many wait. */
  refresh(): Promise<number>;
  /** Stored jobs that wait and were not written since that time, or whose channel or worker nobody serves. */
  stale(updatedBefore: number, isOrphan: (job: Job) => boolean, orphansOnly: boolean): Promise<readonly Job[]>;
  /** These waiting jobs will never run. Answers those that it marked. */
  markStale(ids: readonly bigint[]): Promise<readonly Job[]>;
  purge(markedBefore: number): Promise<number>;
  /** Takes no more jobs. Answers those that still wait and will be lost with this process. */
  close(): Promise<readonly Job[]>;
}
