/**
 * The operator's grants, from the file of `--grants`. It is checked as a whole when the server starts: an unknown
 * field, a directory that is not there, or a grant that this machine cannot keep is `config-invalid`, because a
 * server that runs with half of its rules is worse than one that does not start.
 */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type DirectoryGrant, type HttpGrant, type ListenGrant, noGrants } from '../model/grant.ts';
import { defaultLimits, type Limits } from '../model/limits.ts';
import { camelCase, camelKeys } from '../toml/case.ts';
import { readSettings, type SettingsFile } from '../toml/read.ts';
import type { FieldPath, Infer } from '../toml/shape.ts';
import { readAuthorities } from './authorities.ts';
import type { PluginGrants } from './grants.ts';
import { grantsShape } from './manifest-fields.ts';
import { unfitListen } from './ports.ts';

/** What an operator grants. */
export interface OperatorGrants {
  /** Caps of every plugin, where they differ from the defaults. */
  readonly limits: Partial<Limits>;
  /** By the name of the plugin. */
  readonly plugins: ReadonlyMap<string, PluginGrants>;
  /** Caps of single workers, by the worker's name, for those of its plugin. */
  readonly workers: ReadonlyMap<string, Partial<Limits>>;
}

/** What an operator without a file grants. */
export const noOperatorGrants: OperatorGrants = { limits: {}, plugins: new Map(), workers: new Map() };

type File = SettingsFile<Infer<typeof grantsShape>>;
type PluginTable = NonNullable<File['content']['plugin']>[string];

/** Folders whose files are no files: opening one acts on the machine or shows this process. */
const noFiles = ['/proc', '/sys', '/dev'];

/**
 * Reads the file. `host` are the limits where it says nothing. Throws `config-invalid` in one line with file, line,
 * field and what was expected.
 */
export async function readGrants(path: string, host: Limits = defaultLimits): Promise<OperatorGrants> {
  const file = await readSettings(path, grantsShape, 'config-invalid');
  const entries = Object.entries(file.content.plugin ?? {}).map(
    ([name, table]) => [name, pluginGrants(file, name, table)] as const,
  );
  const plugins = new Map(entries);
  const limits: Partial<Limits> = camelKeys(file.content.limits ?? {});
  return { limits, plugins, workers: workerLimits(file, maxima({ ...host, ...limits }, plugins)) };
}

/** The most of each that any plugin may use. */
function maxima(base: Limits, plugins: OperatorGrants['plugins']): Limits {
  const most = { ...base };
  for (const { limits } of plugins.values()) {
    for (const name of Object.keys(most) as (keyof Limits)[]) most[name] = Math.max(most[name], limits[name] ?? 0);
  }
  return most;
}

/** Workers come later, and so does whose they are: a cap that no plugin could have is wrong in any case. */
function workerLimits(file: File, most: Limits): OperatorGrants['workers'] {
  const entries = Object.entries(file.content.worker ?? {}).map(([worker, { limits = {} }]) => {
    const own: Partial<Limits> = camelKeys(limits);
    for (const field of Object.keys(limits) as (keyof typeof limits)[]) {
      const name = camelCase(field);
      if ((own[name] ?? 0) <= most[name]) continue;
      const expected = `at most ${most[name]}, the most that [limits] or [plugin.NAME.limits] let a plugin use`;
      throw file.problem(['worker', worker, 'limits', field], `it is ${own[name]}`, expected);
    }
    return [worker, own] as const;
  });
  return new Map(entries);
}

function pluginGrants(file: File, name: string, table: PluginTable): PluginGrants {
  const { digest, env, clock, filesystem, http, sockets, listen, limits = {} } = table;
  return {
    ...(digest !== undefined && { digest }),
    grants: {
      ...noGrants,
      ...(env && { env: { ...env } }),
      ...(clock && { clock }),
      ...(filesystem && { filesystem: directories(file, name, filesystem) }),
      ...(http && { http: http.map((table, index) => destination(file, ['plugin', name, 'http', index], table)) }),
      ...(sockets && { sockets: sockets.map(camelKeys) }),
      ...(listen && { listen: listenGrants(file, ['plugin', name, 'listen'], listen) }),
    },
    limits: camelKeys(limits),
  };
}

function destination(
  file: File,
  at: FieldPath,
  { ca_file, ...table }: NonNullable<PluginTable['http']>[number],
): HttpGrant {
  if (ca_file === undefined) return camelKeys(table);
  if (table.scheme !== 'https') throw file.problem([...at, 'ca_file'], 'the scheme is http', 'it with https only');
  const path = resolve(dirname(file.path), ca_file);
  const authorities = readAuthorities(path);
  if (typeof authorities === 'string') {
    throw file.problem([...at, 'ca_file'], `${path} ${authorities}`, 'a file of certificates in PEM');
  }
  return { ...camelKeys(table), authorities };
}

function listenGrants(file: File, at: FieldPath, tables: NonNullable<PluginTable['listen']>): ListenGrant[] {
  return tables.map((table, index) => {
    const wrong = unfitListen(table);
    if (wrong) throw file.problem([...at, index, wrong.field], wrong.what, wrong.expected);
    return camelKeys(table);
  });
}

function directories(file: File, name: string, tables: NonNullable<PluginTable['filesystem']>): DirectoryGrant[] {
  const guests = new Set<string>();
  return tables.map((table, index) => {
    const at = ['plugin', name, 'filesystem', index];
    if (guests.has(table.guest)) throw file.problem([...at, 'guest'], `${table.guest} is there twice`, 'one entry');
    guests.add(table.guest);
    const host = resolve(dirname(file.path), table.host);
    const wrong = unfitDirectory(host);
    if (wrong) throw file.problem([...at, 'host'], wrong, 'a directory of files');
    const missing = missingSupport();
    if (missing) throw file.problem(at, missing, 'no directories');
    return { ...camelKeys(table), host: realpathSync(host) };
  });
}

/** Why a path of the host cannot be granted. */
function unfitDirectory(host: string): string | undefined {
  const found = statSync(host, { throwIfNoEntry: false });
  if (!found?.isDirectory()) return `${host} is ${found ? 'no directory' : 'not there'}`;
  const real = realpathSync(host);
  if (real === '/') return `${host} is the whole machine`;
  return noFiles.some((folder) => real === folder || real.startsWith(`${folder}/`))
    ? `${host} is the kernel's`
    : undefined;
}

/** See `capabilities/filesystem-tree.ts` for why. */
function missingSupport(): string | undefined {
  if (process.platform === 'linux' && existsSync('/proc/self/fd')) return undefined;
  return 'directories can be granted on Linux only, with /proc mounted: nowhere else Node opens files safely';
}
