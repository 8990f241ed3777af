/** `bulkhead serve`: the server. */
import { mkdirSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { Command } from 'commander';
import type { AppOptions, RunningApp } from '../../app.ts';
import type { Values } from '../../config/resolve.ts';
import type { LogSink } from '../../telemetry/events.ts';
import { camelKeys } from '../../toml/case.ts';
import { accessOptions } from '../access-options.ts';
import { CliError, describeError, exitCodes } from '../exit-codes.ts';
import { servedTable } from '../served-table.ts';
import { addSettingOptions, settingsOf, unreadFile } from '../settings-options.ts';
import { address, addressText } from '../values.ts';

/**
 * A second signal ends the server at once. One keypress reaches it several times, from the terminal and passed on
 * by npm, so signals within this time of the first are the first one, in milliseconds.
 */
const sameSignalMs = 1000;

const help = `
Every *.wasm file of the plugin folders is served, or refused with one line that says why. SIGINT and SIGTERM end
the server when the jobs under way have ended, or after the time of --drain; a second one ends it at once.
A plugin reaches nothing of this machine but what its manifest (NAME.plugin.toml beside NAME.wasm) asks for and
--grants allows. \`bulkhead config show\` shows all settings, with those that only a file has.

Without tokens the server listens on this machine only. Tokens come from --tokens, and from the environment variable
AUTH_TOKEN, which is the secret of one admin; clients send theirs in the header jobworkerp-auth. SIGHUP reads the files
of tokens and certificates again.

Examples:
  $ bulkhead serve --plugins ./plugins
  $ bulkhead serve --plugins ./plugins --listen 0.0.0.0:9000 --tokens tokens.toml --tls-cert cert.pem --tls-key key.pem
  $ bulkhead serve --plugins ./plugins --web-origin https://app.example.com
  $ bulkhead serve --plugins ./plugins --grants grants.toml
  $ bulkhead serve --config bulkhead.toml
  $ bulkhead serve --plugins ./plugins --database :memory:   keeps nothing`;

export function serveCommand(): Command {
  return addSettingOptions(new Command('serve').description('serve plugins as jobs over gRPC'))
    .addHelpText('after', help)
    .action((_options: unknown, command: Command) => serve(command));
}

/** What the app needs of the settings. */
function appOptions(values: Values, folders: readonly string[]): Omit<AppOptions, 'onLog'> {
  const grants = values['plugins.grants'];
  const uploads = values['plugins.uploads'];
  const processes = values['plugins.processes'];
  return {
    listen: address(values['server.listen']),
    maxRequestBytes: values['server.max_request_bytes'],
    pluginFolders: folders,
    ...(processes !== undefined && { processFolders: processes }),
    ...(uploads !== undefined && { uploadFolder: uploads }),
    maxUploadBytes: values['plugins.max_upload_bytes'],
    database: values['storage.database'],
    threads: values['plugins.threads'],
    cacheFolder: values['plugins.cache'],
    limits: camelKeys(values.limits),
    ...accessOptions(values),
    ...(grants !== undefined && { grantsFile: grants }),
    defaultConcurrency: values['jobs.concurrency'],
    channels: Object.entries(values['jobs.channels']).map(([name, concurrency]) => ({ name, concurrency })),
    queue: {
      capacity: values['jobs.queue'],
      storeCapacity: values['jobs.stored'],
      fetchIntervalMs: values['jobs.fetch_interval_ms'],
    },
    defaultTimeoutMs: values['jobs.timeout_ms'],
    pluginLogBytesPerSecond: values['log.plugin_bytes_per_second'],
    retention: { maxAgeMs: values['results.keep_seconds'] * 1000, maxCount: values['results.keep_count'] },
  };
}

/** Serves until a signal asks to stop. What it needs is loaded now, so that other commands start without it. */
async function serve(command: Command): Promise<void> {
  const { values, file } = await settingsOf(command);
  const folders = values['plugins.folders'] ?? [];
  if (folders.length === 0 && values['plugins.processes'] === undefined) {
    const hint = unreadFile(file);
    throw new CliError(
      'usage',
      `no plugin folders: name one with --plugins, PLUGINS_RUNNER_DIR or plugins.folders of a configuration file${hint}`,
    );
  }
  const options = appOptions(values, folders);
  const { startApp } = await import('../../app.ts');
  const { telemetryOptions } = await import('../telemetry-options.ts');
  const { openLog } = await import('../../telemetry/log.ts');
  const { ensureMeter } = await import('../toolbox/components.ts');
  const database = values['storage.database'];
  if (database !== ':memory:') mkdirSync(dirname(database), { recursive: true });
  const isJson = values['log.format'] === 'json' || (values['log.format'] === 'auto' && !process.stderr.isTTY);
  const { sink: log } = openLog({ level: values['log.level'], format: isJson ? 'json' : 'text' });
  // Before anybody can know that the server runs, so that a signal never finds nobody at home.
  const stop = askedToStop(log);
  const began = performance.now();
  await ensureMeter();
  const app = await startApp({ ...options, ...telemetryOptions(values), onLog: log });
  const ready = { ...addressesOf(app, values), ready_ms: Math.round(performance.now() - began) };
  if (isJson) tellStart(log, app, ready);
  if (values['log.format'] !== 'json') printStart(app, ready);
  // Without such files a hangup is what it always is: the end of a terminal, and of what was started in it.
  if (options.access?.tokensFile !== undefined || options.tls) reloadOnHangup(app, log);
  await stop;
  log({ level: 'info', message: 'stopping: waiting for the jobs under way; a second signal stops at once' });
  await app.close({ drainMs: values['server.drain_ms'] });
  log({ level: 'info', message: 'stopped' });
}

/** SIGHUP: tokens and certificates are read again; what is wrong with them is said, and the old ones hold. */
function reloadOnHangup(app: RunningApp, log: LogSink): void {
  process.on('SIGHUP', () => {
    app.reload().then(
      () => log({ level: 'info', message: 'tokens and certificates were read again' }),
      (thrown: unknown) => log({ level: 'error', message: `nothing was read again: ${describeError(thrown).text}` }),
    );
  });
}

interface Ready {
  readonly address: string;
  readonly metrics?: string;
  readonly ready_ms: number;
}

function addressesOf({ port, metricsPort }: RunningApp, values: Values): Omit<Ready, 'ready_ms'> {
  const at = (listen: string, bound: number): string => addressText({ host: address(listen).host, port: bound });
  const { 'server.listen': listen, 'metrics.listen': metrics } = values;
  return {
    address: at(listen, port),
    ...(metrics !== undefined &&
      metricsPort !== undefined && { metrics: `http://${at(metrics, metricsPort)}/metrics` }),
  };
}

/** What is served, for people, on stdout. */
function printStart(app: RunningApp, { address: at, metrics, ready_ms: took }: Ready): void {
  const served = servedTable(app.plugins(), app.refused(), (path) => relative('', path) || path);
  const more = metrics === undefined ? '' : `metrics at ${metrics}\n`;
  process.stdout.write(`${served}\n${more}bulkhead listens on ${at} (ready in ${took} ms)\n`);
}

/** The same as lines of the log, for programs. */
function tellStart(log: LogSink, app: RunningApp, ready: Ready): void {
  for (const { path, reason } of app.refused())
    log({ level: 'warn', message: 'a plugin was refused', fields: { path, reason } });
  const plugins = app.plugins().map(({ name }) => name);
  log({ level: 'info', message: 'listening', fields: { ...ready, plugins } });
}

/** Resolves with the first signal. A later one ends the process. */
function askedToStop(log: LogSink): Promise<void> {
  return new Promise((resolve) => {
    let first: number | undefined;
    const onSignal = (): void => {
      if (first === undefined) {
        first = performance.now();
        resolve();
      } else if (performance.now() - first > sameSignalMs) {
        log({ level: 'warn', message: 'stopped at once: jobs under way were dropped' });
        process.exit(exitCodes.failed.code);
      }
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}
