/**
 * The gRPC server: all services of `proto/` on one port, with health and reflection.
 *
 * It knows admission, results and plugins by their contracts and nothing of what stands behind them.
 */
import { Server, ServerCredentials, type ServerOptions } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import type { Admission, Jobs, Workers } from '../admission/admission.ts';
import type { FunctionSets, Functions } from '../admission/functions.ts';
import type { Dispatcher } from '../dispatch/dispatch.ts';
import { BulkheadError } from '../errors.ts';
import type { Services } from '../model/messages.gen.ts';
import type { PluginCatalogue } from '../plugins/catalogue.ts';
import type { PluginManagement } from '../plugins/management.ts';
import type { Results } from '../results/results.ts';
import type { EngineEvents, LogSink } from '../telemetry/events.ts';
import { channelService } from './channel-service.ts';
import { functionService } from './function-service.ts';
import { functionSetService } from './function-set-service.ts';
import { type Handlers, implement } from './handlers.ts';
import { jobRestoreService } from './job-restore-service.ts';
import { jobResultService } from './job-result-service.ts';
import { jobService } from './job-service.ts';
import { jobStatusService } from './job-status-service.ts';
import { pluginService } from './plugin-service.ts';
import { addReflection } from './reflection.ts';
import { runnerService } from './runner-service.ts';
import { WireSchema } from './schema.ts';
import { watchCalls } from './watch-calls.ts';
import { type ProcessIdentity, workerInstanceService } from './worker-instance-service.ts';
import { workerService } from './worker-service.ts';

/** What the services work with. */
export interface ApiParts {
  readonly admission: Admission;
  readonly jobs: Jobs;
  readonly dispatcher: Dispatcher;
  readonly self: ProcessIdentity;
  readonly workers: Workers;
  readonly functions: Functions;
  readonly functionSets: FunctionSets;
  readonly results: Results;
  readonly plugins: PluginCatalogue;
  readonly management: PluginManagement;
  readonly log: LogSink;
  /** Where somebody watches calls. */
  readonly events?: EngineEvents;
}

/** Where and how to listen. */
export interface ApiOptions {
  /** Host and port, as in `127.0.0.1:9000` or `[::]:9000`; port 0: a free one. */
  readonly address: string;
  /** Largest request message in bytes; a larger one is RESOURCE_EXHAUSTED. Default: 16 MiB. */
  readonly maxRequestBytes?: number;
}

/** A server that listens. */
export interface ApiServer {
  /** The port that it got. */
  readonly port: number;
  /** Health says NOT_SERVING from now on, so that balancers look elsewhere. Calls are still answered. */
  announceStop(): void;
  /**
   * Takes no new calls and waits up to `drainMs` milliseconds for those under way, then cuts them off.
   * To be called when the jobs have ended: DIRECT submitters wait for them.
   */
  stop(drainMs: number): Promise<void>;
}

/** Listens. Throws `config-invalid` where the address cannot be bound. */
export async function startApi(
  parts: ApiParts,
  { address, maxRequestBytes = 16 * 1024 * 1024 }: ApiOptions,
): Promise<ApiServer> {
  const options: ServerOptions = {
    'grpc.max_receive_message_length': maxRequestBytes,
    ...(parts.events && { interceptors: [watchCalls(parts.events)] }),
  };
  const server = new Server(options);
  const schema = new WireSchema();
  const names = schema.serviceNames();
  addServices(server, schema, names, parts);
  addReflection(server, schema.root, names);
  const health = new HealthImplementation(Object.fromEntries(['', ...names].map((name) => [name, 'SERVING'])));
  health.addToServer(server);
  const port = await bind(server, address);
  let stopping = false;
  const announceStop = (): void => {
    if (stopping) return;
    stopping = true;
    for (const name of ['', ...names]) health.setStatus(name, 'NOT_SERVING');
  };
  return {
    port,
    announceStop,
    stop: (drainMs) => {
      announceStop();
      return stop(server, drainMs);
    },
  };
}

function addServices(server: Server, schema: WireSchema, names: readonly (keyof Services)[], parts: ApiParts): void {
  const offered: { readonly [S in keyof Services]?: Handlers<S> } = {
    'jobworkerp.service.JobService': jobService(parts.admission, parts.jobs, schema),
    'jobworkerp.service.JobProcessingStatusService': jobStatusService(parts.jobs),
    'jobworkerp.service.JobRestoreService': jobRestoreService(parts.jobs),
    'jobworkerp.service.JobResultService': jobResultService(parts, schema),
    'jobworkerp.service.RunnerService': runnerService(parts.plugins, parts.management),
    'jobworkerp.service.WorkerService': workerService(parts.workers, parts.dispatcher),
    'jobworkerp.service.WorkerInstanceService': workerInstanceService(parts.self, parts.workers, parts.dispatcher),
    'jobworkerp.function.service.FunctionService': functionService(parts, schema),
    'jobworkerp.function.service.FunctionSetService': functionSetService(parts.functionSets, parts.functions),
    'bulkhead.admin.v1.ChannelService': channelService(parts.dispatcher),
    'bulkhead.plugin.v1.PluginService': pluginService(parts.management),
  };
  for (const name of names) {
    const definition = schema.service(name);
    server.addService(definition, implement(definition, offered[name] ?? {}, parts.log));
  }
}

function bind(server: Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
      if (error)
        reject(
          new BulkheadError('config-invalid', `cannot listen on ${address}: ${error.message}`, {
            details: { address },
            cause: error,
          }),
        );
      else resolve(port);
    });
  });
}

function stop(server: Server, drainMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.forceShutdown(), drainMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
