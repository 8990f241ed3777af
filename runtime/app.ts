/**
 * The wiring: the one file that knows every variant and puts them together. It decides nothing else.
 *
 * Starting goes from the inside out, so that nothing is offered before it can be served; stopping goes the
 * other way, so that nothing is dropped that was taken.
 */
import { mkdir } from 'node:fs/promises';
import { type AccessSources, readAccess } from './access/read-access.ts';
import { readTls, type TlsFiles } from './access/tls-files.ts';
import { FunctionDesk } from './admission/function-desk.ts';
import { FunctionSetRegistry } from './admission/function-set-registry.ts';
import { JobAdmission } from './admission/job-admission.ts';
import { JobDesk } from './admission/job-desk.ts';
import { WorkerRegistry } from './admission/worker-registry.ts';
import type { ConnectionLimits } from './api/edge.ts';
import { startApi } from './api/server.ts';
import { ChannelDispatcher } from './dispatch/dispatcher.ts';
import { BulkheadError } from './errors.ts';
import { ExecutorByKind } from './executor/by-kind.ts';
import type { Executor } from './executor/executor.ts';
import { ProcessExecutor } from './executor/process/process-executor.ts';
import { meterPath } from './executor/wasm/toolchain.ts';
import { WasmExecutor } from './executor/wasm/wasm-executor.ts';
import { type ChannelPlan, defaultChannel } from './model/channel.ts';
import { defaultLimits, type Limits } from './model/limits.ts';
import { IdGenerator } from './model/snowflake.ts';
import type { RefusedPlugin } from './plugins/discovery.ts';
import type { Permissions } from './plugins/grants.ts';
import { noOperatorGrants, type OperatorGrants, readGrants } from './plugins/grants-file.ts';
import { manifestOf, mostMemory, permissionsOf } from './plugins/grants-resolve.ts';
import { crateManifest, type Manifest } from './plugins/manifest.ts';
import { openPlugins } from './plugins/open-plugins.ts';
import { EmbeddedQueue, type EmbeddedQueueParts } from './queue/embedded.ts';
import { PendingFeeds } from './queue/pending-feeds.ts';
import { type Retention, StoredResults } from './results/stored-results.ts';
import { SqliteStore } from './store/sqlite.ts';
import type { LogSink } from './telemetry/events.ts';
import { type PluginLines, PluginLog } from './telemetry/plugin-log.ts';
import { startTelemetry, type TelemetryOptions } from './telemetry/telemetry.ts';

export interface AppOptions {
  /** Port 0: a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Folders with `*.wasm` files. */
  readonly pluginFolders: readonly string[];
  /** Folders with programs that are plugins, `*.plugin`: they run in processes, without a sandbox. */
  readonly processFolders?: readonly string[];
  /** Where uploaded plugins go; missing: none are taken. */
  readonly uploadFolder?: string;
  /** Largest component that may be uploaded, in bytes. */
  readonly maxUploadBytes?: number;
  /** SQLite file, or `:memory:`. */
  readonly database: string;
  /** Threads that run plugins. */
  readonly threads: number;
  /** Folder of the cache of transpiled components. */
  readonly cacheFolder: string;
  /** Jobs at a time in the default channel; 0: there is none. */
  readonly defaultConcurrency: number;
  /** Further channels. */
  readonly channels?: readonly ChannelPlan[];
  /** Bounds of the queue, where they differ from the defaults. */
  readonly queue?: Pick<EmbeddedQueueParts, 'capacity' | 'storeCapacity' | 'fetchIntervalMs'>;
  /** Longest run of a job that names no timeout, in milliseconds; 0: no limit. */
  readonly defaultTimeoutMs?: number;
  /** How long results are kept. */
  readonly retention?: Retention;
  /** Largest request message, in bytes. */
  readonly maxRequestBytes?: number;
  /** What a plugin may use, where it differs from the defaults. */
  readonly limits?: Partial<Limits>;
  /** The operator's grants; nothing is granted where there is no file. */
  readonly grantsFile?: string;
  /** Who may call. Without tokens everybody may, and only addresses of this machine can be listened on. */
  readonly access?: AccessSources;
  /** Not set: no encryption. */
  readonly tls?: TlsFiles;
  /** Where they differ from the defaults. */
  readonly connectionLimits?: Partial<ConnectionLimits>;
  /** Web pages that may call, by their origins. */
  readonly webOrigins?: readonly string[];
  /** Figures for Prometheus; none where it is not set. */
  readonly metrics?: NonNullable<TelemetryOptions['metrics']>;
  /** Spans for OpenTelemetry; none where it is not set. */
  readonly tracing?: NonNullable<TelemetryOptions['tracing']>;
  /** What runs, for metrics and traces. */
  readonly version?: string;
  /** Takes lines for the operator: the server's own, and what plugins log. */
  readonly onLog: LogSink;
  /** Bytes that all plugins together may log in a second. */
  readonly pluginLogBytesPerSecond?: number;
}

/** A plugin that is served, for people. */
interface ServedPlugin {
  readonly name: string;
  readonly path: string;
  readonly methods: readonly string[];
}

export interface RunningApp {
  readonly port: number;
  /** Where metrics are asked for. */
  readonly metricsPort?: number;
  plugins(): readonly ServedPlugin[];
  refused(): readonly RefusedPlugin[];
  /** Reads tokens and certificates again. Throws `config-invalid`, and then nothing has changed. */
  reload(): Promise<void>;
  /** Takes no more jobs, waits up to `drainMs` (default 10,000) milliseconds for those it took, and stops. */
  close(options?: { readonly drainMs?: number }): Promise<void>;
}

/** How long calls may still be answered once every job has ended, in milliseconds. */
const cutOffMs = 1000;

export type { Manifest, OperatorGrants, Permissions };
export { crateManifest, manifestOf, meterPath, noOperatorGrants, permissionsOf, readGrants };

/** What an executor of components needs. */
export interface WasmExecutorSettings {
  readonly threads: number;
  readonly cacheFolder: string;
  /** Where they differ from the defaults. */
  readonly limits?: Partial<Limits>;
  readonly onLog: LogSink;
  /** Bytes that all plugins together may log in a second. */
  readonly pluginLogBytesPerSecond?: number;
  /** Programs are plugins only where there are such folders. */
  readonly processFolders?: readonly string[];
}

/** The executor for components, for the server and for commands that run a plugin without one. */
export async function createWasmExecutor(settings: WasmExecutorSettings): Promise<Executor> {
  return (await openExecutor(settings)).executor;
}

/** The executor, and what its plugins log. */
async function openExecutor({
  threads,
  cacheFolder,
  limits,
  onLog,
  pluginLogBytesPerSecond = 1024 * 1024,
  processFolders = [],
}: WasmExecutorSettings): Promise<{ readonly executor: Executor; readonly lines: PluginLog }> {
  await mkdir(cacheFolder, { recursive: true, mode: 0o700 });
  const lines = new PluginLog({
    log: onLog,
    bytesPerSecond: pluginLogBytesPerSecond,
    nameOf: (digest) => components.nameOf(digest) ?? programs?.nameOf(digest),
  });
  const caps = { ...defaultLimits, ...limits };
  const onPluginLog = (message: PluginLines): void => lines.take(message);
  const programs = processFolders.length > 0 ? new ProcessExecutor({ limits: caps, onLog: onPluginLog }) : undefined;
  const components = new WasmExecutor({
    threads,
    cacheFolder,
    limits: caps,
    onLog: onPluginLog,
    onFault: (what, error) => onLog({ level: 'error', message: what, fields: { error } }),
  });
  return { executor: new ExecutorByKind(components, programs), lines };
}

/** The caps of an executor that runs plugins under these grants: what none of them may pass. */
export function executorLimits(operator: OperatorGrants): Partial<Limits> {
  return { ...operator.limits, memoryBytes: mostMemory(operator) };
}

/** What the operator grants: the file's content over what the options say. */
async function operatorGrants({ grantsFile, limits }: AppOptions): Promise<OperatorGrants> {
  if (grantsFile === undefined) return { ...noOperatorGrants, limits: limits ?? {} };
  const file = await readGrants(grantsFile, { ...defaultLimits, ...limits });
  return { ...file, limits: { ...limits, ...file.limits } };
}

/** Options that were given: what is undefined is left to its default. */
function given<Options extends object>(
  options: Options,
): { [Key in keyof Options]?: Exclude<Options[Key], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof Options]?: Exclude<Options[Key], undefined> };
}

function channelPlans({ defaultConcurrency, channels = [] }: AppOptions): ChannelPlan[] {
  const first = defaultConcurrency > 0 ? [{ name: defaultChannel, concurrency: defaultConcurrency }] : [];
  return [...first, ...channels];
}

/** Starts a server. Throws `config-invalid` where a settings file, a folder, the database or the address cannot be used. */
export async function startApp(options: AppOptions): Promise<RunningApp> {
  const log = options.onLog;
  const undo: (() => Promise<void>)[] = [];
  const warn = (notes: readonly string[] = []): void => {
    for (const message of notes) log({ level: 'warn', message });
  };
  try {
    const { access, notes: tokenNotes, reload: reloadTokens } = await readAccess(options.access ?? {});
    const encryption = options.tls && (await readTls(options.tls));
    warn(tokenNotes);
    warn(encryption?.notes);
    const operator = await operatorGrants(options);
    const telemetry = await startTelemetry({ ...options, log });
    undo.unshift(() => telemetry.close());
    const { events } = telemetry;
    const { executor, lines } = await openExecutor({ ...options, limits: executorLimits(operator) });
    undo.unshift(() => executor.close());
    const { plugins, management, refused } = await openPlugins({ ...options, executor, operator, log });

    const store = new SqliteStore(options.database);
    undo.unshift(() => store.close());
    const ids = new IdGenerator();
    const channels = channelPlans(options);
    const queue = new EmbeddedQueue({ store: store.jobs, log, ...options.queue });
    const feeds = new PendingFeeds();
    const results = new StoredResults({ store, ids, log, events, ...given({ retention: options.retention }) });
    const workers = await WorkerRegistry.open({ store, plugins, channels, results, ids, log });
    const admission = new JobAdmission({ workers, plugins, queue, feeds, results, ids, events });
    const isFeedable = admission.isFeedable.bind(admission);
    const jobs = new JobDesk({ queue, feeds, results, workers, plugins, isFeedable });
    const limits = given({ defaultTimeoutMs: options.defaultTimeoutMs });
    const parts = { queue, feeds, executor, results, workers, plugins, channels, log, events };
    const dispatcher = new ChannelDispatcher({ ...parts, limits });
    const metricsPort = await telemetry.serve({
      channels: () => queue.channels(),
      storedJobs: () => queue.stored,
      instances: async () => executor.figures?.(),
      logLinesDropped: () => lines.dropped,
    });
    const interrupted = await queue.open();
    if (interrupted > 0)
      log({ level: 'warn', message: `${interrupted} jobs ran when the server last ended; they run again` });
    dispatcher.start();

    const { host, port } = options.listen;
    const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    const api = await startApi(
      {
        admission,
        jobs,
        workers,
        functions: new FunctionDesk({ admission, workers, plugins }),
        functionSets: new FunctionSetRegistry(store.functionSets, ids),
        results,
        dispatcher,
        plugins,
        management,
        access,
        self: { id: ids.next(), address: host, startedAt: Date.now() },
        log,
        ...(telemetry.isWatching && { events }),
      },
      {
        address,
        maxRequestBytes: options.maxRequestBytes,
        limits: options.connectionLimits,
        webOrigins: options.webOrigins,
        tls: encryption?.tls,
      },
    ).catch(async (error: unknown) => {
      await dispatcher.stop(0);
      throw error;
    });
    return {
      port: api.port,
      ...given({ metricsPort }),
      plugins: () =>
        plugins.list().map(({ plugin: { path, runner } }) => ({
          name: runner.name,
          path,
          methods: runner.methods.map((method) => method.name),
        })),
      refused: () => refused,
      reload: async () => {
        const renewed = options.tls && (await readTls(options.tls));
        warn(await reloadTokens());
        if (renewed) api.useTls(renewed.tls);
        warn(renewed?.notes);
      },
      close: async ({ drainMs = 10_000 } = {}) => {
        admission.close();
        api.announceStop();
        // Submitters hear how their jobs ended before they are cut off.
        await dispatcher.stop(drainMs);
        results.close(new BulkheadError('shutting-down', 'the server is stopping'));
        await api.stop(cutOffMs);
        for (const step of undo) await step();
      },
    };
  } catch (error) {
    for (const step of undo) await step();
    throw error;
  }
}
