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
import { noGrants } from '../model/grant.ts';
import type { PluginCatalogue, RunnerPlugin } from './catalogue.ts';
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
}

/** A runner's id on the wire: 63 bits of its name's digest, so that it is the same on every start and machine. */
export function runnerIdOf(name: string): bigint {
  return createHash('sha256').update(name).digest().readBigUInt64BE() >> 1n;
}

async function pluginFiles(folders: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const folder of folders) {
    const names = await readdir(folder).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      throw new BulkheadError('config-invalid', `the plugin folder ${folder} cannot be read: ${why}`, { cause: error });
    });
    files.push(...names.filter((name) => name.endsWith('.wasm')).map((name) => resolve(join(folder, name))));
  }
  return [...new Set(files)].sort();
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

/**
 * Admits every `*.wasm` of the folders, one after the other. `admit` throws `plugin-refused` for a file that is
 * no plugin. Throws `config-invalid` where a folder cannot be read: an operator who named it wants its plugins.
 */
export async function discoverPlugins(
  folders: readonly string[],
  admit: (path: string) => Promise<AdmittedPlugin>,
): Promise<Discovery> {
  const served = new Map<string, RunnerPlugin>();
  const refused: RefusedPlugin[] = [];
  for (const path of await pluginFiles(folders)) {
    try {
      const plugin = await admit(path);
      const { name } = plugin.runner;
      const twin = served.get(name);
      if (twin) {
        throw new BulkheadError(
          'plugin-refused',
          `duplicate name ${name}: ${twin.plugin.path} is served under it already`,
        );
      }
      served.set(name, {
        id: runnerIdOf(name),
        plugin,
        schemas: compileRunnerSchemas(plugin.runner),
        grants: noGrants,
      });
    } catch (error) {
      refused.push({ path, reason: oneLine(BulkheadError.from(error).message) });
    }
  }
  return { catalogue: new FixedCatalogue([...served.values()]), refused };
}
