/** WorkerService: creating, changing and finding workers. */
import type { Workers } from '../admission/admission.ts';
import { BulkheadError } from '../errors.ts';
import { type Caller, reaches } from '../model/caller.ts';
import type { CountWorkerRequest, OptionalWorkerResponse, Worker } from '../model/messages.gen.ts';
import type { WorkerRecord } from '../model/worker.ts';
import type { Handlers } from './handlers.ts';

const everything: CountWorkerRequest = { runner_types: [], runner_ids: [] };

/**
 * Finding nothing is an answer without data; deleting nothing is `is_success: false`. A worker that is out of the
 * caller's reach is not found.
 */
export function workerService(workers: Workers): Handlers<'jobworkerp.service.WorkerService'> {
  return {
    Create: async (data, { caller }) => ({ id: { value: await workers.create(data, caller) } }),
    UpsertByName: async (data, { caller }) => ({ id: { value: await workers.upsertByName(data, caller) } }),
    Update: async ({ id, data }, { caller }) => {
      if (!id) throw missing('id');
      if (!data) throw missing('data');
      await workers.update(id.value, data, caller);
      return { is_success: true };
    },
    Delete: async ({ value }, { caller }) => ({ is_success: await workers.remove(value, caller) }),
    Find: async ({ value }, { caller }) => optional(workers.byId(value), caller),
    FindByName: async ({ name }, { caller }) => optional(workers.byName(name), caller),
    FindList: (request, { caller }) => workers.list(request, caller).map(message),
    Count: async (_, { caller }) => ({ total: BigInt(workers.count(everything, caller)) }),
    CountBy: async (request, { caller }) => ({ total: BigInt(workers.count(request, caller)) }),
  };
}

function message({ id, data }: WorkerRecord): Worker {
  return { id: { value: id }, data };
}

function optional(record: WorkerRecord | undefined, caller: Caller): OptionalWorkerResponse {
  return record && reaches(caller, record.data) ? { data: message(record) } : {};
}

function missing(field: string): BulkheadError {
  return new BulkheadError('field-missing', `${field} is required`, { details: { field } });
}
