/**
 * A plugin's manifest: what it says of itself, and what it asks of the host.
 *
 * It stands beside the component: `NAME.plugin.toml` for `NAME.wasm`, or `plugin.toml` where the folder holds one
 * component; or the same in JSON, `NAME.plugin.json` or `plugin.json`. A component without one asks for nothing. A
 * manifest that is wrong in any way makes its plugin refused: what was meant by a misspelt field cannot be known.
 */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BulkheadError } from '../errors.ts';
import { type Grants, noGrants } from '../model/grant.ts';
import type { Limits } from '../model/limits.ts';
import { programEnd } from '../model/program.ts';
import { camelKeys } from '../toml/case.ts';
import { readSettings } from '../toml/read.ts';
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

/** What manifests are called; with a point and a name in front, where there are several in a folder. */
const plainNames = ['plugin.toml', 'plugin.json'];
const nameEnds = plainNames.map((name) => `.${name}`);

function found(folder: string, names: readonly string[]): string[] {
  return names.map((name) => join(folder, name)).filter((path) => existsSync(path));
}

/** The manifest of a crate, which stands in its folder. Throws `plugin-refused` where there are two. */
export function crateManifest(folder: string): string | undefined {
  return onlyOne(found(folder, plainNames));
}

/**
 * The manifest of a component or a program, if there is one: that of `NAME.wasm` is called like that of `NAME.plugin`. Throws
 * `plugin-refused` where it cannot be told which it is.
 */
export async function findManifest(plugin: string): Promise<string | undefined> {
  const folder = dirname(plugin);
  const isProgram = plugin.endsWith(programEnd);
  const ownNames = nameEnds.map((end) => `${basename(plugin, isProgram ? programEnd : '.wasm')}${end}`);
  const own = onlyOne(found(folder, ownNames));
  const plain = isProgram ? undefined : onlyOne(found(folder, plainNames));
  if (plain === undefined) return own;
  const components = (await readdir(folder)).filter((name) => name.endsWith('.wasm'));
  if (components.length <= 1 && own === undefined) return plain;
  throw new BulkheadError(
    'plugin-refused',
    `${plain} does not say which component it is for: name it ${ownNames[0]}, or like the other one`,
  );
}

function onlyOne([first, second]: readonly string[]): string | undefined {
  if (first === undefined || second === undefined) return first;
  throw new BulkheadError('plugin-refused', `there are two manifests, ${first} and ${second}: remove one`);
}

/** What a manifest's text is to be called where it stands beside `plugin.wasm`. No TOML begins with a brace. */
export function manifestNameFor(text: string): string {
  return text.trimStart().startsWith('{') ? 'plugin.json' : 'plugin.toml';
}

/** Manifests of components that are not there, among the names of a folder. */
export function strayManifests(names: readonly string[]): string[] {
  const components = new Set(names.filter((name) => name.endsWith('.wasm')).map((name) => name.slice(0, -5)));
  const componentOf = (name: string): string | undefined => {
    const end = nameEnds.find((each) => name.endsWith(each));
    return end && name.slice(0, -end.length);
  };
  return names.filter((name) => {
    if (plainNames.includes(name)) return components.size === 0;
    const component = componentOf(name);
    return component !== undefined && !components.has(component);
  });
}

/** Reads a manifest. Throws `plugin-refused` in one line with file, line, field and what was expected. */
export async function readManifest(path: string): Promise<Manifest> {
  const spelling = path.endsWith('.json') ? 'json' : 'toml';
  const { content, problem } = await readSettings(path, manifestShape, 'plugin-refused', basename(path), spelling);
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
