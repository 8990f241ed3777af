/** Listen, ListenStream, ListenByWorker: results and output of jobs that broadcast, for any number of listeners. */
import type { JobView, Workers } from '../admission/admission.ts';
import { BulkheadError } from '../errors.ts';
import type { Caller } from '../model/caller.ts';
import type { Job } from '../model/job.ts';
import {
  type JobResult,
  type JobResultData,
  type ListenByWorkerRequest,
  type ListenRequest,
  type ResultOutputItem,
  ResultStatus,
  StreamingType,
} from '../model/messages.gen.ts';
import { startTimer } from '../model/timer.ts';
import { JobFailed, type OutputReader } from '../results/results.ts';
import type { CallContext, Handlers } from './handlers.ts';
import { jobFailure } from './job-failure.ts';
import { jobResultHeaders, skippedHeader } from './job-metadata.ts';
import type { JobResultParts } from './job-result-service.ts';
import { namedWorker, reachesWorker } from './reach.ts';
import { missing } from './refusals.ts';
import type { WireSchema } from './schema.ts';

type ListenHandlers = Pick<
  Handlers<'jobworkerp.service.JobResultService'>,
  'Listen' | 'ListenStream' | 'ListenByWorker'
>;

export function listenHandlers(parts: JobResultParts, schema: WireSchema): ListenHandlers {
  const { encode } = schema.codec('jobworkerp.data.JobResult');
  return {
    Listen: async (request, call) => {
      const result = await listen(parts, request, call);
      // The body has it all; the header is for those who look there, and must stay small.
      call.sendMetadata(jobResultHeaders(encode(slim(result))));
      return result;
    },
    ListenStream: async (request, call) => {
      const { header, output } = await listenStream(parts, request, call);
      const headers = jobResultHeaders(encode(slim(header)));
      if (output && output.missed > 0) headers.set(skippedHeader, String(output.missed));
      call.sendMetadata(headers);
      return items(header, output, call, schema);
    },
    ListenByWorker: (request, { caller }) => parts.results.listenByWorker(workerIdOf(parts.workers, request, caller)),
  };
}

async function listen(
  { results, jobs, workers }: JobResultParts,
  request: ListenRequest,
  call: CallContext,
): Promise<JobResult> {
  const id = jobIdOf(request);
  workerIdOf(workers, request, call.caller);
  // Before anybody looks: a job that ends meanwhile is heard of.
  const listening = results.listen(id);
  try {
    const view = await jobs.find(id);
    const ended = view ? undefined : await results.ended(id);
    // The worker that the request names need not be the job's.
    if (!reachesWorker(call.caller, workers, view?.job.workerId ?? ended?.data?.worker_id?.value)) throw noJob(id);
    if (view) checkJob(id, view.job.broadcast, view.job.streaming, false);
    else if (!ended?.data) throw noJob(id);
    else checkJob(id, ended.data.broadcast_results, ended.data.streaming_type, false);
    return ended ?? (await within(listening.result, request.timeout, call, id));
  } finally {
    listening.stop();
  }
}

async function listenStream(
  { results, jobs, workers }: JobResultParts,
  request: ListenRequest,
  call: CallContext,
): Promise<{ readonly header: JobResult; readonly output: OutputReader | undefined }> {
  const id = jobIdOf(request);
  workerIdOf(workers, request, call.caller);
  const ended = await results.ended(id);
  const view = ended ? undefined : await jobs.find(id);
  if (!reachesWorker(call.caller, workers, view?.job.workerId ?? ended?.data?.worker_id?.value)) throw noJob(id);
  if (view) checkJob(id, view.job.broadcast, view.job.streaming, true);
  else if (ended?.data) checkJob(id, ended.data.broadcast_results, ended.data.streaming_type, true);
  else throw noJob(id);
  const output = results.listenOutput(id, view !== undefined);
  try {
    const result = ended ?? (output && (await within(output.begun, request.timeout, call, id)));
    return { header: result ?? begun(view), output };
  } catch (thrown) {
    output?.close();
    throw thrown;
  }
}

/** What a listener reads. Where nothing is left of the output, only how the job ended. */
async function* items(
  header: JobResult,
  output: OutputReader | undefined,
  call: CallContext,
  schema: WireSchema,
): AsyncGenerator<ResultOutputItem, void, undefined> {
  call.onGone(() => output?.close());
  try {
    if (output) yield* output;
    else if (header.data?.status === ResultStatus.SUCCESS) yield { end: { metadata: header.metadata } };
    else throw new JobFailed(header);
  } catch (thrown) {
    throw jobFailure(thrown, schema);
  }
}

function jobIdOf({ job_id: id }: ListenRequest): bigint {
  if (!id) throw missing('job_id');
  return id.value;
}

function workerIdOf(
  workers: Workers,
  { worker_id: id, worker_name: name }: ListenByWorkerRequest,
  caller: Caller,
): bigint {
  return namedWorker(caller, workers, id, name).id;
}

function checkJob(id: bigint, broadcasts: boolean, streaming: StreamingType, wantsStream: boolean): void {
  const details = { job_id: String(id) };
  if (!broadcasts)
    throw new BulkheadError(
      'not-broadcast',
      `job ${id} does not broadcast its result: set broadcast_results on its worker or in its overrides`,
      { details },
    );
  const streams = streaming !== StreamingType.STREAMING_TYPE_NONE;
  if (streams === wantsStream) return;
  const advice = streams ? 'streams its output: use ListenStream' : 'does not stream its output: use Listen';
  throw new BulkheadError('method-not-runnable', `job ${id} ${advice}`, { details });
}

function noJob(id: bigint): BulkheadError {
  return new BulkheadError('job-not-found', `there is no job ${id}, or it has ended and its result was not kept`, {
    details: { job_id: String(id) },
  });
}

/** Waits so long, and for as long as the client does. */
function within<T>(awaited: Promise<T>, timeout: bigint | undefined, call: CallContext, id: bigint): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer =
      timeout === undefined
        ? undefined
        : startTimer(Number(timeout), () =>
            reject(new BulkheadError('listen-timeout', `job ${id} did not get there within ${timeout} ms`)),
          );
    call.onGone(() => reject(new BulkheadError('cancelled', 'the listener went away')));
    awaited.then(resolve, reject).finally(() => timer?.cancel());
  });
}

/** Headers have little room: arguments and output are left out. */
function slim(result: JobResult): JobResult {
  if (!result.data) return result;
  const { output: _output, ...data } = result.data;
  return { ...result, data: { ...data, args: new Uint8Array(0) } };
}

function begun(view: JobView | undefined): JobResult {
  return view ? begunResult(view.job) : { metadata: {} };
}

/** What can be said of a job whose stream has begun and not ended. */
function begunResult(job: Job): JobResult {
  const data: JobResultData = {
    job_id: { value: job.id },
    worker_id: { value: job.workerId },
    worker_name: job.workerName,
    args: new Uint8Array(0),
    status: ResultStatus.SUCCESS,
    retried: job.attempt - 1,
    max_retry: job.retryPolicy?.max_retry ?? 0,
    priority: job.priority,
    timeout: BigInt(job.timeoutMs),
    streaming_type: job.streaming,
    enqueue_time: BigInt(job.enqueuedAt),
    run_after_time: BigInt(job.runAfter),
    start_time: BigInt(Date.now()),
    end_time: 0n,
    response_type: job.responseType,
    store_success: job.storeSuccess,
    store_failure: job.storeFailure,
    using: job.method,
    broadcast_results: job.broadcast,
  };
  return { id: { value: 0n }, data, metadata: {} };
}
