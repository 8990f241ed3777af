/** `bulkhead serve`: the server. */
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, relative } from 'node:path';
import { Command, Option } from 'commander';
import { type RunningApp, startApp } from '../../app.ts';
import { type AccessFlags, accessOptions, accessSettings } from '../access-options.ts';
import { describeError, exitCodes } from '../exit-codes.ts';
import { stderrLog } from '../log-lines.ts';
import { servedTable } from '../served-table.ts';
import { ensureMeter } from '../toolbox/components.ts';
import { type Address, address, addressText, cacheOption, collect, count, database, grantsOption } from '../values.ts';

/** Where the database is unless said otherwise. */
const defaultDatabase = '.bulkhead/bulkhead.sqlite3';
/**
 * A second signal ends the server at once. One keypress reaches it several times, from the terminal and passed on
 * by npm, so signals within this time of the first are the first one, in milliseconds.
 */
const sameSignalMs = 1000;
/** How long jobs under way may take to end, in milliseconds. */
const drainMs = 10_000;

const help = `
Every *.wasm file of the plugin folders is served, or refused with one line that says why. SIGINT and SIGTERM end
the server when the jobs under way have ended, after ${drainMs / 1000} s at the latest; a second one ends it at once.
A plugin reaches nothing of this machine but what its manifest (NAME.plugin.toml beside NAME.wasm) asks for and
--grants allows.

Without tokens the server listens on this machine only. Tokens come from --tokens, and from the environment variable
AUTH_TOKEN, which is the secret of one admin; clients send theirs in the header jobworkerp-auth. SIGHUP reads the files
of tokens and certificates again.

Examples:
  $ bulkhead serve --plugins ./plugins
  $ bulkhead serve --plugins ./plugins --listen 0.0.0.0:9000 --tokens tokens.toml --tls-cert cert.pem --tls-key key.pem
  $ bulkhead serve --plugins ./plugins --web-origin https://app.example.com
  $ bulkhead serve --plugins ./plugins --grants grants.toml
  $ bulkhead serve --plugins ./plugins --database :memory:   keeps nothing`;

interface ServeOptions extends AccessFlags {
  readonly listen: Address;
  readonly plugins: readonly string[];
  readonly database: string;
  readonly threads: number;
  readonly concurrency: number;
  readonly grants?: string;
  readonly cache: string;
}

export function serveCommand(): Command {
  const threads = availableParallelism();
  const command = new Command('serve')
    .description('serve plugins as jobs over gRPC')
    .addOption(
      new Option('--listen <HOST:PORT>', 'address; port 0 is a free one')
        .env('GRPC_ADDR')
        .argParser(address)
        .default(address('127.0.0.1:9000'), '127.0.0.1:9000'),
    )
    .addOption(
      new Option('--plugins <DIR>', 'folder with components; may be repeated')
        .env('PLUGINS_RUNNER_DIR')
        .argParser(collect)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--database <FILE>', 'SQLite file, or :memory:')
        .env('SQLITE_URL')
        .argParser(database)
        .default(defaultDatabase),
    )
    .addOption(
      new Option('--threads <N>', 'threads that run plugins').argParser(count).default(threads, 'one for each core'),
    )
    .addOption(
      new Option('--concurrency <N>', 'jobs at a time in the default channel')
        .env('WORKER_DEFAULT_CONCURRENCY')
        .argParser(count)
        .default(threads, 'one for each core'),
    )
    .addOption(grantsOption())
    .addOption(cacheOption());
  for (const option of accessOptions()) command.addOption(option);
  return command.addHelpText('after', help).action(serve);
}

/** Serves until a signal asks to stop. */
async function serve(options: ServeOptions): Promise<void> {
  const access = accessSettings(options);
  if (options.database !== ':memory:') mkdirSync(dirname(options.database), { recursive: true });
  // Before anybody can know that the server runs, so that a signal never finds nobody at home.
  const stop = askedToStop();
  const began = performance.now();
  await ensureMeter();
  const app = await startApp({
    listen: options.listen,
    pluginFolders: options.plugins,
    database: options.database,
    threads: options.threads,
    cacheFolder: options.cache,
    ...(options.grants !== undefined && { grantsFile: options.grants }),
    defaultConcurrency: options.concurrency,
    ...access,
    onLog: stderrLog,
  });
  const { host } = options.listen;
  const ready = `bulkhead listens on ${addressText({ host, port: app.port })} (ready in ${Math.round(performance.now() - began)} ms)`;
  process.stdout.write(
    `${servedTable(app.plugins(), app.refused(), (path) => relative('', path) || path)}\n${ready}\n`,
  );
  // Without either a hangup is what it always is: the end of a terminal, and of what was started in it.
  if (access.access?.tokensFile !== undefined || access.tls) reloadOnHangup(app);
  await stop;
  process.stderr.write('stopping: waiting for the jobs under way; a second signal stops at once\n');
  await app.close({ drainMs });
  process.stderr.write('stopped\n');
}

/** SIGHUP: tokens and certificates are read again; what is wrong with them is said, and the old ones hold. */
function reloadOnHangup(app: RunningApp): void {
  process.on('SIGHUP', () => {
    app.reload().then(
      () => stderrLog({ level: 'info', message: 'tokens and certificates were read again' }),
      (thrown: unknown) =>
        stderrLog({ level: 'error', message: `nothing was read again: ${describeError(thrown).text}` }),
    );
  });
}

/** Resolves with the first signal. A later one ends the process. */
function askedToStop(): Promise<void> {
  return new Promise((resolve) => {
    let first: number | undefined;
    const onSignal = (): void => {
      if (first === undefined) {
        first = performance.now();
        resolve();
      } else if (performance.now() - first > sameSignalMs) {
        process.stderr.write('stopped at once: jobs under way were dropped\n');
        process.exit(exitCodes.failed.code);
      }
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}
