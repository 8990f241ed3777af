/**
 * What the stages tell: lines for the operator, and facts of jobs and calls for whoever measures.
 *
 * Both are functions that the wiring gives; where nobody listens they do nothing and cost nothing. What becomes of a
 * line or a fact is the business of this folder's other files, which no stage knows.
 */
import type { ErrorWire } from '../errors.ts';
import type { CallOutcome } from '../model/call.ts';
import type { Job } from '../model/job.ts';
import { traceOf } from '../model/trace.ts';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof logLevels)[number];

/** One line for the operator. */
export interface LogEvent {
  readonly level: LogLevel;
  readonly message: string;
  /** Named facts: job, worker, plugin, … */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** Takes a line. Never throws and never waits. */
export type LogSink = (event: LogEvent) => void;

/** When a run could have begun, and when it did; milliseconds since 1970. */
export interface RunStart {
  /** The job was queued, or the time came that it was to wait for: what is between is its wait in the queue. */
  readonly readyAt: number;
  readonly startedAt: number;
}

/** A run that is over. */
export interface RunEnd extends RunStart {
  readonly outcome: CallOutcome;
  /** Chunks of a stream that it gave. */
  readonly chunks: number;
  readonly endedAt: number;
}

/** A gRPC call whose headers have come. */
export interface CallStart {
  /** `package.Service/Method`; only those that the server knows. */
  readonly method: string;
  readonly traceparent: string | undefined;
}

/** One who watches a call. */
export interface CallWatch {
  /** What the call's trace goes on from, instead of the client's own header; not set: from that. */
  readonly traceparent?: string;
  /** The call was answered, or given up. `status` is the name of its gRPC status. Called once. */
  ended(status: string): void;
}

/**
 * The life of jobs and calls, told as it happens. None of these throws, waits, or keeps a job's bytes.
 *
 * A job is queued once (which may be told after its first run began), has one run or several (each started and ended,
 * with a retry scheduled in between), and ends once; a periodic one ends with each period. One that ends in the queue
 * (cancelled, or the server stops) has no run, and one that is left to the next process has no end.
 */
export interface EngineEvents {
  /** The queue took the job. */
  jobQueued(job: Job): void;
  runStarted(job: Job, start: RunStart): void;
  runEnded(job: Job, run: RunEnd): void;
  /** The run that just ended failed, and the job will run again after so many milliseconds. */
  retryScheduled(job: Job, retry: { readonly afterMs: number; readonly error: ErrorWire }): void;
  /** The job has its result. */
  jobEnded(job: Job, outcome: CallOutcome): void;
  /** Answers who wants to hear how the call ends. */
  callStarted(call: CallStart): CallWatch | undefined;
}

const nothing = (): void => undefined;

/** Who submitted a job, and its trace: what marks its log lines beside its id. */
export function jobMarks({ caller, metadata }: Job): { readonly caller?: string; readonly trace?: string } {
  const trace = traceOf(metadata)?.traceId;
  return { ...(caller !== undefined && { caller }), ...(trace !== undefined && { trace }) };
}

/** The fields of a log line about a job. */
export function jobFields(job: Job): Readonly<Record<string, unknown>> {
  return { job: job.id, worker: job.workerName, ...jobMarks(job) };
}

/** For when nobody listens. */
export const noEvents: EngineEvents = {
  jobQueued: nothing,
  runStarted: nothing,
  runEnded: nothing,
  retryScheduled: nothing,
  jobEnded: nothing,
  callStarted: () => undefined,
};
