/**
 * The contract of the plugin catalogue: which runner plugins this server offers, by id and by name.
 *
 * What does not belong here: finding files, admitting them, watching folders. Those fill a catalogue;
 * the other stages only read it, and read it anew for each request, because it may change.
 */
import type { AdmittedPlugin } from '../executor/executor.ts';
import type { Grants } from '../model/grant.ts';
import type { Limits } from '../model/limits.ts';
import type { RunnerSchemas } from './schemas.ts';

/** A plugin that serves jobs. */
export interface RunnerPlugin {
  /** The runner's id on the wire. Stays the same for the same name. */
  readonly id: bigint;
  readonly plugin: AdmittedPlugin;
  readonly schemas: RunnerSchemas;
  /** What it may reach of the host: asked by its manifest and granted by the operator. */
  readonly grants: Grants;
  /** What it may use, where it differs from what the executor's plugins may. */
  readonly limits?: Limits;
  /** What the jobs of single workers may use instead, by the worker's name. */
  readonly workerLimits?: ReadonlyMap<string, Limits>;
}

/** The plugins at hand. Answers at once, from memory. */
export interface PluginCatalogue {
  /** All plugins, ordered by id. */
  list(): readonly RunnerPlugin[];
  byId(id: bigint): RunnerPlugin | undefined;
  byName(name: string): RunnerPlugin | undefined;
  /** Calls back after a plugin came, went, or was replaced, with its id. Listeners must not throw. */
  onChange(listener: (runnerId: bigint) => void): void;
}
