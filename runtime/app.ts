/**
 * The wiring: the one file that knows every variant and puts them together. It decides nothing else.
 *
 * Starting goes from the inside out, so that nothing is offered before it can be served; stopping goes the
 * other way, so that nothing is dropped that was taken.
 */
import { mkdir } from 'node:fs/promises';
import { type AccessSources, readAccess } from './access/read-access.ts';
import { readTls, type TlsFiles } from './access/tls-files.ts';
import { JobAdmission } from './admission/job-admission.ts';
import { WorkerRegistry } from './admission/worker-registry.ts';
import type { ConnectionLimits } from './api/edge.ts';
import { startApi } from './api/server.ts';
import { ChannelDispatcher } from './dispatch/dispatcher.ts';
import type { Executor } from './executor/executor.ts';
import type { LogMessage } from './executor/wasm/messages.ts';
import { meterPath } from './executor/wasm/toolchain.ts';
import { WasmExecutor } from './executor/wasm/wasm-executor.ts';
import { type ChannelPlan, defaultChannel } from './model/channel.ts';
import { defaultLimits, type Limits } from './model/limits.ts';
import { IdGenerator } from './model/snowflake.ts';
import { discoverPlugins, type RefusedPlugin } from './plugins/discovery.ts';
import type { Permissions } from './plugins/grants.ts';
import { noOperatorGrants, type OperatorGrants, readGrants } from './plugins/grants-file.ts';
import { manifestOf, mostMemory, permissionsOf } from './plugins/grants-resolve.ts';
import type { Manifest } from './plugins/manifest.ts';
import { EmbeddedQueue } from './queue/embedded.ts';
import { StoredResults } from './results/stored-results.ts';
import { SqliteStore } from './store/sqlite.ts';
import type { LogEvent, LogSink } from './telemetry/events.ts';

export interface AppOptions {
  /** Port 0: a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Folders with `*.wasm` files. */
  readonly pluginFolders: readonly string[];
  /** SQLite file, or `:memory:`. */
  readonly database: string;
  /** Threads that run plugins. */
  readonly threads: number;
  /** Folder of the cache of transpiled components. */
  readonly cacheFolder: string;
  /** Jobs at a time in the default channel. */
  readonly defaultConcurrency: number;
  /** Further channels. */
  readonly channels?: readonly ChannelPlan[];
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
  /** Takes lines for the operator: the server's own, and what plugins log. */
  readonly onLog: LogSink;
}

/** A plugin that is served, for people. */
interface ServedPlugin {
  readonly name: string;
  readonly path: string;
  readonly methods: readonly string[];
}

export interface RunningApp {
  readonly port: number;
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
export { manifestOf, meterPath, noOperatorGrants, permissionsOf, readGrants };

/** What an executor of components needs. */
export interface WasmExecutorSettings {
  readonly threads: number;
  readonly cacheFolder: string;
  /** Where they differ from the defaults. */
  readonly limits?: Partial<Limits>;
  readonly onLog: LogSink;
}

/** One line of a plugin as one for the operator, marked with its job. */
function pluginLines(message: LogMessage): LogEvent[] {
  const origin = { plugin: message.digest.slice(0, 12), job: message.jobId, worker: message.workerName };
  const lines = message.lines.map((line): LogEvent => {
    const level = line.level === 'error' || line.level === 'warn' ? line.level : 'info';
    const fields = Object.fromEntries(line.fields.map(({ key, value }) => [`plugin.${key}`, value]));
    return { level, message: line.message, fields: { ...fields, ...origin, target: line.target } };
  });
  if (message.dropped === 0) return lines;
  const dropped = {
    level: 'warn',
    message: `${message.dropped} lines of the plugin were left out: it logs too much`,
    fields: origin,
  } as const;
  return [dropped, ...lines];
}

/** The executor for components, for the server and for commands that run a plugin without one. */
export async function createWasmExecutor({
  threads,
  cacheFolder,
  limits,
  onLog,
}: WasmExecutorSettings): Promise<Executor> {
  await mkdir(cacheFolder, { recursive: true, mode: 0o700 });
  return new WasmExecutor({
    threads,
    cacheFolder,
    limits: { ...defaultLimits, ...limits },
    onLog: (message) => pluginLines(message).forEach(onLog),
    onFault: (what, error) => onLog({ level: 'error', message: what, fields: { error } }),
  });
}

/** The caps of an executor that runs plugins under these grants: what none of them may pass. */
export function executorLimits(operator: OperatorGrants): Partial<Limits> {
  return { ...operator.limits, memoryBytes: mostMemory(operator) };
}

/** What the operator grants: the file's content over what the options say. */
async function operatorGrants({ grantsFile, limits }: AppOptions): Promise<OperatorGrants> {
  const { plugins, limits: fromFile } = grantsFile === undefined ? noOperatorGrants : await readGrants(grantsFile);
  return { plugins, limits: { ...limits, ...fromFile } };
}

/** Starts a server. Throws `config-invalid` where a settings file, a folder, the database or the address cannot be used. */
export async function startApp(options: AppOptions): Promise<RunningApp> {
  const log = options.onLog;
  const undo: (() => Promise<void>)[] = [];
  try {
    const warn = (notes: readonly string[] = []): void => {
      for (const message of notes) log({ level: 'warn', message });
    };
    const { access, notes: tokenNotes, reload: reloadTokens } = await readAccess(options.access ?? {});
    const encryption = options.tls && (await readTls(options.tls));
    warn(tokenNotes);
    warn(encryption?.notes);
    const operator = await operatorGrants(options);
    const executor = await createWasmExecutor({ ...options, limits: executorLimits(operator) });
    undo.unshift(() => executor.close());
    const admit = (path: string) => executor.admit(path);
    const { catalogue: plugins, refused, notes } = await discoverPlugins(options.pluginFolders, admit, operator);
    warn(notes);

    const store = new SqliteStore(options.database);
    undo.unshift(() => store.close());
    const ids = new IdGenerator();
    const channels = [{ name: defaultChannel, concurrency: options.defaultConcurrency }, ...(options.channels ?? [])];
    const queue = new EmbeddedQueue();
    const results = new StoredResults({ store: store.results, ids, log });
    const workers = await WorkerRegistry.open({ store: store.workers, plugins, channels, ids });
    const admission = new JobAdmission({ workers, plugins, queue, results, ids });
    const dispatcher = new ChannelDispatcher({ queue, executor, results, workers, plugins, channels, log });
    dispatcher.start();

    const { host, port } = options.listen;
    const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    const { maxRequestBytes, connectionLimits, webOrigins } = options;
    const api = await startApi(
      { admission, workers, results, plugins, access, log },
      { address, maxRequestBytes, limits: connectionLimits, webOrigins, tls: encryption?.tls },
    ).catch(async (error: unknown) => {
      await dispatcher.stop(0);
      throw error;
    });
    return {
      port: api.port,
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
        await api.stop(cutOffMs);
        for (const step of undo) await step();
      },
    };
  } catch (error) {
    for (const step of undo) await step();
    throw error;
  }
}
