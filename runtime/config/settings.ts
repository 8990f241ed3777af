/**
 * Every setting of the server, once: its place in `bulkhead.toml`, its option of `serve`, its names in the
 * environment, what it is unless it is set. The file's JSON Schema, the options, their help and the README's table
 * are made from it, so that none of them can say something else.
 *
 * To add a setting, add an entry, and read it where `serve` starts the app.
 */
import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import { limitFields } from '../plugins/manifest-fields.ts';
import type { Shape } from '../toml/shape.ts';
import { addressShape, channelsShape, endpointShape, folderShape, originShape, pathShape, whole } from './shapes.ts';
import { channels, databasePath, type EnvSource, named, otlpBase } from './sources.ts';

/** One setting. */
export interface Setting {
  /** What the file may say; `about` is for whoever writes it. */
  readonly shape: Shape;
  /** The option of `serve`, as commander writes it. */
  readonly flag?: string;
  /** Where the environment says it; the first that is set counts. */
  readonly env?: readonly EnvSource[];
  /** What a text of an option or the environment means, where the file would say it in another way. */
  readonly read?: (text: string) => unknown;
  /** Its value where nobody sets it; not there: none. */
  readonly fallback?: string | number | boolean | object;
  /** The fallback in words, where it is not the same on every machine. */
  readonly shown?: string;
  /** A path: in the file, a relative one begins where the file is. */
  readonly path?: true;
}

const cores = availableParallelism();
const megabyte = 1024 * 1024;
const day = 24 * 60 * 60;

/** By their places in the file: table and key. */
export const settings = {
  'server.listen': {
    shape: addressShape('Address of the gRPC server; port 0 is a free one.'),
    flag: '--listen <HOST:PORT>',
    env: [named('GRPC_ADDR')],
    fallback: '127.0.0.1:9000',
  },
  'server.max_request_bytes': {
    shape: whole('Largest request, in bytes.', 1024, 1024 * megabyte),
    fallback: 16 * megabyte,
  },
  'server.max_connections': {
    shape: whole('Most connections at a time; more are closed at once.', 1, 1_000_000),
    flag: '--max-connections <N>',
    fallback: 4096,
  },
  'server.max_streams': {
    shape: whole('Most calls at a time over one connection; a client has to wait with more.', 1, 1_000_000),
    fallback: 4096,
  },
  'server.keep_alive_ms': {
    shape: whole('How often a client is asked whether it is still there, in milliseconds.', 100, day * 1000),
    fallback: 60_000,
  },
  'server.keep_alive_timeout_ms': {
    shape: whole('How long a client may take to answer that before its calls end, in milliseconds.', 100, day * 1000),
    fallback: 20_000,
  },
  'server.drain_ms': {
    shape: whole('How long jobs under way may take to end when the server stops, in milliseconds.', 0, day * 1000),
    flag: '--drain <MS>',
    fallback: 10_000,
  },
  'access.tokens': {
    shape: pathShape('TOML file that says who may call, and what; without tokens the server listens on loopback only.'),
    flag: '--tokens <FILE>',
    env: [named('BULKHEAD_TOKENS')],
    path: true,
  },
  'access.web_origins': {
    shape: {
      kind: 'list',
      about: 'Web pages that may call, such as https://app.example.com.',
      most: 256,
      of: originShape,
    },
    flag: '--web-origin <ORIGIN>',
    env: [named('BULKHEAD_WEB_ORIGINS')],
  },
  'tls.cert': {
    shape: pathShape('PEM file with the certificate of the server; needs tls.key.'),
    flag: '--tls-cert <FILE>',
    env: [named('BULKHEAD_TLS_CERT')],
    path: true,
  },
  'tls.key': {
    shape: pathShape("PEM file with the certificate's private key."),
    flag: '--tls-key <FILE>',
    env: [named('BULKHEAD_TLS_KEY')],
    path: true,
  },
  'tls.client_ca': {
    shape: pathShape('PEM file with an authority; clients have to bring a certificate of it.'),
    flag: '--tls-client-ca <FILE>',
    env: [named('BULKHEAD_TLS_CLIENT_CA')],
    path: true,
  },
  'plugins.folders': {
    shape: { kind: 'list', about: 'Folders with components.', most: 256, of: folderShape },
    flag: '--plugins <DIR>',
    env: [named('PLUGINS_RUNNER_DIR')],
    path: true,
  },
  'plugins.processes': {
    shape: {
      kind: 'list',
      about: 'Folders with programs that are plugins (*.plugin, go-plugin); they run without a sandbox.',
      most: 256,
      of: folderShape,
    },
    flag: '--process-plugins <DIR>',
    env: [named('BULKHEAD_PROCESS_PLUGINS')],
    path: true,
  },
  'plugins.grants': {
    shape: pathShape('TOML file that says what each plugin may reach and use.'),
    flag: '--grants <FILE>',
    env: [named('BULKHEAD_GRANTS')],
    path: true,
  },
  'plugins.uploads': {
    shape: pathShape('Folder for uploaded plugins; without it none are taken.'),
    flag: '--uploads <DIR>',
    env: [named('BULKHEAD_UPLOADS')],
    path: true,
  },
  'plugins.max_upload_bytes': {
    shape: whole('Largest component that may be uploaded, in bytes.', 1024, 256 * megabyte),
    fallback: 64 * megabyte,
  },
  'plugins.threads': {
    shape: whole('Threads that run plugins.', 1, 1024),
    flag: '--threads <N>',
    fallback: cores,
    shown: 'one for each core',
  },
  'plugins.cache': {
    shape: pathShape('Folder for transpiled components.'),
    flag: '--cache <DIR>',
    env: [named('BULKHEAD_CACHE_DIR')],
    fallback: join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'bulkhead'),
    shown: '~/.cache/bulkhead',
    path: true,
  },
  'storage.type': {
    shape: {
      kind: 'choice',
      about: 'One server with a file of its own.',
      of: ['Standalone'],
      expected: '"Standalone": several servers on one queue (Scalable) are not there yet',
    },
    env: [named('STORAGE_TYPE')],
    fallback: 'Standalone',
  },
  'storage.database': {
    shape: pathShape('SQLite file, or :memory:, which keeps nothing.'),
    flag: '--database <FILE>',
    env: [named('SQLITE_URL')],
    read: databasePath,
    fallback: '.bulkhead/bulkhead.sqlite3',
    path: true,
  },
  'jobs.concurrency': {
    shape: whole('Jobs at a time in the default channel; 0 switches it off.', 0, 1_000_000),
    flag: '--concurrency <N>',
    env: [named('WORKER_DEFAULT_CONCURRENCY')],
    fallback: cores,
    shown: 'one for each core',
  },
  'jobs.channels': {
    shape: channelsShape,
    env: [channels],
    fallback: {},
    shown: 'none',
  },
  'jobs.timeout_ms': {
    shape: whole('Longest run of a job that names no timeout of its own, in milliseconds; 0: no limit.', 0),
    fallback: 0,
  },
  'jobs.queue': {
    shape: whole('Most jobs that may wait in memory in a channel.', 1, 100_000_000),
    fallback: 10_000,
  },
  'jobs.stored': {
    shape: whole('Most jobs that may lie in the store.', 1, 1_000_000_000),
    fallback: 1_000_000,
  },
  'jobs.fetch_interval_ms': {
    shape: whole(
      'How often the store is looked at for jobs whose time has come, at the latest, in milliseconds.',
      1,
      day * 1000,
    ),
    env: [named('JOB_QUEUE_FETCH_INTERVAL')],
    fallback: 1000,
  },
  'results.keep_seconds': {
    shape: whole('How long stored results are kept, in seconds.', 1, 100 * 365 * day),
    env: [named('JOB_QUEUE_EXPIRE_JOB_RESULT_SECONDS')],
    fallback: day,
  },
  'results.keep_count': {
    shape: whole('How many stored results are kept.', 1, 1_000_000_000),
    fallback: 100_000,
  },
  limits: {
    shape: {
      kind: 'table',
      about: 'Caps of every plugin; the file of grants may say others.',
      required: [],
      fields: limitFields,
    },
    fallback: {},
    shown: 'see the sandbox',
  },
  'log.level': {
    shape: { kind: 'choice', about: 'The least that is logged.', of: ['trace', 'debug', 'info', 'warn', 'error'] },
    flag: '--log-level <LEVEL>',
    env: [named('LOG_LEVEL')],
    fallback: 'info',
  },
  'log.format': {
    shape: {
      kind: 'choice',
      about: '`json` for programs, `text` for people, `auto`: text on a terminal, else json.',
      of: ['auto', 'json', 'text'],
    },
    flag: '--log-format <FORMAT>',
    env: [named('LOG_USE_JSON', (text) => ({ true: 'json', false: 'text' })[text.toLowerCase()] ?? text)],
    fallback: 'auto',
  },
  'log.plugin_bytes_per_second': {
    shape: whole('Bytes that all plugins together may log in a second; lines above are left out and counted.', 1024),
    fallback: megabyte,
  },
  'metrics.listen': {
    shape: addressShape('Address of the metrics, http://HOST:PORT/metrics.'),
    flag: '--metrics <HOST:PORT>',
  },
  'metrics.token_file': {
    shape: pathShape('File with the token that a scraper has to send (Authorization: Bearer).'),
    path: true,
  },
  'metrics.anonymous': {
    shape: { kind: 'flag', about: 'Metrics may be read without a token from other machines too.' },
    fallback: false,
  },
  'metrics.workers': {
    shape: whole('How many workers have metrics of their own; further ones are counted as (other).', 1, 100_000),
    fallback: 100,
  },
  'tracing.endpoint': {
    shape: endpointShape,
    flag: '--tracing <URL>',
    env: [named('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'), named('OTEL_EXPORTER_OTLP_ENDPOINT', otlpBase)],
  },
  'tracing.one_in': {
    shape: whole('Of so many traces that begin here, one is recorded.', 1, 1_000_000_000),
    fallback: 1,
  },
  'tracing.service': {
    shape: { kind: 'text', about: 'Name of this service in traces.', pattern: '^.{1,128}$', expected: 'a name' },
    env: [named('OTEL_SERVICE_NAME')],
    fallback: 'bulkhead',
  },
} as const satisfies Readonly<Record<string, Setting>>;

export type SettingKey = keyof typeof settings;
