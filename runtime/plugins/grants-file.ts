/**
 * The operator's grants, from the file of `--grants`. It is checked as a whole when the server starts: an unknown
 * field, a directory that is not there, or a grant that this machine cannot keep is `config-invalid`, because a
 * server that runs with half of its rules is worse than one that does not start.
 */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type DirectoryGrant, noGrants } from '../model/grant.ts';
import type { Limits } from '../model/limits.ts';
import { camelKeys } from '../toml/case.ts';
import { readToml, type TomlFile } from '../toml/read.ts';
import type { Infer } from '../toml/shape.ts';
import type { PluginGrants } from './grants.ts';
import { grantsShape } from './manifest-fields.ts';

/** What an operator grants. */
export interface OperatorGrants {
  /** Caps of every plugin, where they differ from the defaults. */
  readonly limits: Partial<Limits>;
  /** By the name of the plugin. */
  readonly plugins: ReadonlyMap<string, PluginGrants>;
}

/** What an operator without a file grants. */
export const noOperatorGrants: OperatorGrants = { limits: {}, plugins: new Map() };

type File = TomlFile<Infer<typeof grantsShape>>;
type PluginTable = NonNullable<File['content']['plugin']>[string];

/** Folders whose files are no files: opening one acts on the machine or shows this process. */
const noFiles = ['/proc', '/sys', '/dev'];

/** Reads the file. Throws `config-invalid` in one line with file, line, field and what was expected. */
export async function readGrants(path: string): Promise<OperatorGrants> {
  const file = await readToml(path, grantsShape, 'config-invalid');
  const entries = Object.entries(file.content.plugin ?? {}).map(
    ([name, table]) => [name, pluginGrants(file, name, table)] as const,
  );
  return { limits: camelKeys(file.content.limits ?? {}), plugins: new Map(entries) };
}

function pluginGrants(file: File, name: string, table: PluginTable): PluginGrants {
  const { digest, env, clock, filesystem, http, sockets, limits = {} } = table;
  return {
    ...(digest !== undefined && { digest }),
    grants: {
      ...noGrants,
      ...(env && { env: { ...env } }),
      ...(clock && { clock }),
      ...(filesystem && { filesystem: directories(file, name, filesystem) }),
      ...(http && { http: http.map(camelKeys) }),
      ...(sockets && { sockets: sockets.map(camelKeys) }),
    },
    limits: camelKeys(limits),
  };
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
