/** JobResultService: results that were stored, and results as they come. */
import type { Jobs, Workers } from '../admission/admission.ts';
import type { Results } from '../results/results.ts';
import type { Handlers } from './handlers.ts';
import { listenHandlers } from './listen.ts';
import { deleteFilter, filterOf, missing, pageOfResults } from './result-request.ts';
import type { WireSchema } from './schema.ts';

/** What the service works with. */
export interface JobResultParts {
  readonly results: Results;
  readonly jobs: Jobs;
  readonly workers: Workers;
}

/** An unknown id is an answer without data, an unknown job an empty list. */
export function jobResultService(
  parts: JobResultParts,
  schema: WireSchema,
): Handlers<'jobworkerp.service.JobResultService'> {
  const { results } = parts;
  return {
    ...listenHandlers(parts, schema),
    Find: async ({ value }) => {
      const data = await results.find(value);
      return data ? { data } : {};
    },
    FindListByJobId: async ({ job_id: id }) => {
      if (!id) throw missing('job_id');
      return await results.listByJob(id.value);
    },
    FindList: ({ limit, offset }) => results.list({}, pageOfResults({ limit, offset })),
    FindListBy: (request) => results.list(filterOf(request), pageOfResults(request)),
    Count: async () => ({ total: BigInt(await results.count({})) }),
    CountBy: async (request) => ({ total: BigInt(await results.count(filterOf(request))) }),
    Delete: async ({ value }) => ({ is_success: await results.deleteOne(value) }),
    DeleteBulk: async (request) => ({ deleted_count: BigInt(await results.delete(deleteFilter(request, Date.now()))) }),
  };
}
