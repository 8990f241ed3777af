/** `bulkhead.toml`: its shape, made from the table of settings, and reading it. */
import { dirname, resolve } from 'node:path';
import { readUntyped } from '../toml/read.ts';
import type { Shape } from '../toml/shape.ts';
import { type Setting, type SettingKey, settings } from './settings.ts';

/** What the tables of the file are about. */
const tables: Readonly<Record<string, string>> = {
  server: 'The gRPC server.',
  access: 'Who may call.',
  tls: 'Encryption.',
  plugins: 'Where plugins are, and what they may do.',
  storage: 'What is kept.',
  jobs: 'How jobs wait and run.',
  results: 'How long results are kept.',
  log: 'What the operator is told.',
  metrics: 'Figures for Prometheus.',
  tracing: 'Spans for OpenTelemetry.',
};

/** All settings with their keys. */
export const settingList: readonly (readonly [SettingKey, Setting])[] = Object.entries(settings) as [
  SettingKey,
  Setting,
][];

function fileShape(): Shape & { readonly kind: 'table' } {
  const fields: Record<string, Shape> = {};
  for (const [key, { shape }] of settingList) {
    const [table, name] = key.split('.') as [string, string?];
    if (name === undefined) fields[table] = shape;
    else fields[table] = withField(fields[table], table, name, shape);
  }
  return { kind: 'table', about: 'The configuration of a Bulkhead server.', required: [], fields };
}

function withField(before: Shape | undefined, table: string, name: string, shape: Shape): Shape {
  const fields = before?.kind === 'table' ? before.fields : {};
  return { kind: 'table', about: tables[table] ?? '', required: [], fields: { ...fields, [name]: shape } };
}

/** The whole file. */
export const configShape: Shape & { readonly kind: 'table' } = fileShape();

/** A file that was read, setting by setting. */
export interface ConfigFile {
  readonly path: string;
  /** What it says of a setting; undefined: nothing. Paths are absolute. */
  get(key: SettingKey): unknown;
  /** The error for a setting that is wrong in a way that its shape does not say. */
  problem(key: SettingKey, what: string, expected: string): Error;
}

/** Reads a file. Throws `config-invalid` in one line with file, line, field and what was expected. */
export async function readConfig(path: string): Promise<ConfigFile> {
  const file = await readUntyped(path, configShape, 'config-invalid');
  const get = (key: SettingKey): unknown => {
    const setting: Setting = settings[key];
    const value = at(file.content, key.split('.'));
    return setting.path && value !== undefined ? absolute(value, dirname(path)) : value;
  };
  return { path, get, problem: (key, what, expected) => file.problem(key.split('.'), what, expected) };
}

function at(content: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined,
    content,
  );
}

/** `:memory:` is no path. */
function absolute(value: unknown, folder: string): unknown {
  if (Array.isArray(value)) return value.map((each: unknown) => absolute(each, folder));
  return typeof value === 'string' && value !== ':memory:' ? resolve(folder, value) : value;
}
