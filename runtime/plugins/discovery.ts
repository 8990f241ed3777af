/**
 * Finds plugin files in the operator's folders and fills a catalogue with those that can be served.
 *
 * A file that cannot be served is refused with one line and holds up no other. Files are taken in the order
 * of their paths, so that of two with the same name always the same one is served.
 */
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BulkheadError } from '../errors.ts';
import type { AdmittedPlugin } from '../executor/executor.ts';
import { type Limits, settingName } from '../model/limits.ts';
import type { PluginCatalogue, RunnerPlugin } from './catalogue.ts';
import { type Permissions, refusedRequests } from './grants.ts';
import { noOperatorGrants, type OperatorGrants } from './grants-file.ts';
import { manifestOf, permissionsOf } from './grants-resolve.ts';
import { strayManifests } from './manifest.ts';
import { compileRunnerSchemas } from './schemas.ts';

/** A file that is not served, and why. */
export interface RefusedPlugin {
  readonly path: string;
  /** One line: what is wrong and, where there is something, what to do. */
  readonly reason: string;
}

/** What was found in the folders. */
export interface Discovery {
  readonly catalogue: PluginCatalogue;
  readonly refused: readonly RefusedPlugin[];
  /** What the operator may want to know of grants: asked for in vain, or granted to nobody. */
  readonly notes: readonly string[];
}

/** A runner's id on the wire: 63 bits of its name's digest, so that it is the same on every start and machine. */
export function runnerIdOf(name: string): bigint {
  return createHash('sha256').update(name).digest().readBigUInt64BE() >> 1n;
}

interface FoundFiles {
  readonly components: readonly string[];
  /** Manifests without a component. */
  readonly stray: readonly string[];
}

async function pluginFiles(folders: readonly string[]): Promise<FoundFiles> {
  const files: string[] = [];
  const stray: string[] = [];
  for (const folder of folders) {
    const names = await readdir(folder).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      throw new BulkheadError('config-invalid', `the plugin folder ${folder} cannot be read: ${why}`, { cause: error });
    });
    files.push(...names.filter((name) => name.endsWith('.wasm')).map((name) => resolve(join(folder, name))));
    stray.push(...strayManifests(names).map((name) => resolve(join(folder, name))));
  }
  return { components: [...new Set(files)].sort(), stray: [...new Set(stray)].sort() };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' | ');
}

class FixedCatalogue implements PluginCatalogue {
  readonly #plugins: readonly RunnerPlugin[];
  readonly #byId: ReadonlyMap<bigint, RunnerPlugin>;
  readonly #byName: ReadonlyMap<string, RunnerPlugin>;

  constructor(plugins: readonly RunnerPlugin[]) {
    this.#plugins = [...plugins].sort((left, right) => (left.id < right.id ? -1 : 1));
    this.#byId = new Map(plugins.map((plugin) => [plugin.id, plugin]));
    this.#byName = new Map(plugins.map((plugin) => [plugin.plugin.runner.name, plugin]));
  }

  list(): readonly RunnerPlugin[] {
    return this.#plugins;
  }
  byId(id: bigint): RunnerPlugin | undefined {
    return this.#byId.get(id);
  }
  byName(name: string): RunnerPlugin | undefined {
    return this.#byName.get(name);
  }
}

/** A plugin with what it may do. Throws `plugin-refused`; a wrong manifest is found before the component runs. */
async function examine(
  path: string,
  admit: (path: string) => Promise<AdmittedPlugin>,
  operator: OperatorGrants,
): Promise<{ readonly runner: RunnerPlugin; readonly notes: readonly string[] }> {
  const manifest = await manifestOf(path);
  const plugin = await admit(path);
  const { name } = plugin.runner;
  const permissions = permissionsOf(plugin, manifest, operator);
  const inVain = refusedRequests(permissions);
  return {
    runner: {
      id: runnerIdOf(name),
      plugin,
      schemas: compileRunnerSchemas(plugin.runner),
      grants: permissions.effective,
      limits: permissions.limits.effective,
      workerLimits: permissions.limits.workers,
    },
    notes: [
      ...(inVain.length === 0 ? [] : [`${name} asks for what it is not granted: ${inVain.join(', ')}`]),
      ...loweredWorkers(name, permissions, operator),
    ],
  };
}

/** Caps of workers that are above what the operator lets this plugin use: there the smaller one holds. */
function loweredWorkers(plugin: string, { limits }: Permissions, operator: OperatorGrants): string[] {
  return [...operator.workers].flatMap(([worker, own]) => {
    const held = limits.workers.get(worker);
    const names = (Object.keys(own) as (keyof Limits)[]).filter((name) => (own[name] ?? 0) > (held?.[name] ?? 0));
    return names.map((name) => {
      const what = `${settingName(name)} of the worker ${JSON.stringify(worker)} is ${own[name]}`;
      return `${what}, but ${held?.[name]} where it is one of ${plugin}, which may use no more`;
    });
  });
}

/**
 * Admits every `*.wasm` of the folders, one after the other. `admit` throws `plugin-refused` for a file that is
 * no plugin. Throws `config-invalid` where a folder cannot be read: an operator who named it wants its plugins.
 */
export async function discoverPlugins(
  folders: readonly string[],
  admit: (path: string) => Promise<AdmittedPlugin>,
  operator: OperatorGrants = noOperatorGrants,
): Promise<Discovery> {
  const served = new Map<string, RunnerPlugin>();
  const { components, stray } = await pluginFiles(folders);
  const refused: RefusedPlugin[] = stray.map((path) => ({ path, reason: 'there is no component beside it' }));
  const notes: string[] = [];
  for (const path of components) {
    try {
      const found = await examine(path, admit, operator);
      const { name } = found.runner.plugin.runner;
      const twin = served.get(name);
      if (twin) {
        throw new BulkheadError(
          'plugin-refused',
          `duplicate name ${name}: ${twin.plugin.path} is served under it already`,
        );
      }
      served.set(name, found.runner);
      notes.push(...found.notes);
    } catch (error) {
      refused.push({ path, reason: oneLine(BulkheadError.from(error).message) });
    }
  }
  const nobody = [...operator.plugins.keys()].filter((name) => !served.has(name));
  notes.push(...nobody.map((name) => `grants are there for ${JSON.stringify(name)}, which is not served`));
  return { catalogue: new FixedCatalogue([...served.values()]), refused, notes };
}
