/**
 * A streaming job that failed, as the status of its call: the code says how, the trailer `x-job-result-bin` has the
 * result, cut to what fits into HTTP/2 headers. Codes and form are those of jobworkerp-rs.
 */
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { type JobResult, type JobResultData, ResultStatus } from '../model/messages.gen.ts';
import { JobFailed } from '../results/results.ts';
import { jobResultHeader } from './job-metadata.ts';
import type { WireSchema } from './schema.ts';
import { WireError } from './status.ts';

/** Longest text of a failure in a trailer, in bytes. */
const longestText = 4096;
const cutMark = '\n[truncated]';

const codes: Readonly<Record<ResultStatus, readonly [code: number, text: string]>> = {
  [ResultStatus.SUCCESS]: [status.INTERNAL, 'Job execution error'],
  [ResultStatus.ERROR_AND_RETRY]: [status.UNAVAILABLE, 'Job execution failed (retryable)'],
  [ResultStatus.FATAL_ERROR]: [status.FAILED_PRECONDITION, 'Fatal job execution error'],
  [ResultStatus.ABORT]: [status.ABORTED, 'Job execution aborted'],
  [ResultStatus.MAX_RETRY]: [status.ABORTED, 'Job execution failed (max retries exceeded)'],
  [ResultStatus.OTHER_ERROR]: [status.INTERNAL, 'Job execution error'],
  [ResultStatus.CANCELLED]: [status.CANCELLED, 'Job execution cancelled'],
};

/** What is thrown to a caller instead of {@link JobFailed}; anything else stays as it is. */
export function jobFailure(thrown: unknown, schema: WireSchema): unknown {
  return thrown instanceof JobFailed ? new WireError(serviceError(thrown.result, schema)) : thrown;
}

function serviceError({ data }: JobResult, schema: WireSchema): ServiceError {
  const [code, text] = codes[data?.status ?? ResultStatus.OTHER_ERROR];
  const why = cut(Buffer.from(data?.output?.items ?? []).toString('utf8'));
  const details = `job_id=${data?.job_id?.value ?? 0n}, ${text}`;
  const metadata = new Metadata();
  metadata.set(jobResultHeader, schema.codec('jobworkerp.data.JobResult').encode(shortResult(data, why)));
  return Object.assign(new Error(details), { code, details, metadata });
}

/** Arguments and metadata of the job may be much larger than a header and are left out. */
function shortResult(data: JobResultData | undefined, why: string): JobResult {
  const blank: JobResultData = {
    worker_name: '',
    args: new Uint8Array(0),
    status: data?.status ?? ResultStatus.OTHER_ERROR,
    output: { items: Buffer.from(why) },
    retried: data?.retried ?? 0,
    max_retry: data?.max_retry ?? 0,
    priority: 0,
    timeout: 0n,
    streaming_type: 0,
    enqueue_time: 0n,
    run_after_time: 0n,
    start_time: 0n,
    end_time: 0n,
    response_type: 0,
    store_success: false,
    store_failure: false,
    broadcast_results: false,
  };
  return { id: { value: 0n }, data: { ...blank, ...(data?.job_id && { job_id: data.job_id }) }, metadata: {} };
}

/** At most {@link longestText} bytes of UTF-8, whole characters. */
function cut(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.byteLength <= longestText) return text;
  const room = longestText - cutMark.length;
  // A character that was cut in two decodes to a replacement character at the end.
  return `${bytes
    .subarray(0, room)
    .toString('utf8')
    .replace(/\uFFFD+$/, '')}${cutMark}`;
}
