/** The server's settings: which source wins, what is refused and in which words, and that the schema says the same. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { root } from '../../runtime/cli/toolbox/paths.mjs';
import { configShape, readConfig, settingList } from '../../runtime/config/file.ts';
import { flagValue, resolveConfig } from '../../runtime/config/resolve.ts';
import type { Environment } from '../../runtime/config/sources.ts';
import { BulkheadError } from '../../runtime/errors.ts';
import { check, jsonSchemaOf } from '../../runtime/toml/shape.ts';

describe('a configuration file', () => {
  let folder: string;
  const write = (text: string): string => {
    const path = join(folder, 'bulkhead.toml');
    writeFileSync(path, text);
    return path;
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bulkhead-config-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('says every setting, with paths that begin where it is', async () => {
    const path = write(`
[server]
listen = "[::1]:9001"
max_request_bytes = 2048
max_connections = 12
max_streams = 13
keep_alive_ms = 1400
keep_alive_timeout_ms = 1500
drain_ms = 0
[access]
tokens = "tokens.toml"
web_origins = ["https://app.example.com", "http://localhost:3000"]
[tls]
cert = "cert.pem"
key = "key.pem"
client_ca = "/etc/ca.pem"
[plugins]
folders = ["plugins", "/srv/plugins"]
grants = "grants.toml"
processes = ["./programs"]
uploads = "uploads"
max_upload_bytes = 4096
threads = 3
cache = "../cache"
[storage]
type = "Standalone"
database = "jobs.sqlite3"
[jobs]
concurrency = 0
channels = { gpu = 1, "[odd] name" = 2 }
timeout_ms = 5
queue = 6
stored = 7
fetch_interval_ms = 8
[results]
keep_seconds = 7
keep_count = 8
[limits]
cpu_ms = 9
[log]
level = "debug"
format = "text"
plugin_bytes_per_second = 4096
[metrics]
listen = "127.0.0.1:9464"
token_file = "token"
anonymous = true
workers = 10
[tracing]
endpoint = "http://127.0.0.1:4318/v1/traces"
one_in = 11
service = "jobs"
`);
    const file = await readConfig(path);
    const { values, origins } = resolveConfig({ flags: {}, environment: {}, file });
    expect(new Set(Object.values(origins))).toEqual(new Set([path]));
    expect(values).toMatchObject({
      'server.listen': '[::1]:9001',
      'server.drain_ms': 0,
      'access.tokens': join(folder, 'tokens.toml'),
      'access.web_origins': ['https://app.example.com', 'http://localhost:3000'],
      'tls.cert': join(folder, 'cert.pem'),
      'tls.client_ca': '/etc/ca.pem',
      'plugins.folders': [join(folder, 'plugins'), '/srv/plugins'],
      'plugins.grants': join(folder, 'grants.toml'),
      'plugins.processes': [join(folder, 'programs')],
      'plugins.uploads': join(folder, 'uploads'),
      'plugins.cache': join(tmpdir(), 'cache'),
      'storage.database': join(folder, 'jobs.sqlite3'),
      'jobs.concurrency': 0,
      'jobs.channels': { gpu: 1, '[odd] name': 2 },
      limits: { cpu_ms: 9 },
      'metrics.token_file': join(folder, 'token'),
      'metrics.anonymous': true,
      'tracing.one_in': 11,
    });
  });

  it('takes a database in memory for what it is', async () => {
    const file = await readConfig(write('[storage]\ndatabase = ":memory:"\n'));
    expect(file.get('storage.database')).toBe(':memory:');
  });

  it.each([
    [
      'a misspelt table',
      '[sever]\nlisten = ":1"',
      /:1: sever: an unknown field \(did you mean server\?\); expected one of server, /,
    ],
    [
      'a misspelt key',
      '\n[jobs]\n\nconcurency = 1',
      /:4: jobs\.concurency: an unknown field \(did you mean concurrency\?\)/,
    ],
    [
      'a key of another table',
      '[jobs]\nlisten = ":1"',
      /:2: jobs\.listen: an unknown field; expected one of concurrency, /,
    ],
    ['a key in another case', '[server]\nmaxRequestBytes = 1', /:2: .*did you mean max_request_bytes\?/],
    [
      'an address without a port',
      '[server]\nlisten = "localhost"',
      /:2: server\.listen: it is "localhost"; expected HOST:PORT/,
    ],
    ['a port that is none', '[metrics]\nlisten = "[::1]:65536"', /:2: metrics\.listen: .*expected HOST:PORT/],
    [
      'text for a number',
      '[plugins]\nthreads = "2"',
      /:2: plugins\.threads: it is "2"; expected a whole number from 1 to 1024/,
    ],
    [
      'a channel without a turn',
      '[jobs.channels]\nslow = 0',
      /:2: jobs\.channels\.slow: it is 0; expected a whole number from 1/,
    ],
    [
      'several servers',
      '[storage]\ntype = "Scalable"',
      /:2: storage\.type: it is "Scalable"; .*\(Scalable\) are not there yet/,
    ],
    [
      'an endpoint that is none',
      '[tracing]\nendpoint = "collector:4317"',
      /:2: .*expected a URL that begins with http/,
    ],
    ['what is no TOML', '[server\n', /:1: no TOML: /],
  ])('is refused with line, field and what was meant: %s', async (_, text, message) => {
    const path = write(text);
    const error = await readConfig(path).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(BulkheadError);
    const { code, message: said } = error as BulkheadError;
    expect(code).toBe('config-invalid');
    expect(said.startsWith(path)).toBe(true);
    expect(said).toMatch(message);
    expect(said).not.toMatch(/\p{Cc}/u);
  });

  it('is beaten by the environment, and that by an option', async () => {
    const file = await readConfig(write('[server]\nlisten = ":1"\n[jobs]\nconcurrency = 1\n[plugins]\nthreads = 1\n'));
    const environment = { GRPC_ADDR: ':2', WORKER_DEFAULT_CONCURRENCY: '2', LOG_LEVEL: '' };
    const { values, origins } = resolveConfig({ flags: { 'server.listen': ':3' }, environment, file });
    expect(values).toMatchObject({
      'server.listen': ':3',
      'jobs.concurrency': 2,
      'plugins.threads': 1,
      'log.level': 'info',
    });
    expect(origins).toMatchObject({
      'server.listen': '--listen',
      'jobs.concurrency': 'WORKER_DEFAULT_CONCURRENCY',
      'plugins.threads': file.path,
      'log.level': 'default',
      'metrics.listen': '',
    });
  });
});

describe('the environment', () => {
  const read = (environment: Environment) => resolveConfig({ flags: {}, environment }).values;

  it('has the names of jobworkerp where they mean the same', () => {
    expect(
      read({
        GRPC_ADDR: '0.0.0.0:9000',
        PLUGINS_RUNNER_DIR: './a,./b',
        STORAGE_TYPE: 'Standalone',
        SQLITE_URL: 'sqlite:///var/jobs.sqlite3?mode=rwc',
        WORKER_DEFAULT_CONCURRENCY: '8',
        WORKER_CHANNELS: 'channel1, llm',
        WORKER_CHANNEL_CONCURRENCIES: '4,1',
        JOB_QUEUE_EXPIRE_JOB_RESULT_SECONDS: '3600',
        JOB_QUEUE_FETCH_INTERVAL: '500',
        LOG_LEVEL: 'WARN',
        LOG_USE_JSON: 'true',
      }),
    ).toMatchObject({
      'server.listen': '0.0.0.0:9000',
      'plugins.folders': ['./a', './b'],
      'storage.database': '/var/jobs.sqlite3',
      'jobs.concurrency': 8,
      'jobs.channels': { channel1: 4, llm: 1 },
      'results.keep_seconds': 3600,
      'jobs.fetch_interval_ms': 500,
      'log.level': 'warn',
      'log.format': 'json',
    });
    expect(read({ SQLITE_URL: 'sqlite::memory:' })['storage.database']).toBe(':memory:');
  });

  it("has OpenTelemetry's own names for traces", () => {
    const base = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' };
    expect(read(base)['tracing.endpoint']).toBe('http://collector:4318/v1/traces');
    const exact = { ...base, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://other/x' };
    expect(read(exact)['tracing.endpoint']).toBe('https://other/x');
  });

  it.each([
    [
      'an address',
      { GRPC_ADDR: 'here' },
      'GRPC_ADDR: it is "here"; expected HOST:PORT, such as 127.0.0.1:9000 or [::1]:9000',
    ],
    [
      'several servers',
      { STORAGE_TYPE: 'Scalable' },
      /^STORAGE_TYPE: it is "Scalable"; expected "Standalone": several servers/,
    ],
    [
      'a negative number',
      { WORKER_DEFAULT_CONCURRENCY: '-1' },
      /^WORKER_DEFAULT_CONCURRENCY: it is "-1"; expected a whole/,
    ],
    [
      'neither true nor false',
      { LOG_USE_JSON: 'yes' },
      /^LOG_USE_JSON: it is "yes"; expected "auto" or "json" or "text"/,
    ],
    [
      'channels without numbers',
      { WORKER_CHANNELS: 'a,b' },
      'WORKER_CHANNELS, WORKER_CHANNEL_CONCURRENCIES: there are 2 names and 0 numbers; expected one for each',
    ],
    ['numbers without channels', { WORKER_CHANNEL_CONCURRENCIES: '1' }, /there are 0 names and 1 numbers/],
    ['a channel twice', { WORKER_CHANNELS: 'a,a', WORKER_CHANNEL_CONCURRENCIES: '1,2' }, /: "a" is there twice/],
    [
      'a channel with no number',
      { WORKER_CHANNELS: 'a', WORKER_CHANNEL_CONCURRENCIES: 'x' },
      /: a: it is "x"; expected a whole/,
    ],
  ])('is refused with the name of the variable: %s', (_, environment, message) => {
    expect(() => read(environment)).toThrow(message);
  });
});

describe('the table of settings', () => {
  it.each(settingList.filter(([, { flag }]) => flag).map(([key]) => key))(
    'has an option that is checked: %s',
    (key) => {
      expect(() => flagValue(key, '')).toThrow(/expected/);
    },
  );

  it.each(settingList)('has defaults that the file may say too: %s', (_, { shape, fallback }) => {
    if (fallback !== undefined) check(fallback, shape);
  });

  it('has a published schema (npm test -- config -u writes it)', async () => {
    const schema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'Bulkhead configuration',
      ...jsonSchemaOf(configShape),
    };
    const file = join(root, 'runtime', 'config', 'bulkhead.schema.json');
    await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot(file);
  });
});
