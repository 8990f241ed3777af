/** Makes the result message of an ended run. */
import type { CallOutcome, Metadata } from '../model/call.ts';
import type { Job, Writable } from '../model/job.ts';
import { type JobResult, type JobResultData, type ResultOutput, StreamingType } from '../model/messages.gen.ts';
import type { JobEnd } from './results.ts';

/** What a submitter reads where the host failed: the log has the rest. */
const hiddenFault = "the host failed to run the job; the server's log has the details";

/** The message that goes to the submitter and into the store. */
export function makeResult(id: bigint, job: Job, { outcome, status, startedAt, endedAt }: JobEnd): JobResult {
  const data: Writable<JobResultData> = {
    job_id: { value: job.id },
    worker_id: { value: job.workerId },
    worker_name: job.workerName,
    args: job.args,
    status,
    retried: job.attempt - 1,
    max_retry: job.retryPolicy?.max_retry ?? 0,
    priority: job.priority,
    timeout: BigInt(job.timeoutMs),
    streaming_type: job.streaming,
    enqueue_time: BigInt(job.enqueuedAt),
    run_after_time: BigInt(job.runAfter),
    start_time: BigInt(startedAt),
    end_time: BigInt(endedAt),
    response_type: job.responseType,
    store_success: job.storeSuccess,
    store_failure: job.storeFailure,
    using: job.method,
    broadcast_results: job.broadcast,
  };
  const output = outputOf(job, outcome);
  if (output) data.output = output;
  if (job.uniqKey !== undefined) data.uniq_key = job.uniqKey;
  if (job.retryPolicy) data.resolved_retry_policy = job.retryPolicy;
  return { id: { value: id }, data, metadata: metadataOf(outcome, job.interruptions) };
}

/** The plugin's metadata, and what the host has to say under names that no plugin can take. */
function metadataOf(outcome: CallOutcome, interruptions: number): Metadata {
  const { metadata, usage } = outcome;
  if (!usage && interruptions === 0 && outcome.ok) return metadata;
  return {
    ...metadata,
    ...(!outcome.ok && { 'bulkhead-error-code': outcome.error.code }),
    ...(usage && { 'bulkhead-cpu-ticks': String(usage.ticks), 'bulkhead-cpu-ms': usage.cpuMs.toFixed(3) }),
    ...(interruptions > 0 && { 'bulkhead-interruptions': String(interruptions) }),
  };
}

function outputOf(job: Job, outcome: CallOutcome): ResultOutput | undefined {
  if (!outcome.ok)
    return { items: Buffer.from(outcome.error.code === 'internal' ? hiddenFault : outcome.error.message) };
  // The chunks of a stream are its output; only where they were collected is there one.
  if (job.streaming === StreamingType.STREAMING_TYPE_RESPONSE) return undefined;
  return { items: outcome.output };
}
