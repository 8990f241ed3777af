/** What an outcome means for its job: the status of the result, and whether the job runs again. */
import { catalogue, type ErrorWire } from '../errors.ts';
import type { CallOutcome } from '../model/call.ts';
import type { Job } from '../model/job.ts';
import { ResultStatus, type RetryPolicy, RetryType } from '../model/messages.gen.ts';

export interface Verdict {
  readonly status: ResultStatus;
  /** The same job, for its next attempt or its next period. */
  readonly next?: Job;
}

/** Attempts where a policy sets no limit of its own: nothing is tried for ever. */
const mostAttempts = 1000;
/** The longest wait for an attempt where a policy sets none, in milliseconds. */
const longestWait = 24 * 60 * 60 * 1000;

/** `repeatable`: nothing of this run has reached the submitter that a second run would repeat. */
export function judge(job: Job, outcome: CallOutcome, now: number, repeatable: boolean): Verdict {
  if (outcome.ok) return { status: ResultStatus.SUCCESS, ...period(job, now) };
  if (outcome.error.code === 'cancelled') return { status: ResultStatus.CANCELLED };
  const { retryPolicy } = job;
  const mayRetry = catalogue[outcome.error.code].retryable && retryPolicy && retryPolicy.type !== RetryType.NONE;
  if (mayRetry && repeatable && job.attempt <= (retryPolicy.max_retry || mostAttempts)) {
    const next = { ...job, attempt: job.attempt + 1, runAfter: now + waitBefore(retryPolicy, job.attempt) };
    return { status: ResultStatus.ERROR_AND_RETRY, next };
  }
  const status = mayRetry ? ResultStatus.MAX_RETRY : statusOf(outcome.error);
  return { status, ...period(job, now) };
}

/**
 * The status of a job that ended with an error and is not tried again. A job that ran out of time ends as MAX_RETRY,
 * as it does in jobworkerp-rs.
 */
export function statusOf(error: ErrorWire): ResultStatus {
  if (error.code === 'cancelled') return ResultStatus.CANCELLED;
  if (error.code === 'deadline-exceeded') return ResultStatus.MAX_RETRY;
  if (error.code === 'interrupted') return ResultStatus.ABORT;
  return catalogue[error.code].blame === 'host' ? ResultStatus.OTHER_ERROR : ResultStatus.FATAL_ERROR;
}

/** The wait after that attempt (1 for the first), in milliseconds. */
export function waitBefore({ type, interval, max_interval: most, basis }: RetryPolicy, attempt: number): number {
  const wait =
    type === RetryType.EXPONENTIAL
      ? interval * (basis > 0 ? basis : 2) ** (attempt - 1)
      : type === RetryType.LINEAR
        ? interval * attempt
        : interval;
  return Math.round(Math.min(wait, most || longestWait));
}

/** The next time of the job's grid: no drift, and times that have passed are left out. */
function period(job: Job, now: number): { readonly next?: Job } {
  if (job.periodMs <= 0) return {};
  const periods = Math.floor((now - job.phaseAt) / job.periodMs) + 1;
  return { next: { ...job, attempt: 1, interruptions: 0, runAfter: job.phaseAt + periods * job.periodMs } };
}
