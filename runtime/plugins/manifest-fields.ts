/**
 * The fields of the two files: what a plugin's manifest asks for, and what the operator's grants allow.
 *
 * They share their permissions, so that one can be compared with the other; only the operator names directories
 * of the host and gives values. Names in the files are those of the model in snake_case.
 */
import type { Limits } from '../model/limits.ts';
import type { Shape } from '../toml/shape.ts';
import { grantedHttp, http, listen, sockets } from './manifest-network.ts';

type SnakeKey<Key extends string> = Key extends `${infer First}${infer Rest}`
  ? First extends Lowercase<First>
    ? `${First}${SnakeKey<Rest>}`
    : `_${Lowercase<First>}${SnakeKey<Rest>}`
  : Key;

/** The most variables. */
const mostEntries = 256;
const mostBytes = Number.MAX_SAFE_INTEGER;

function whole(about: string, most = mostBytes) {
  return { kind: 'whole', about, least: 1, most } as const;
}

/** A runner's name, as its component says it. */
const pluginName = { pattern: '^.{1,128}$', expected: 'a name of 1 to 128 characters' } as const;
/** As admission takes them. */
const workerName = { pattern: '^.{1,255}$', expected: 'a name of 1 to 255 characters' } as const;
const envName = {
  pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
  expected: 'the name of an environment variable: letters, digits and _',
} as const;

const directory = {
  guest: {
    kind: 'text',
    about: 'The path that the plugin sees.',
    pattern: '^(?:/|(?:/(?!\\.{1,2}(?:/|$))[^/]{1,255})+)$',
    expected: 'an absolute path without `.`, `..` and a slash at its end, such as /data',
  },
  access: { kind: 'choice', about: 'What may be done in it.', of: ['read-only', 'read-write'] },
  max_bytes: whole('Bytes of all files in it together, those of the host among them.'),
  max_files: whole('Files and directories in it, those of the host among them.'),
} as const;

const clock = {
  kind: 'choice',
  about: "`fine`: clocks with the host's resolution; `coarse`, which needs no grant: of a millisecond.",
  of: ['coarse', 'fine'],
} as const;

/** The caps, each of which ends a job with its own error. */
export const limitFields = {
  cpu_ms: whole('CPU time of one job, in milliseconds.'),
  memory_bytes: whole('Bytes of all memories and tables of an instance together.', 2 ** 32),
  output_bytes: whole("Bytes of a job's output; of each chunk where it streams."),
  metadata_bytes: whole('Bytes of the metadata that a job answers.'),
  transfer_bytes: whole('Bytes that a plugin hands over in one call, strings and list elements included.'),
  handles: whole('Resource handles that an instance holds at a time.', 1_000_000),
  random_bytes: whole('Bytes of random data in one call.', 2 ** 30),
  log_bytes_per_second: whole('Bytes of log lines in a second.'),
  feed_chunks: whole('Chunks of a feed that wait for the plugin.', 1_000_000),
  buffer_bytes: whole('Bytes that the host holds for an instance: buffers of connections, header fields.'),
  request_bytes: whole('Bytes of the body of one HTTP request.'),
  response_bytes: whole('Bytes of the body of one HTTP response.'),
  header_bytes: whole('Bytes of the header fields of one HTTP message.'),
  network_ms: whole('The longest wait for a connection, a response or the next bytes, in milliseconds.'),
} as const satisfies { readonly [Key in keyof Limits as SnakeKey<Key>]: Shape };

function limits<About extends string>(about: About) {
  return { kind: 'table', about, required: [], fields: limitFields } as const;
}

/** `plugin.toml`. */
export const manifestShape = {
  kind: 'table',
  about: 'The manifest of a Bulkhead plugin: what it is, and what it asks of the host.',
  required: ['schema_version', 'name', 'version'],
  fields: {
    schema_version: { kind: 'choice', about: 'The version of this format.', of: [1] },
    name: { kind: 'text', about: 'The name that the component gives itself.', ...pluginName },
    version: {
      kind: 'text',
      about: "The plugin's own version.",
      pattern: '^(?:0|[1-9]\\d{0,8})(?:\\.(?:0|[1-9]\\d{0,8})){2}(?:[-+][0-9A-Za-z.+-]{1,64})?$',
      expected: 'a semantic version, such as 1.0.0',
    },
    description: { kind: 'text', about: 'What it is for.', expected: 'text without control characters' },
    permissions: {
      kind: 'table',
      about: 'What the plugin asks for. It gets what the operator grants as well.',
      required: [],
      fields: {
        env: {
          kind: 'list',
          about: 'Names of environment variables.',
          most: mostEntries,
          of: { kind: 'text', about: 'Name.', ...envName },
        },
        clock,
        filesystem: {
          kind: 'list',
          about: 'Directories.',
          most: 64,
          of: { kind: 'table', about: 'One directory.', required: ['guest', 'access'], fields: directory },
        },
        http,
        sockets,
        listen,
      },
    },
    limits: limits("Caps that differ from the host's own; above those, the operator has to allow them."),
  },
} as const satisfies Shape;

const pluginGrants = {
  kind: 'table',
  about: 'What one plugin is granted. It gets what its manifest asks for as well.',
  required: [],
  fields: {
    digest: {
      kind: 'text',
      about: 'SHA-256 of the component, in hex: a file of that name with another content is refused.',
      pattern: '^[0-9a-f]{64}$',
      expected: '64 hexadecimal digits in lower case; `bulkhead inspect` shows them',
    },
    env: {
      kind: 'map',
      about: 'Environment variables and their values.',
      keys: envName.pattern,
      expected: envName.expected,
      of: { kind: 'text', about: 'Value.', expected: 'text without control characters' },
    },
    clock,
    filesystem: {
      kind: 'list',
      about: 'Directories.',
      most: 64,
      of: {
        kind: 'table',
        about: 'One directory.',
        required: ['guest', 'host', 'access'],
        fields: {
          ...directory,
          host: {
            kind: 'text',
            about: 'The directory of the host; a relative path begins where the file is.',
            pattern: '^.+$',
            expected: 'the path of a directory',
          },
        },
      },
    },
    http: grantedHttp,
    sockets,
    listen,
    limits: limits('The most that the manifest may ask for.'),
  },
} as const satisfies Shape;

/** The file of `--grants`. */
export const grantsShape = {
  kind: 'table',
  about: "The operator's grants: what each plugin may reach, and what all may use.",
  required: [],
  fields: {
    limits: limits('Caps of every plugin that neither asks for less nor is allowed more.'),
    plugin: {
      kind: 'map',
      about: 'Grants by the name of the plugin.',
      keys: pluginName.pattern,
      expected: pluginName.expected,
      of: pluginGrants,
    },
    worker: {
      kind: 'map',
      about: 'Settings by the name of the worker, which may be made later.',
      keys: workerName.pattern,
      expected: workerName.expected,
      of: {
        kind: 'table',
        about: 'One worker.',
        required: [],
        fields: { limits: limits("Caps of its jobs, within what its plugin may use at most; for its plugin's own.") },
      },
    },
  },
} as const satisfies Shape;
