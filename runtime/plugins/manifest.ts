/**
 * A plugin's manifest: what it says of itself, and what it asks of the host.
 *
 * It stands beside the component: `NAME.plugin.toml` for `NAME.wasm`, or `plugin.toml` where the folder holds one
 * component. A component without one asks for nothing. A manifest that is wrong in any way makes its plugin
 * refused: what was meant by a misspelt field cannot be known.
 */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BulkheadError } from '../errors.ts';
import { type Grants, noGrants } from '../model/grant.ts';
import type { Limits } from '../model/limits.ts';
import { camelKeys } from '../toml/case.ts';
import { readToml } from '../toml/read.ts';
import { manifestShape } from './manifest-fields.ts';
import { unfitListen } from './ports.ts';

export interface Manifest {
  /** The file; undefined where the plugin has none. */
  readonly path?: string;
  /** The runner that it is for. */
  readonly name?: string;
  readonly version?: string;
  readonly description?: string;
  readonly asked: Grants;
  readonly limits: Partial<Limits>;
}

/** What a plugin without a manifest asks for. */
export const noManifest: Manifest = { asked: noGrants, limits: {} };

const plainName = 'plugin.toml';
const nameEnd = '.plugin.toml';

/** The manifest of a component, if there is one. Throws `plugin-refused` where it cannot be told which it is. */
export async function findManifest(component: string): Promise<string | undefined> {
  const folder = dirname(component);
  const own = join(folder, `${basename(component, '.wasm')}${nameEnd}`);
  const plain = join(folder, plainName);
  if (!existsSync(plain)) return existsSync(own) ? own : undefined;
  const components = (await readdir(folder)).filter((name) => name.endsWith('.wasm'));
  if (components.length <= 1 && !existsSync(own)) return plain;
  throw new BulkheadError(
    'plugin-refused',
    `${plain} does not say which component it is for: name it ${basename(own)}, or like the other one`,
  );
}

/** Manifests of components that are not there, among the names of a folder. */
export function strayManifests(names: readonly string[]): string[] {
  const components = new Set(names.filter((name) => name.endsWith('.wasm')).map((name) => name.slice(0, -5)));
  const named = names.filter((name) => name.endsWith(nameEnd) && !components.has(name.slice(0, -nameEnd.length)));
  return names.includes(plainName) && components.size === 0 ? [...named, plainName] : named;
}

/** Reads a manifest. Throws `plugin-refused` in one line with file, line, field and what was expected. */
export async function readManifest(path: string): Promise<Manifest> {
  const { content, problem } = await readToml(path, manifestShape, 'plugin-refused', basename(path));
  const { name, version, description, permissions = {}, limits = {} } = content;
  const { env, clock, filesystem, http, sockets, listen } = permissions;
  const guests = (filesystem ?? []).map(({ guest }) => guest);
  const twice = guests.findIndex((guest, index) => guests.indexOf(guest) !== index);
  if (twice >= 0) {
    throw problem(['permissions', 'filesystem', twice, 'guest'], `${guests[twice]} is asked for twice`, 'one entry');
  }
  for (const [index, table] of (listen ?? []).entries()) {
    const wrong = unfitListen(table);
    if (wrong) throw problem(['permissions', 'listen', index, wrong.field], wrong.what, wrong.expected);
  }
  return {
    path,
    name,
    version,
    ...(description !== undefined && { description }),
    asked: {
      ...(env && { env: Object.fromEntries(env.map((each) => [each, ''])) }),
      ...(clock && { clock }),
      ...(filesystem && { filesystem: filesystem.map(camelKeys) }),
      ...(http && { http: http.map(camelKeys) }),
      ...(sockets && { sockets: sockets.map(camelKeys) }),
      ...(listen && { listen: listen.map(camelKeys) }),
    },
    limits: camelKeys(limits),
  };
}

/** Throws `plugin-refused` where the manifest is for another plugin than the component says it is. */
export function checkManifest({ path, name }: Manifest, runner: string): void {
  if (path === undefined || name === runner) return;
  throw new BulkheadError(
    'plugin-refused',
    `${basename(path)} is for ${JSON.stringify(name)}; the component is ${JSON.stringify(runner)}`,
  );
}
