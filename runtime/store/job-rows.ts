/** A job as a row of the table `job`, and back. */
import type { Metadata } from '../model/call.ts';
import type { Job } from '../model/job.ts';
import type {
  JobExecutionOverrides,
  Priority,
  QueueType,
  ResponseType,
  RetryPolicy,
  StreamingType,
} from '../model/messages.gen.ts';
import { big, blob, flag, int, type Parameters, type Row, text } from './rows.ts';
import type { StoredState } from './store.ts';

/** The column `state`. Released numbers are never changed. */
export const JobState = { scheduled: 0, ready: 1, held: 2, running: 3, stale: 4 } as const;
export type JobState = (typeof JobState)[keyof typeof JobState];

export const stateNames: Readonly<Record<JobState, StoredState>> = {
  [JobState.scheduled]: 'waiting',
  [JobState.ready]: 'waiting',
  [JobState.held]: 'held',
  [JobState.running]: 'running',
  [JobState.stale]: 'stale',
};

export const storedStates: Readonly<Record<StoredState, readonly JobState[]>> = {
  waiting: [JobState.scheduled, JobState.ready],
  held: [JobState.held],
  running: [JobState.running],
  stale: [JobState.stale],
};

export const jobColumns = [
  'id',
  'state',
  'worker_id',
  'worker_name',
  'channel',
  'args',
  'metadata',
  'using_method',
  'method',
  'uniq_key',
  'priority',
  'timeout',
  'enqueue_time',
  'run_after_time',
  'attempt',
  'interruptions',
  'period',
  'phase',
  'queue_type',
  'streaming_type',
  'response_type',
  'store_success',
  'store_failure',
  'broadcast_results',
  'retry_policy',
  'overrides',
  'caller',
  'updated_at',
] as const;

export function jobRow(job: Job, state: JobState, now: number): Parameters {
  return {
    id: job.id,
    state,
    worker_id: job.workerId,
    worker_name: job.workerName,
    channel: job.channel,
    args: job.args,
    metadata: JSON.stringify(job.metadata),
    using_method: job.using ?? null,
    method: job.method,
    uniq_key: job.uniqKey ?? null,
    priority: job.priority,
    timeout: job.timeoutMs,
    enqueue_time: job.enqueuedAt,
    run_after_time: job.runAfter,
    attempt: job.attempt,
    interruptions: job.interruptions,
    period: job.periodMs,
    phase: job.phaseAt,
    queue_type: job.queueType,
    streaming_type: job.streaming,
    response_type: job.responseType,
    store_success: Number(job.storeSuccess),
    store_failure: Number(job.storeFailure),
    broadcast_results: Number(job.broadcast),
    retry_policy: job.retryPolicy ? JSON.stringify(job.retryPolicy) : null,
    overrides: job.overrides ? JSON.stringify(job.overrides) : null,
    caller: job.caller ?? null,
    updated_at: now,
  };
}

export function jobFromRow(row: Row): Job {
  return {
    id: big(row, 'id'),
    workerId: big(row, 'worker_id'),
    workerName: text(row, 'worker_name'),
    channel: text(row, 'channel'),
    args: blob(row, 'args'),
    metadata: JSON.parse(text(row, 'metadata')) as Metadata,
    ...(row.using_method !== null && { using: text(row, 'using_method') }),
    method: text(row, 'method'),
    ...(row.uniq_key !== null && { uniqKey: text(row, 'uniq_key') }),
    priority: int(row, 'priority') as Priority,
    timeoutMs: int(row, 'timeout'),
    enqueuedAt: int(row, 'enqueue_time'),
    runAfter: int(row, 'run_after_time'),
    attempt: int(row, 'attempt'),
    interruptions: int(row, 'interruptions'),
    periodMs: int(row, 'period'),
    phaseAt: int(row, 'phase'),
    queueType: int(row, 'queue_type') as QueueType,
    kept: true,
    streaming: int(row, 'streaming_type') as StreamingType,
    responseType: int(row, 'response_type') as ResponseType,
    storeSuccess: flag(row, 'store_success'),
    storeFailure: flag(row, 'store_failure'),
    broadcast: flag(row, 'broadcast_results'),
    ...(row.retry_policy !== null && { retryPolicy: JSON.parse(text(row, 'retry_policy')) as RetryPolicy }),
    ...(row.caller !== null && { caller: text(row, 'caller') }),
    ...(row.overrides !== null && { overrides: JSON.parse(text(row, 'overrides')) as JobExecutionOverrides }),
  };
}
