/**
 * The gRPC server: all services of `proto/` on one port, with health and reflection, and on the same port what
 * browsers and HTTP clients send.
 *
 * It knows admission, results and plugins by their contracts and nothing of what stands behind them.
 */
import type { TlsOptions } from 'node:tls';
import { Server } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import type { Access } from '../access/access.ts';
import type { Admission, Jobs, Workers } from '../admission/admission.ts';
import type { FunctionSets, Functions } from '../admission/functions.ts';
import type { Dispatcher } from '../dispatch/dispatch.ts';
import type { Services } from '../model/messages.gen.ts';
import type { PluginCatalogue } from '../plugins/catalogue.ts';
import type { PluginManagement } from '../plugins/management.ts';
import type { Results } from '../results/results.ts';
import type { EngineEvents, LogSink } from '../telemetry/events.ts';
import { channelService } from './channel-service.ts';
import { type ConnectionLimits, defaultConnectionLimits, openEdge } from './edge.ts';
import { functionService } from './function-service.ts';
import { functionSetService } from './function-set-service.ts';
import { Gate } from './gate.ts';
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
import type { HttpRoute } from './web/routes.ts';
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
  /** Who may call. Where it is open, only addresses of this machine are listened on. */
  readonly access: Access;
  readonly log: LogSink;
  /** Where somebody watches calls. */
  readonly events?: EngineEvents;
}

/** Where and how to listen. */
export interface ApiOptions {
  /** Host and port, as in `127.0.0.1:9000` or `[::]:9000`; port 0: a free one. */
  readonly address: string;
  /** Largest request message in bytes; a larger one is RESOURCE_EXHAUSTED. Default: 16 MiB. */
  readonly maxRequestBytes?: number | undefined;
  /** Not set: no encryption. */
  readonly tls?: TlsOptions | undefined;
  /** Where they differ from the defaults. */
  readonly limits?: Partial<ConnectionLimits> | undefined;
  /** Pages that may call, by their origins: `https://app.example.com`. */
  readonly webOrigins?: readonly string[] | undefined;
  /** What is served over plain HTTP on the same port. */
  readonly routes?: readonly HttpRoute[] | undefined;
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
  /** Another certificate, for connections from now on. */
  useTls(tls: TlsOptions): void;
}

/** Listens. Throws `config-invalid` where the address cannot be had, or must not be without tokens. */
export async function startApi(parts: ApiParts, options: ApiOptions): Promise<ApiServer> {
  const { maxRequestBytes = 16 * 1024 * 1024 } = options;
  const { access, log, events } = parts;
  const limits = { ...defaultConnectionLimits, ...options.limits };
  const gate = new Gate(access, log);
  const server = new Server({
    'grpc.max_receive_message_length': maxRequestBytes,
    'grpc.max_concurrent_streams': limits.streams,
    'grpc.keepalive_time_ms': limits.keepAliveMs,
    'grpc.keepalive_timeout_ms': limits.keepAliveTimeoutMs,
    // Nobody is served what grpc-js would count for it with every call; the metrics of calls are our own.
    'grpc.enable_channelz': 0,
    // The first sees a call first: one that is refused at the gate is told of, too.
    interceptors: [...(events ? [watchCalls(events)] : []), ...gate.interceptors],
  });
  const schema = new WireSchema();
  const names = schema.serviceNames();
  addServices(server, schema, names, parts, gate);
  addReflection(server, schema.root, names);
  const health = new HealthImplementation(Object.fromEntries(['', ...names].map((name) => [name, 'SERVING'])));
  health.addToServer(server);
  const requestStreams = requestStreamsOf(schema, names);
  const edge = await openEdge(server, { ...options, limits, maxRequestBytes, access, log, requestStreams });
  let stopping = false;
  const announceStop = (): void => {
    if (stopping) return;
    stopping = true;
    for (const name of ['', ...names]) health.setStatus(name, 'NOT_SERVING');
  };
  return {
    port: edge.port,
    useTls: edge.useTls,
    announceStop,
    stop: async (drainMs) => {
      announceStop();
      edge.close();
      await stop(server, drainMs);
      edge.end();
    },
  };
}

/** The paths of all RPCs whose requests are streams. */
function requestStreamsOf(schema: WireSchema, names: readonly (keyof Services)[]): ReadonlySet<string> {
  const methods = names.flatMap((name) => Object.values(schema.service(name)));
  return new Set(methods.filter(({ requestStream }) => requestStream).map(({ path }) => path));
}

function addServices(
  server: Server,
  schema: WireSchema,
  names: readonly (keyof Services)[],
  parts: ApiParts,
  gate: Gate,
): void {
  const offered: { readonly [S in keyof Services]?: Handlers<S> } = {
    'jobworkerp.service.JobService': jobService(parts.admission, parts.jobs, parts.workers, schema),
    'jobworkerp.service.JobProcessingStatusService': jobStatusService(parts.jobs, parts.workers),
    'jobworkerp.service.JobRestoreService': jobRestoreService(parts.jobs, parts.workers),
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
    const definition = gate.measured(schema.service(name));
    server.addService(definition, implement(definition, offered[name] ?? {}, parts.log, gate.callerOf));
  }
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
