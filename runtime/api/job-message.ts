/** Jobs that have not ended as messages of the wire. */
import type { JobView } from '../admission/admission.ts';
import type { Job as JobModel } from '../model/job.ts';
import type { Job, JobAndStatus } from '../model/messages.gen.ts';

export function jobMessage(job: JobModel): Job {
  return {
    id: { value: job.id },
    data: {
      worker_id: { value: job.workerId },
      args: job.args,
      ...(job.uniqKey !== undefined && { uniq_key: job.uniqKey }),
      enqueue_time: BigInt(job.enqueuedAt),
      run_after_time: BigInt(job.runAfter),
      retried: job.attempt - 1,
      priority: job.priority,
      timeout: BigInt(job.timeoutMs),
      streaming_type: job.streaming,
      using: job.method,
      ...(job.overrides && { overrides: job.overrides }),
    },
    metadata: job.metadata,
  };
}

export function jobAndStatus({ job, status }: JobView): JobAndStatus {
  return { job: jobMessage(job), status };
}
