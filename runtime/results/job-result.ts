/** Makes the result message of an ended job. */
import { catalogue, type ErrorWire } from '../errors.ts';
import type { CallOutcome, Metadata } from '../model/call.ts';
import type { Job } from '../model/job.ts';
import { type JobResult, ResultStatus, StreamingType } from '../model/messages.gen.ts';
import type { JobEnd } from './results.ts';

/** What a submitter reads where the host failed: the log has the rest. */
const hiddenFault = "the host failed to run the job; the server's log has the details";

/**
 * The status of a job that ended with an error. A job that ran out of time ends as MAX_RETRY where no
 * attempt is left, as it does in jobworkerp-rs.
 */
export function statusOf(error: ErrorWire): ResultStatus {
  if (error.code === 'cancelled') return ResultStatus.CANCELLED;
  if (error.code === 'deadline-exceeded') return ResultStatus.MAX_RETRY;
  return catalogue[error.code].blame === 'host' ? ResultStatus.OTHER_ERROR : ResultStatus.FATAL_ERROR;
}

/** The message that goes to the submitter and into the store. */
export function makeResult(id: bigint, job: Job, { outcome, startedAt, endedAt }: JobEnd): JobResult {
  return {
    id: { value: id },
    data: {
      job_id: { value: job.id },
      worker_id: { value: job.workerId },
      worker_name: job.workerName,
      args: job.args,
      status: outcome.ok ? ResultStatus.SUCCESS : statusOf(outcome.error),
      output: { items: outputOf(outcome) },
      retried: job.attempt - 1,
      max_retry: 0,
      priority: job.priority,
      timeout: BigInt(job.timeoutMs),
      streaming_type: StreamingType.STREAMING_TYPE_NONE,
      enqueue_time: BigInt(job.enqueuedAt),
      run_after_time: 0n,
      start_time: BigInt(startedAt),
      end_time: BigInt(endedAt),
      response_type: job.responseType,
      store_success: job.storeSuccess,
      store_failure: job.storeFailure,
      using: job.method,
      broadcast_results: false,
    },
    metadata: metadataOf(outcome),
  };
}

/** The plugin's metadata, and what the job used under names that no plugin can take. */
function metadataOf({ metadata, usage }: CallOutcome): Metadata {
  if (!usage) return metadata;
  return {
    ...metadata,
    'bulkhead-cpu-ticks': String(usage.ticks),
    'bulkhead-cpu-ms': usage.cpuMs.toFixed(3),
  };
}

function outputOf(outcome: CallOutcome): Uint8Array {
  if (outcome.ok) return outcome.output;
  return Buffer.from(outcome.error.code === 'internal' ? hiddenFault : outcome.error.message);
}
