/** Serves what lies in the folders when the server starts, and hands out the desk that changes it later. */
import type { LogSink } from '../telemetry/events.ts';
import { discoverPlugins, type RefusedPlugin, unusedGrants } from './discovery.ts';
import { PluginDesk } from './plugin-desk.ts';
import { PluginRegistry, type RegistryParts } from './registry.ts';
import { UploadFolder } from './upload-folder.ts';

/** What plugins are served from, and how. */
export interface PluginSources extends RegistryParts {
  /** The operator's folders. */
  readonly pluginFolders: readonly string[];
  /** The operator's folders with programs. */
  readonly processFolders?: readonly string[];
  /** Where uploaded plugins go; missing: none are taken. */
  readonly uploadFolder?: string;
  /** Largest component that may be uploaded, in bytes. */
  readonly maxUploadBytes?: number;
  readonly log: LogSink;
}

/** The plugins, their desk, and what could not be served. */
export interface OpenPlugins {
  readonly plugins: PluginRegistry;
  readonly management: PluginDesk;
  readonly refused: readonly RefusedPlugin[];
}

/**
 * The operator's own plugins come before uploads of the same name. What they ask for in vain is logged. Throws
 * `config-invalid` where a folder cannot be used.
 */
export async function openPlugins(sources: PluginSources): Promise<OpenPlugins> {
  const { executor, operator, pluginFolders: folders, processFolders, uploadFolder, maxUploadBytes, log } = sources;
  const plugins = new PluginRegistry({ executor, operator });
  const uploads = uploadFolder === undefined ? undefined : await UploadFolder.open(uploadFolder);
  const own = await discoverPlugins(folders, plugins, processFolders);
  const uploaded = await discoverPlugins((await uploads?.folders()) ?? [], plugins);
  for (const message of [...own.notes, ...uploaded.notes, ...unusedGrants(operator, plugins)])
    log({ level: 'warn', message });
  const limits = maxUploadBytes === undefined ? {} : { maxUploadBytes };
  const management = new PluginDesk({ registry: plugins, log, folders, ...(uploads && { uploads }), ...limits });
  return { plugins, management, refused: [...own.refused, ...uploaded.refused] };
}
