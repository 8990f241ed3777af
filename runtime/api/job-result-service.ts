/** JobResultService: results that were stored, and results as they come. */
import type { Jobs, Workers } from '../admission/admission.ts';
import { type Caller, reachesAll } from '../model/caller.ts';
import type { JobResult } from '../model/messages.gen.ts';
import type { Results } from '../results/results.ts';
import type { Handlers } from './handlers.ts';
import { listenHandlers } from './listen.ts';
import { reachesWorker, within } from './reach.ts';
import { missing } from './refusals.ts';
import { deleteFilter, filterOf, pageOfResults } from './result-request.ts';
import type { WireSchema } from './schema.ts';

/** What the service works with. */
export interface JobResultParts {
  readonly results: Results;
  readonly jobs: Jobs;
  readonly workers: Workers;
}

/** An unknown id is an answer without data, an unknown job an empty list; so is what is out of the caller's reach. */
export function jobResultService(
  parts: JobResultParts,
  schema: WireSchema,
): Handlers<'jobworkerp.service.JobResultService'> {
  const { results, workers } = parts;
  const isWithin = (caller: Caller, result: JobResult) => reachesWorker(caller, workers, result.data?.worker_id?.value);
  return {
    ...listenHandlers(parts, schema),
    Find: async ({ value }, { caller }) => {
      const data = await results.find(value);
      return data && isWithin(caller, data) ? { data } : {};
    },
    FindListByJobId: async ({ job_id: id }, { caller }) => {
      if (!id) throw missing('job_id');
      return (await results.listByJob(id.value)).filter((result) => isWithin(caller, result));
    },
    FindList: ({ limit, offset }, { caller }) =>
      results.list(within(caller, workers), pageOfResults({ limit, offset })),
    FindListBy: (request, { caller }) =>
      results.list({ ...filterOf(request), ...within(caller, workers) }, pageOfResults(request)),
    Count: async (_, { caller }) => ({ total: BigInt(await results.count(within(caller, workers))) }),
    CountBy: async (request, { caller }) => ({
      total: BigInt(await results.count({ ...filterOf(request), ...within(caller, workers) })),
    }),
    Delete: async ({ value }, { caller }) => {
      const found = reachesAll(caller) ? undefined : await results.find(value);
      const mayDelete = reachesAll(caller) || (found !== undefined && isWithin(caller, found));
      return { is_success: mayDelete && (await results.deleteOne(value)) };
    },
    DeleteBulk: async (request, { caller }) => {
      const filter = { ...deleteFilter(request, Date.now()), ...within(caller, workers) };
      return { deleted_count: BigInt(await results.delete(filter)) };
    },
  };
}
