/** WorkerService: creating, changing and finding workers. */
import type { Workers } from '../admission/admission.ts';
import type { Dispatcher } from '../dispatch/dispatch.ts';
import { BulkheadError } from '../errors.ts';
import { displayName } from '../model/channel.ts';
import type { CountWorkerRequest, OptionalWorkerResponse, Worker, WorkerId } from '../model/messages.gen.ts';
import type { WorkerRecord } from '../model/worker.ts';
import type { Handlers } from './handlers.ts';

const everything: CountWorkerRequest = { runner_types: [], runner_ids: [] };

/** The longest wait of Load where the request does not say, in milliseconds. */
const loadTimeoutMs = 10_000;

/** Finding nothing is an answer without data; deleting nothing is `is_success: false`. */
export function workerService(workers: Workers, dispatcher: Dispatcher): Handlers<'jobworkerp.service.WorkerService'> {
  return {
    FindChannelList: async () => ({
      channels: dispatcher.channels().map(({ name, concurrency }) => ({
        name: displayName(name),
        concurrency,
        worker_count: BigInt(workers.count({ ...everything, channel: name })),
        total_concurrency: concurrency,
        active_instances: 1,
      })),
    }),
    ReleaseStaticWorker: async ({ worker_id: id, name }) => {
      dispatcher.release(id === undefined && name === undefined ? undefined : named(workers, id, name).id);
      return { is_success: true };
    },
    Load: async ({ worker_id: id, name, timeout_ms: timeout }) => {
      await dispatcher.load(named(workers, id, name).id, timeout === undefined ? loadTimeoutMs : Number(timeout));
      return { is_success: true };
    },
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

/** The worker that a request names. Throws `field-missing`, `worker-not-found`. */
function named(workers: Workers, id: WorkerId | undefined, name: string | undefined): WorkerRecord {
  if (id === undefined && !name) throw missing('worker_id or name');
  const worker = id === undefined ? workers.byName(name ?? '') : workers.byId(id.value);
  if (worker) return worker;
  const which = id === undefined ? `called '${name}'` : `with id ${id.value}`;
  throw new BulkheadError('worker-not-found', `there is no worker ${which}`);
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
