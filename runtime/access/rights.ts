/**
 * Which role each RPC demands, and whether tokens with a limited reach may call it: one closed table.
 *
 * An RPC that is not in it demands an admin with full reach. `checked` is a promise of the RPC's handler: it may
 * only be written here once the handler asks `model/caller.ts`, so an RPC that forgot to is closed to those whom
 * its answer would show, or let change, what is not theirs.
 */
import type { Demand, Scope } from './access.ts';

type Rule = readonly [role: Demand['role'], scope: Scope, methods: string];

const rules: Readonly<Record<string, readonly Rule[]>> = {
  'grpc.health.v1.Health': [['nobody', 'shared', 'Check List Watch']],
  'grpc.reflection.v1.ServerReflection': [['reader', 'shared', 'ServerReflectionInfo']],
  'grpc.reflection.v1alpha.ServerReflection': [['reader', 'shared', 'ServerReflectionInfo']],
  'bulkhead.admin.v1.ChannelService': [
    ['reader', 'checked', 'List'],
    ['admin', 'whole', 'SetConcurrency'],
  ],
  'bulkhead.plugin.v1.PluginService': [['admin', 'whole', 'Upload List Remove']],
  'jobworkerp.function.service.FunctionService': [
    ['reader', 'checked', 'FindList FindListBySet Find FindByName'],
    ['submitter', 'checked', 'Call'],
    ['admin', 'checked', 'CreateWorker UpsertWorker'],
  ],
  'jobworkerp.function.service.FunctionSetService': [
    ['reader', 'checked', 'FindDetail FindDetailByName'],
    ['reader', 'whole', 'Find FindByName FindList Count'],
    ['admin', 'whole', 'Create Update Delete'],
  ],
  'jobworkerp.service.JobProcessingStatusService': [
    ['reader', 'checked', 'Find FindAll FindByCondition CountByCondition'],
    ['admin', 'whole', 'Cleanup PurgeStaleJobs'],
  ],
  'jobworkerp.service.JobRestoreService': [
    ['reader', 'checked', 'FindAll'],
    ['admin', 'whole', 'Restore'],
  ],
  'jobworkerp.service.JobResultService': [
    ['reader', 'checked', 'Find FindList FindListBy FindListByJobId Count CountBy Listen ListenStream ListenByWorker'],
    ['admin', 'checked', 'Delete DeleteBulk'],
  ],
  'jobworkerp.service.JobService': [
    ['reader', 'checked', 'Find FindList FindQueueList FindListWithProcessingStatus Count'],
    ['submitter', 'checked', 'Enqueue EnqueueForStream EnqueueWithClientStream FeedToStream Delete'],
  ],
  'jobworkerp.service.RunnerService': [
    ['reader', 'shared', 'Find FindByName FindList Count FindListBy CountBy'],
    ['admin', 'whole', 'Create Delete'],
  ],
  'jobworkerp.service.WorkerInstanceService': [['reader', 'checked', 'FindList Count Find FindChannelList']],
  'jobworkerp.service.WorkerService': [
    ['reader', 'checked', 'Find FindByName FindList Count CountBy FindChannelList'],
    ['admin', 'checked', 'Create UpsertByName Update Delete ReleaseStaticWorker Load'],
  ],
};

/** Every RPC of the table, by its full name. */
export const demands: ReadonlyMap<string, Demand> = new Map(
  Object.entries(rules).flatMap(([service, groups]) =>
    groups.flatMap(([role, scope, methods]) =>
      methods.split(' ').map((method): [string, Demand] => {
        const what = `${service}/${method}`;
        return [what, { what, role, scope }];
      }),
    ),
  ),
);

/** What an RPC demands. `rpc` is `package.Service/Method`. */
export function demandOf(rpc: string): Demand {
  return demands.get(rpc) ?? { what: rpc, role: 'admin', scope: 'whole' };
}
