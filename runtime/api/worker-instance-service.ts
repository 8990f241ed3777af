/** WorkerInstanceService: the processes of the installation. In embedded mode that is this one. */
import { hostname } from 'node:os';
import type { Workers } from '../admission/admission.ts';
import type { Dispatcher } from '../dispatch/dispatch.ts';
import { BulkheadError } from '../errors.ts';
import type { Caller } from '../model/caller.ts';
import { displayName } from '../model/channel.ts';
import type { WorkerInstance } from '../model/messages.gen.ts';
import type { Handlers } from './handlers.ts';
import { channelsWithin } from './worker-service.ts';

/** What this process is known by. */
export interface ProcessIdentity {
  readonly id: bigint;
  /** Where it listens. */
  readonly address: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

export function workerInstanceService(
  self: ProcessIdentity,
  workers: Workers,
  dispatcher: Dispatcher,
): Handlers<'jobworkerp.service.WorkerInstanceService'> {
  const message = (caller: Caller): WorkerInstance => ({
    id: { value: self.id },
    data: {
      ip_address: self.address,
      hostname: hostname(),
      channels: channelsWithin(caller, dispatcher).map(({ name, concurrency }) => ({ name, concurrency })),
      registered_at: BigInt(self.startedAt),
      // It answers, so it is alive now.
      last_heartbeat: BigInt(Date.now()),
      rdb_status_index_recovery_version: 0,
    },
  });
  return {
    FindList: ({ channel }, { caller }) =>
      channel === undefined || channelsWithin(caller, dispatcher).some(({ name }) => name === channel)
        ? [message(caller)]
        : [],
    Count: async () => ({ total: 1n, active: 1n }),
    Find: async ({ value }, { caller }) => {
      if (value === self.id) return message(caller);
      throw new BulkheadError('field-invalid', `there is no worker instance ${value}`, { details: { field: 'value' } });
    },
    FindChannelList: async (_, { caller }) => ({
      channels: channelsWithin(caller, dispatcher).map(({ name, concurrency }) => ({
        name: displayName(name),
        total_concurrency: concurrency,
        active_instances: 1,
        worker_count: BigInt(workers.count({ runner_types: [], runner_ids: [], channel: name }, caller)),
      })),
    }),
  };
}
