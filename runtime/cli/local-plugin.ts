/** Opens one component for a command that needs no server: admitted and described, as `serve` would do it. */
import { createWasmExecutor } from '../app.ts';
import { BulkheadError } from '../errors.ts';
import type { AdmittedPlugin, Executor } from '../executor/executor.ts';
import type { MethodDescription } from '../model/method.ts';
import { compileRunnerSchemas, type RunnerSchemas } from '../plugins/schemas.ts';
import { componentFile } from './component-file.ts';
import { CliError } from './exit-codes.ts';
import { stderrLog } from './log-lines.ts';
import { ensureMeter } from './toolbox/components.ts';

/** A plugin that `serve` would serve. */
export interface LocalPlugin {
  readonly executor: Executor;
  readonly plugin: AdmittedPlugin;
  readonly schemas: RunnerSchemas;
}

/**
 * Hands the component that `path` is, or compiles to, to `use`; ends its threads after that. What the plugin
 * logs goes to stderr.
 */
export async function withPlugin<T>(
  path: string,
  cacheFolder: string,
  use: (local: LocalPlugin) => Promise<T>,
): Promise<T> {
  const file = await componentFile(path);
  await ensureMeter();
  const executor = await createWasmExecutor({ threads: 1, cacheFolder, onLog: stderrLog });
  try {
    const plugin = await executor.admit(file).catch((thrown: unknown) => {
      const error = BulkheadError.from(thrown);
      if (error.code !== 'plugin-refused') throw error;
      throw new BulkheadError('plugin-refused', `${path}: ${error.message}`, { cause: error });
    });
    return await use({ executor, plugin, schemas: compileRunnerSchemas(plugin.runner) });
  } finally {
    await executor.close();
  }
}

/** The method of a name, or the only one where none is named. */
export function chooseMethod(plugin: AdmittedPlugin, name: string | undefined): MethodDescription {
  const { methods } = plugin.runner;
  const names = methods.map((method) => method.name).join(', ');
  if (name === undefined && methods.length > 1) {
    throw new CliError('usage', `${plugin.runner.name} has several methods: choose one with --method (${names})`);
  }
  const method = name === undefined ? methods[0] : methods.find((each) => each.name === name);
  if (!method) throw new CliError('usage', `${plugin.runner.name} has no method '${name}'; it has: ${names}`);
  return method;
}
