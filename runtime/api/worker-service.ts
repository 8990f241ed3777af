/** WorkerService: creating, changing and finding workers. */
import type { Workers } from '../admission/admission.ts';
import type { Dispatcher } from '../dispatch/dispatch.ts';
import { BulkheadError } from '../errors.ts';
import { type Caller, reaches, reachesAll, reachesChannel } from '../model/caller.ts';
import { type ChannelPlan, displayName } from '../model/channel.ts';
import type { CountWorkerRequest, OptionalWorkerResponse, Worker } from '../model/messages.gen.ts';
import type { WorkerRecord } from '../model/worker.ts';
import type { Handlers } from './handlers.ts';
import { namedWorker } from './reach.ts';
import { missing } from './refusals.ts';

const everything: CountWorkerRequest = { runner_types: [], runner_ids: [] };

/** The longest wait of Load where the request does not say, in milliseconds. */
const loadTimeoutMs = 10_000;

/**
 * Finding nothing is an answer without data; deleting nothing is `is_success: false`. A worker that is out of the
 * caller's reach is not found.
 */
export function workerService(workers: Workers, dispatcher: Dispatcher): Handlers<'jobworkerp.service.WorkerService'> {
  return {
    FindChannelList: async (_, { caller }) => ({
      channels: channelsWithin(caller, dispatcher).map(({ name, concurrency }) => ({
        name: displayName(name),
        concurrency,
        worker_count: BigInt(workers.count({ ...everything, channel: name }, caller)),
        total_concurrency: concurrency,
        active_instances: 1,
      })),
    }),
    ReleaseStaticWorker: async ({ worker_id: id, name }, { caller }) => {
      const all = id === undefined && name === undefined;
      if (all && !reachesAll(caller))
        throw new BulkheadError(
          'permission-denied',
          `token '${caller.name}' has to name a worker: it may not release all`,
        );
      dispatcher.release(all ? undefined : namedWorker(caller, workers, id, name).id);
      return { is_success: true };
    },
    Load: async ({ worker_id: id, name, timeout_ms: timeout }, { caller }) => {
      await dispatcher.load(
        namedWorker(caller, workers, id, name).id,
        timeout === undefined ? loadTimeoutMs : Number(timeout),
      );
      return { is_success: true };
    },
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

/** Of the channels that are served, those within reach. */
export function channelsWithin(caller: Caller, dispatcher: Dispatcher): readonly ChannelPlan[] {
  return dispatcher.channels().filter(({ name }) => reachesChannel(caller, name));
}

function message({ id, data }: WorkerRecord): Worker {
  return { id: { value: id }, data };
}

function optional(record: WorkerRecord | undefined, caller: Caller): OptionalWorkerResponse {
  return record && reaches(caller, record.data) ? { data: message(record) } : {};
}
