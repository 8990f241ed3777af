/**
 * Finds plugin files in the operator's folders and has those served that can be.
 *
 * A file that cannot be served is refused with one line and holds up no other. Files are taken in the order
 * of their paths, so that of two with the same name always the same one is served.
 */
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BulkheadError } from '../errors.ts';
import { programEnd } from '../model/program.ts';
import type { OperatorGrants } from './grants-file.ts';
import { strayManifests } from './manifest.ts';
import type { PluginRegistry } from './registry.ts';

/** A file that is not served, and why. */
export interface RefusedPlugin {
  readonly path: string;
  /** One line: what is wrong and, where there is something, what to do. */
  readonly reason: string;
}

/** What was found in the folders, beside the plugins that are served. */
export interface Discovery {
  readonly refused: readonly RefusedPlugin[];
  /** What the operator may want to know: what plugins ask for and are not granted, and caps that come to less. */
  readonly notes: readonly string[];
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
    const names = await namesIn(folder);
    files.push(...names.filter((name) => name.endsWith('.wasm')).map((name) => resolve(join(folder, name))));
    stray.push(...strayManifests(names).map((name) => resolve(join(folder, name))));
  }
  return { components: [...new Set(files)].sort(), stray: [...new Set(stray)].sort() };
}

/** The programs of folders of their own: files that end in `.plugin`. */
async function programFiles(folders: readonly string[]): Promise<string[]> {
  const files = await Promise.all(
    folders.map(async (folder) =>
      (await namesIn(folder)).filter((name) => name.endsWith(programEnd)).map((name) => resolve(join(folder, name))),
    ),
  );
  return [...new Set(files.flat())].sort();
}

async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new BulkheadError('config-invalid', `the plugin folder ${folder} cannot be read: ${why}`, { cause: error });
  });
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' | ');
}

/**
 * Has every `*.wasm` of the folders, and every `*.plugin` of those with programs, examined one after the other, and
 * served. Throws `config-invalid` where a folder cannot be read: an operator who named it wants its plugins.
 */
export async function discoverPlugins(
  folders: readonly string[],
  registry: PluginRegistry,
  programFolders: readonly string[] = [],
): Promise<Discovery> {
  const { components, stray } = await pluginFiles(folders);
  const programs = await programFiles(programFolders);
  const refused: RefusedPlugin[] = stray.map((path) => ({ path, reason: 'there is no component beside it' }));
  const notes: string[] = [];
  for (const path of [...components, ...programs]) {
    try {
      const { runner, notGranted, lowered } = await registry.examine(path);
      registry.add(runner);
      if (notGranted.length > 0)
        notes.push(`${runner.plugin.runner.name} asks for what it is not granted: ${notGranted.join(', ')}`);
      notes.push(...lowered);
    } catch (error) {
      refused.push({ path, reason: oneLine(BulkheadError.from(error).message) });
    }
  }
  return { refused, notes };
}

/** Grants for plugins that are not served: misspelt, most likely. */
export function unusedGrants(operator: OperatorGrants, registry: PluginRegistry): string[] {
  const nobody = [...operator.plugins.keys()].filter((name) => !registry.byName(name));
  return nobody.map((name) => `grants are there for ${JSON.stringify(name)}, which is not served`);
}
