/** JobService: submitting jobs. */
import type { Admission } from '../admission/admission.ts';
import type { CreateJobResponse, JobRequest } from '../model/messages.gen.ts';
import type { CallContext, Handlers } from './handlers.ts';
import { jobIdHeaders, jobMetadata } from './job-metadata.ts';
import type { WireSchema } from './schema.ts';

/**
 * Enqueue answers in its body; the job's id is in the header `x-job-id-bin` as well. A job that failed
 * is an answer, not an error: its result says how it ended.
 */
export function jobService(admission: Admission, schema: WireSchema): Handlers<'jobworkerp.service.JobService'> {
  const { encode: encodeId } = schema.codec('jobworkerp.data.JobId');
  return {
    Enqueue: async (request: JobRequest, call: CallContext): Promise<CreateJobResponse> => {
      const admitted = await admission.submit(request, jobMetadata(call.metadata), call.caller);
      const id = { value: admitted.id };
      if (!admitted.result) {
        call.sendMetadata(jobIdHeaders(encodeId(id)));
        return { id };
      }
      const result = await admitted.result;
      call.sendMetadata(jobIdHeaders(encodeId(id)));
      return { id, result };
    },
  };
}
