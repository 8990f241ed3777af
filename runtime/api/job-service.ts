/** JobService: submitting jobs, feeding them, and looking at those that have not ended. */
import type { Admission, AdmittedStream, Jobs, Workers } from '../admission/admission.ts';
import { BulkheadError } from '../errors.ts';
import { type Caller, reachesAll } from '../model/caller.ts';
import {
  type CreateJobResponse,
  JobProcessingStatus,
  type JobRequest,
  type ResultOutputItem,
} from '../model/messages.gen.ts';
import { mostRows, pageOf } from '../model/page.ts';
import { clientStream } from './client-stream.ts';
import type { CallContext, Handlers } from './handlers.ts';
import { jobFailure } from './job-failure.ts';
import { jobAndStatus, jobMessage } from './job-message.ts';
import { cancelsOnDisconnect, collectsOutput, jobIdHeaders, jobMetadata } from './job-metadata.ts';
import { reachesWorker, within } from './reach.ts';
import { missing } from './refusals.ts';
import type { WireSchema } from './schema.ts';

/** Rows of lists where the request sets no limit. */
const defaultLimit = 100;

/**
 * Enqueue answers in its body; the job's id is in the header `x-job-id-bin` as well. A job that failed
 * is an answer of Enqueue, not an error; of a stream it is the status that ends it.
 */
export function jobService(
  admission: Admission,
  jobs: Jobs,
  workers: Workers,
  schema: WireSchema,
): Handlers<'jobworkerp.service.JobService'> {
  const { encode: encodeId } = schema.codec('jobworkerp.data.JobId');
  const headersOf = (id: bigint) => jobIdHeaders(encodeId({ value: id }));
  /** Who reaches everything is not made to wait for a look. */
  const isWithin = async (id: bigint, caller: Caller): Promise<boolean> =>
    reachesAll(caller) || reachesWorker(caller, workers, (await jobs.find(id))?.job.workerId);
  const items = (admitted: AdmittedStream, call: CallContext, cancels: boolean) =>
    outputOf(admitted, jobs, call, cancels, schema);
  return {
    Enqueue: async (request: JobRequest, call: CallContext): Promise<CreateJobResponse> => {
      const cancels = cancelsOnDisconnect(call.metadata);
      const admitted = await admission.submit(request, jobMetadata(call.metadata), call.caller);
      const id = { value: admitted.id };
      if (!admitted.result) {
        call.sendMetadata(headersOf(admitted.id));
        return { id };
      }
      if (cancels) call.onGone(() => void jobs.cancel(admitted.id));
      const result = await admitted.result;
      call.sendMetadata(headersOf(admitted.id));
      return { id, result };
    },
    EnqueueForStream: async (request, call) => {
      const cancels = cancelsOnDisconnect(call.metadata);
      const options = { feeds: false, collects: collectsOutput(call.metadata) };
      const admitted = await admission.submitStream(request, jobMetadata(call.metadata), options, call.caller);
      call.sendMetadata(headersOf(admitted.id));
      return items(admitted, call, cancels);
    },
    EnqueueWithClientStream: async (requests, call) => {
      const submit = async (request: JobRequest): Promise<AdmittedStream> => {
        const options = { feeds: true, collects: collectsOutput(call.metadata) };
        const admitted = await admission.submitStream(request, jobMetadata(call.metadata), options, call.caller);
        call.sendMetadata(headersOf(admitted.id));
        return admitted;
      };
      const { admitted, fed } = await clientStream(requests, submit, jobs);
      // As in jobworkerp-rs, who feeds a job and goes away ends it.
      return admitted.output ? items(admitted, call, true) : endAfter(fed);
    },
    FeedToStream: async ({ job_id: id, data, is_final: isFinal }, { caller }) => {
      if (!id) throw missing('job_id');
      if (!(await isWithin(id.value, caller))) throw noJob(id.value);
      await jobs.feedRunning(id.value, data, isFinal);
      return { accepted: true };
    },
    Delete: async ({ value }, { caller }) => ({
      is_success: (await isWithin(value, caller)) && (await jobs.cancel(value)),
    }),
    Find: async ({ value }, { caller }) => {
      const view = await jobs.find(value);
      return view && reachesWorker(caller, workers, view.job.workerId) ? { data: jobMessage(view.job) } : {};
    },
    FindList: async ({ limit, offset }, { caller }) => {
      const page = pageOf(limit, offset, mostRows);
      return (await jobs.list(within(caller, workers), page.limit, page.offset, true)).map(({ job }) =>
        jobMessage(job),
      );
    },
    FindQueueList: async ({ limit, channel }, { caller }) => {
      const filter = {
        status: JobProcessingStatus.PENDING,
        ...within(caller, workers),
        ...(channel !== undefined && { channel }),
      };
      return (await jobs.list(filter, positive(limit))).map(jobAndStatus);
    },
    FindListWithProcessingStatus: async ({ status, limit }, { caller }) => {
      if (status === JobProcessingStatus.UNKNOWN || !Object.values(JobProcessingStatus).includes(status))
        throw new BulkheadError('field-invalid', `status must be one that a job can have, got ${status}`, {
          details: { field: 'status' },
        });
      return (await jobs.list({ status, ...within(caller, workers) }, positive(limit))).map(jobAndStatus);
    },
    Count: async (_, { caller }) => {
      const counts = await jobs.count(within(caller, workers));
      return { total: BigInt([...counts.values()].reduce((sum, count) => sum + count, 0)) };
    },
  };
}

/** What the submitter reads; nothing where it does not wait. */
async function* outputOf(
  { id, output }: AdmittedStream,
  jobs: Jobs,
  call: CallContext,
  cancels: boolean,
  schema: WireSchema,
): AsyncGenerator<ResultOutputItem, void, undefined> {
  if (!output) return;
  call.onGone(() => {
    output.close();
    if (cancels) void jobs.cancel(id);
  });
  try {
    yield* output;
  } catch (thrown) {
    throw jobFailure(thrown, schema);
  }
}

/** The answer of a call that only feeds: the end, once all is fed. */
async function* endAfter(fed: Promise<void>): AsyncGenerator<ResultOutputItem, void, undefined> {
  await fed;
  yield { end: { metadata: {} } };
}

function positive(limit: number | undefined): number {
  const { limit: most } = pageOf(limit, undefined, defaultLimit);
  if (most > 0) return most;
  throw new BulkheadError('field-invalid', 'limit must be positive', { details: { field: 'limit' } });
}

function noJob(id: bigint): BulkheadError {
  return new BulkheadError('job-not-found', `there is no job ${id} that has not ended`, {
    details: { job_id: String(id) },
  });
}
