/**
 * One executor over two: programs (`*.plugin`) run in processes, everything else is a component. Where nobody made an
 * executor for programs, each of them is refused: a process is not sandboxed, so the operator has to ask for it.
 */
import { BulkheadError } from '../errors.ts';
import type { ExecutorFigures } from '../model/figures.ts';
import { programEnd } from '../model/program.ts';
import type { AdmitOptions, AdmittedPlugin, Executor, InstanceSpec, PluginInstance } from './executor.ts';

export class ExecutorByKind implements Executor {
  readonly #components: Executor;
  readonly #programs: Executor | undefined;

  constructor(components: Executor, programs: Executor | undefined) {
    this.#components = components;
    this.#programs = programs;
  }

  async admit(path: string, options?: AdmitOptions): Promise<AdmittedPlugin> {
    return await this.#of(path).admit(path, options);
  }

  dismiss(plugin: AdmittedPlugin): void {
    this.#of(plugin.path).dismiss(plugin);
  }

  instance(spec: InstanceSpec): PluginInstance {
    return this.#of(spec.plugin.path).instance(spec);
  }

  /** Of the components. */
  async figures(): Promise<ExecutorFigures> {
    const figures = await this.#components.figures?.();
    if (!figures) throw new BulkheadError('internal', 'the executor of components has no figures');
    return figures;
  }

  async close(): Promise<void> {
    await Promise.all([this.#components.close(), this.#programs?.close()]);
  }

  #of(path: string): Executor {
    if (!path.endsWith(programEnd)) return this.#components;
    if (this.#programs) return this.#programs;
    throw new BulkheadError('plugin-refused', 'programs are not served: name their folder with --process-plugins');
  }
}
