/** Opens one component for a command that needs no server: admitted and described, as `serve` would do it. */
import { statSync } from 'node:fs';
import {
  crateManifest,
  createWasmExecutor,
  executorLimits,
  type Manifest,
  manifestOf,
  noOperatorGrants,
  type Permissions,
  permissionsOf,
  readGrants,
} from '../app.ts';
import { BulkheadError } from '../errors.ts';
import type { AdmittedPlugin, Executor } from '../executor/executor.ts';
import { compileRunnerSchemas, type RunnerSchemas } from '../plugins/schemas.ts';
import { componentFile } from './component-file.ts';
import { stderrLog } from './log-lines.ts';
import { ensureMeter } from './toolbox/components.ts';

/** A plugin that `serve` would serve. */
export interface LocalPlugin {
  readonly executor: Executor;
  readonly plugin: AdmittedPlugin;
  readonly schemas: RunnerSchemas;
  readonly manifest: Manifest;
  readonly permissions: Permissions;
}

/** What commands that run a plugin are told of their surroundings. */
export interface LocalOptions {
  /** Folder of transpiled components. */
  readonly cache: string;
  /** The operator's grants. */
  readonly grants?: string;
}

/**
 * Hands the component that `path` is, or compiles to, to `use`; ends its threads after that. What the plugin
 * logs goes to stderr. A crate's manifest is its `plugin.toml` (or `plugin.json`), beside Cargo.toml.
 */
export async function withPlugin<T>(
  path: string,
  { cache, grants }: LocalOptions,
  use: (local: LocalPlugin) => Promise<T>,
): Promise<T> {
  const file = await componentFile(path);
  await ensureMeter();
  const operator = grants === undefined ? noOperatorGrants : await readGrants(grants);
  const limits = executorLimits(operator);
  const executor = await createWasmExecutor({ threads: 1, cacheFolder: cache, limits, onLog: stderrLog });
  try {
    const local = await naming(path, async () => {
      const manifest = await manifestOf(file, manifestBeside(path));
      const plugin = await executor.admit(file);
      return { plugin, manifest, permissions: permissionsOf(plugin, manifest, operator) };
    });
    return await use({ executor, schemas: compileRunnerSchemas(local.plugin.runner), ...local });
  } finally {
    await executor.close();
  }
}

/** Puts the plugin's path before the reason why it is refused. */
async function naming<T>(path: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (thrown) {
    const error = BulkheadError.from(thrown);
    if (error.code !== 'plugin-refused') throw error;
    throw new BulkheadError('plugin-refused', `${path}: ${error.message}`, { cause: error });
  }
}

/** The manifest of a crate; undefined for a component, whose manifest stands beside it. */
function manifestBeside(path: string): string | undefined {
  return statSync(path).isDirectory() ? crateManifest(path) : undefined;
}
