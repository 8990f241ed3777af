/** The whole path of a job with a fake executor: real server on a free port, real client, real SQLite. */
import type { Access } from '../../runtime/access/access.ts';
import { openAccess } from '../../runtime/access/open-access.ts';
import { FunctionDesk } from '../../runtime/admission/function-desk.ts';
import { FunctionSetRegistry } from '../../runtime/admission/function-set-registry.ts';
import { JobAdmission } from '../../runtime/admission/job-admission.ts';
import { JobDesk } from '../../runtime/admission/job-desk.ts';
import { WorkerRegistry } from '../../runtime/admission/worker-registry.ts';
import { WireClient } from '../../runtime/api/client.ts';
import { type ApiOptions, type ApiServer, startApi } from '../../runtime/api/server.ts';
import { ChannelDispatcher, type DispatchLimits } from '../../runtime/dispatch/dispatcher.ts';
import { BulkheadError } from '../../runtime/errors.ts';
import type { ChannelPlan } from '../../runtime/model/channel.ts';
import { noGrants } from '../../runtime/model/grant.ts';
import type { RunnerDescription } from '../../runtime/model/method.ts';
import { IdGenerator } from '../../runtime/model/snowflake.ts';
import { noOperatorGrants } from '../../runtime/plugins/grants-file.ts';
import { PluginDesk } from '../../runtime/plugins/plugin-desk.ts';
import { PluginRegistry } from '../../runtime/plugins/registry.ts';
import { compileRunnerSchemas } from '../../runtime/plugins/schemas.ts';
import { EmbeddedQueue } from '../../runtime/queue/embedded.ts';
import { PendingFeeds } from '../../runtime/queue/pending-feeds.ts';
import type { Retention } from '../../runtime/results/stored-results.ts';
import { StoredResults } from '../../runtime/results/stored-results.ts';
import { SqliteStore } from '../../runtime/store/sqlite.ts';
import type { LogEvent } from '../../runtime/telemetry/events.ts';
import { admitted, type FakeBody, FakeExecutor, ok } from './fake-executor.ts';

/** What a test may set. */
export interface EngineOptions {
  readonly runners: readonly RunnerDescription[];
  readonly body: FakeBody;
  readonly channels?: readonly ChannelPlan[];
  readonly queueCapacity?: number;
  readonly limits?: DispatchLimits;
  readonly retention?: Retention;
  readonly maxRequestBytes?: number;
  /** Open where it is not set. */
  readonly access?: Access;
  /** How the server listens, where it differs from any free port of 127.0.0.1. */
  readonly api?: Partial<ApiOptions>;
  readonly database?: string;
}

/** A running engine. */
export interface Engine {
  readonly client: WireClient;
  readonly address: string;
  readonly executor: FakeExecutor;
  readonly server: ApiServer;
  readonly log: readonly LogEvent[];
  /** Stops everything, in the order in which a real server does. */
  stop(drainMs?: number): Promise<void>;
}

/** Runners as a catalogue; ids are 1, 2, 3, … beyond 2^53. */
export function catalogueOf(runners: readonly RunnerDescription[]): PluginRegistry {
  const registry = new PluginRegistry({
    executor: new FakeExecutor(() => ok(new Uint8Array())),
    operator: noOperatorGrants,
  });
  runners.forEach((runner, index) => {
    const id = 2n ** 60n + BigInt(index + 1);
    registry.add({ id, plugin: admitted(runner), schemas: compileRunnerSchemas(runner), grants: noGrants });
  });
  return registry;
}

/** Starts an engine. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const events: LogEvent[] = [];
  const log = (event: LogEvent): void => void events.push(event);
  const ids = new IdGenerator();
  const store = new SqliteStore(options.database ?? ':memory:');
  const channels = options.channels ?? [{ name: '', concurrency: 4 }];
  const plugins = catalogueOf(options.runners);
  const queue = new EmbeddedQueue({
    store: store.jobs,
    log,
    ...(options.queueCapacity !== undefined && { capacity: options.queueCapacity }),
  });
  const feeds = new PendingFeeds();
  const results = new StoredResults({
    store,
    ids,
    log,
    ...(options.retention && { retention: options.retention }),
  });
  const workers = await WorkerRegistry.open({ store, plugins, channels, results, ids, log });
  const admission = new JobAdmission({ workers, plugins, queue, feeds, results, ids });
  const isFeedable = admission.isFeedable.bind(admission);
  const jobs = new JobDesk({ queue, feeds, results, workers, plugins, isFeedable });
  const executor = new FakeExecutor(options.body);
  const dispatcher = new ChannelDispatcher({
    queue,
    feeds,
    executor,
    results,
    workers,
    plugins,
    channels,
    log,
    ...(options.limits && { limits: options.limits }),
  });
  await queue.open();
  dispatcher.start();
  const server = await startApi(
    {
      admission,
      jobs,
      workers,
      functions: new FunctionDesk({ admission, workers, plugins }),
      functionSets: new FunctionSetRegistry(store.functionSets, ids),
      results,
      dispatcher,
      plugins,
      management: new PluginDesk({ registry: plugins, log, folders: [] }),
      access: options.access ?? openAccess,
      self: { id: 1n, address: '127.0.0.1', startedAt: 0 },
      log,
    },
    { address: '127.0.0.1:0', maxRequestBytes: options.maxRequestBytes, ...options.api },
  );
  const address = `127.0.0.1:${server.port}`;
  const client = new WireClient(address);
  const stop = async (drainMs = 1000): Promise<void> => {
    admission.close();
    server.announceStop();
    await dispatcher.stop(drainMs);
    results.close(new BulkheadError('shutting-down', 'the server is stopping'));
    await server.stop(500);
    client.close();
    await executor.close();
    await store.close();
  };
  return { client, address, executor, server, log: events, stop };
}
