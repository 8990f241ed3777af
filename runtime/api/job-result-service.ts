/** JobResultService: results that were stored. */
import { BulkheadError } from '../errors.ts';
import { type Caller, reaches, reachesAll } from '../model/caller.ts';
import type { JobResult } from '../model/messages.gen.ts';
import type { WorkerDirectory } from '../model/worker.ts';
import type { Results } from '../results/results.ts';
import type { Handlers } from './handlers.ts';

/** An unknown id is an answer without data, an unknown job an empty list; so is what is out of the caller's reach. */
export function jobResultService(
  results: Results,
  workers: WorkerDirectory,
): Handlers<'jobworkerp.service.JobResultService'> {
  return {
    Find: async ({ value }, { caller }) => {
      const data = await results.find(value);
      return data && reachesResult(caller, data, workers) ? { data } : {};
    },
    FindListByJobId: async ({ job_id: id }, { caller }) => {
      if (!id) throw new BulkheadError('field-missing', 'job_id is required', { details: { field: 'job_id' } });
      return (await results.listByJob(id.value)).filter((result) => reachesResult(caller, result, workers));
    },
  };
}

/**
 * Whether a result is within reach: its worker has to be, by the name that it had and by the channel that it has.
 * What a worker left behind that is gone, or has another name now, only callers see who reach everything.
 */
function reachesResult(caller: Caller, { data }: JobResult, workers: WorkerDirectory): boolean {
  if (reachesAll(caller)) return true;
  const worker = workers.byId(data?.worker_id?.value ?? 0n);
  return worker !== undefined && worker.data.name === data?.worker_name && reaches(caller, worker.data);
}
