/** A job between its admission and its result: plain data, so that a store may write it down. */
import type { Metadata } from './call.ts';
import {
  type JobExecutionOverrides,
  type Priority,
  QueueType,
  type ResponseType,
  type RetryPolicy,
  type StreamingType,
} from './messages.gen.ts';

/** Everything that is needed to run the job and to report on it. */
export interface Job {
  readonly id: bigint;
  readonly workerId: bigint;
  /** As of admission, for reports on jobs whose worker is gone. */
  readonly workerName: string;
  /** {@link defaultChannel} or a channel's name. */
  readonly channel: string;
  readonly args: Uint8Array;
  readonly metadata: Metadata;
  /** The name of the token that submitted it; not set where the server asks for none. */
  readonly caller?: string;
  /** The method as the submitter gave it. */
  readonly using?: string;
  /** The method that runs. */
  readonly method: string;
  /** No two jobs with the same key are under way at once. */
  readonly uniqKey?: string;
  readonly priority: Priority;
  /** Longest run in milliseconds, or longest wait for a chunk where it streams; 0: no limit of the job's own. */
  readonly timeoutMs: number;
  /** Milliseconds since 1970. */
  readonly enqueuedAt: number;
  /** Not to run before, milliseconds since 1970; 0: at once. */
  readonly runAfter: number;
  /** 1 for the first run. */
  readonly attempt: number;
  /** Runs that ended with the process and not by themselves. */
  readonly interruptions: number;
  /** Milliseconds between two runs of a periodic job; 0: it runs once. */
  readonly periodMs: number;
  /** A time of the periodic grid: runs are due at this time plus any number of periods. Milliseconds since 1970. */
  readonly phaseAt: number;
  readonly queueType: QueueType;
  /** It lies in the store until it has ended, so that it survives the process. */
  readonly kept: boolean;
  readonly streaming: StreamingType;
  readonly responseType: ResponseType;
  readonly storeSuccess: boolean;
  readonly storeFailure: boolean;
  /** Listeners hear of its result. */
  readonly broadcast: boolean;
  readonly retryPolicy?: RetryPolicy;
  /** What the submitter set, for reports; the fields above have what holds. */
  readonly overrides?: JobExecutionOverrides;
}

/** Whether the job waits in the store and not in memory. */
export function waitsInStore(job: Job, now: number): boolean {
  return job.kept && (job.queueType === QueueType.DB_ONLY || job.runAfter > now);
}

/** While it is put together: fields that may be missing are set one by one, because each spread costs a microsecond. */
export type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
