/** JobRestoreService: stored jobs that wait. They come back by themselves when the server starts. */
import type { Jobs, ViewFilter, Workers } from '../admission/admission.ts';
import { JobProcessingStatus, type JobRestoreRequest } from '../model/messages.gen.ts';
import { mostRows, pageOf } from '../model/page.ts';
import type { Handlers } from './handlers.ts';
import { jobMessage } from './job-message.ts';
import { within } from './reach.ts';

/**
 * Restore only looks into the store once more: a job that is held here is in the queue already, and never put
 * there a second time, whatever `include_grabbed` says.
 */
export function jobRestoreService(jobs: Jobs, workers: Workers): Handlers<'jobworkerp.service.JobRestoreService'> {
  return {
    Restore: async ({ limit }) => {
      pageOf(limit, undefined, mostRows);
      await jobs.restore();
      return { is_success: true };
    },
    FindAll: async (request, { caller }) => {
      const { limit } = pageOf(request.limit, undefined, mostRows);
      return (await jobs.list({ ...filterOf(request), ...within(caller, workers) }, limit)).map(({ job }) =>
        jobMessage(job),
      );
    },
  };
}

function filterOf({ include_grabbed: includeGrabbed }: JobRestoreRequest): ViewFilter {
  return includeGrabbed ? { kept: true } : { kept: true, status: JobProcessingStatus.PENDING };
}
