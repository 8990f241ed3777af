/** JobResultService: results that were stored. */
import { BulkheadError } from '../errors.ts';
import type { Results } from '../results/results.ts';
import type { Handlers } from './handlers.ts';

/** An unknown id is an answer without data, an unknown job an empty list. */
export function jobResultService(results: Results): Handlers<'jobworkerp.service.JobResultService'> {
  return {
    Find: async ({ value }) => {
      const data = await results.find(value);
      return data ? { data } : {};
    },
    FindListByJobId: async ({ job_id: id }) => {
      if (!id) throw new BulkheadError('field-missing', 'job_id is required', { details: { field: 'job_id' } });
      return await results.listByJob(id.value);
    },
  };
}
