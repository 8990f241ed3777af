/** A job between its admission and its result: plain data, so that a queue may write it down. */
import type { Metadata } from './call.ts';
import type { Priority, ResponseType } from './messages.gen.ts';

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
  /** The method as the submitter gave it. */
  readonly using?: string;
  /** The method that runs. */
  readonly method: string;
  readonly priority: Priority;
  /** Longest run in milliseconds; 0: no limit of the job's own. */
  readonly timeoutMs: number;
  /** Milliseconds since 1970. */
  readonly enqueuedAt: number;
  /** 1 for the first run. */
  readonly attempt: number;
  readonly responseType: ResponseType;
  readonly storeSuccess: boolean;
  readonly storeFailure: boolean;
}
