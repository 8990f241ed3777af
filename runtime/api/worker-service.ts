/** WorkerService: creating, changing and finding workers. */
import type { Workers } from '../admission/admission.ts';
import { BulkheadError } from '../errors.ts';
import type { CountWorkerRequest, OptionalWorkerResponse, Worker } from '../model/messages.gen.ts';
import type { WorkerRecord } from '../model/worker.ts';
import type { Handlers } from './handlers.ts';

const everything: CountWorkerRequest = { runner_types: [], runner_ids: [] };

/** Finding nothing is an answer without data; deleting nothing is `is_success: false`. */
export function workerService(workers: Workers): Handlers<'jobworkerp.service.WorkerService'> {
  return {
    Create: async (data) => ({ id: { value: await workers.create(data) } }),
    UpsertByName: async (data) => ({ id: { value: await workers.upsertByName(data) } }),
    Update: async ({ id, data }) => {
      if (!id) throw missing('id');
      if (!data) throw missing('data');
      await workers.update(id.value, data);
      return { is_success: true };
    },
    Delete: async ({ value }) => ({ is_success: await workers.remove(value) }),
    Find: async ({ value }) => optional(workers.byId(value)),
    FindByName: async ({ name }) => optional(workers.byName(name)),
    FindList: (request) => workers.list(request).map(message),
    Count: async () => ({ total: BigInt(workers.count(everything)) }),
    CountBy: async (request) => ({ total: BigInt(workers.count(request)) }),
  };
}

function message({ id, data }: WorkerRecord): Worker {
  return { id: { value: id }, data };
}

function optional(record: WorkerRecord | undefined): OptionalWorkerResponse {
  return record ? { data: message(record) } : {};
}

function missing(field: string): BulkheadError {
  return new BulkheadError('field-missing', `${field} is required`, { details: { field } });
}
