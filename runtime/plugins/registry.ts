/**
 * The catalogue that changes while the server runs: files are examined, and what passed is served, replaced, removed.
 *
 * A plugin that was examined is held by the executor until it is removed or dropped; running jobs end on what they
 * began with.
 */
import { createHash } from 'node:crypto';
import { BulkheadError } from '../errors.ts';
import type { AdmitOptions, Executor } from '../executor/executor.ts';
import { type Limits, settingName } from '../model/limits.ts';
import type { PluginCatalogue, RunnerPlugin } from './catalogue.ts';
import { type Permissions, refusedRequests } from './grants.ts';
import type { OperatorGrants } from './grants-file.ts';
import { manifestOf, permissionsOf } from './grants-resolve.ts';
import { compileRunnerSchemas } from './schemas.ts';

/** A runner's id on the wire: 63 bits of its name's digest, so that it is the same on every start and machine. */
export function runnerIdOf(name: string): bigint {
  return createHash('sha256').update(name).digest().readBigUInt64BE() >> 1n;
}

/** A plugin that could be served. */
export interface Examined {
  readonly runner: RunnerPlugin;
  /** What its manifest asks for and the operator does not grant, in a few words each. */
  readonly notGranted: readonly string[];
  /** Caps of workers that come to less than the operator wrote, a sentence each. */
  readonly lowered: readonly string[];
}

/** What the registry works with. */
export interface RegistryParts {
  readonly executor: Pick<Executor, 'admit' | 'dismiss'>;
  readonly operator: OperatorGrants;
}

/** See {@link PluginCatalogue}. */
export class PluginRegistry implements PluginCatalogue {
  readonly #executor: RegistryParts['executor'];
  readonly #operator: OperatorGrants;
  readonly #byId = new Map<bigint, RunnerPlugin>();
  readonly #listeners: ((runnerId: bigint) => void)[] = [];
  /** Ordered by id; made anew with each change. */
  #list: readonly RunnerPlugin[] = [];

  constructor({ executor, operator }: RegistryParts) {
    this.#executor = executor;
    this.#operator = operator;
  }

  list(): readonly RunnerPlugin[] {
    return this.#list;
  }

  byId(id: bigint): RunnerPlugin | undefined {
    return this.#byId.get(id);
  }

  byName(name: string): RunnerPlugin | undefined {
    return this.#list.find(({ plugin }) => plugin.runner.name === name);
  }

  onChange(listener: (runnerId: bigint) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * A plugin with what it may do, to be served or {@link drop}ped. Throws `plugin-refused`; a wrong manifest is found
   * before the component runs.
   */
  async examine(path: string, options?: AdmitOptions): Promise<Examined> {
    const manifest = await manifestOf(path);
    const plugin = await this.#executor.admit(path, options);
    try {
      const permissions = permissionsOf(plugin, manifest, this.#operator);
      const runner = {
        id: runnerIdOf(plugin.runner.name),
        plugin,
        schemas: compileRunnerSchemas(plugin.runner),
        grants: permissions.effective,
        limits: permissions.limits.effective,
        workerLimits: permissions.limits.workers,
      };
      const lowered = loweredWorkers(plugin.runner.name, permissions, this.#operator);
      return { runner, notGranted: refusedRequests(permissions), lowered };
    } catch (thrown) {
      this.#executor.dismiss(plugin);
      throw thrown;
    }
  }

  /** An examined plugin will not be served. */
  drop({ plugin }: RunnerPlugin): void {
    this.#executor.dismiss(plugin);
  }

  /** Serves an examined plugin. Throws `runner-exists`, and drops it, where its name is taken. */
  add(runner: RunnerPlugin): void {
    const twin = this.#byId.get(runner.id);
    if (twin) {
      this.drop(runner);
      throw nameTaken(twin);
    }
    this.#byId.set(runner.id, runner);
    this.#changed(runner.id);
  }

  /** Serves an examined plugin in the place of the one of that name, if there is one. */
  replace(runner: RunnerPlugin): void {
    const before = this.#byId.get(runner.id);
    this.#byId.set(runner.id, runner);
    this.#changed(runner.id);
    if (before) this.drop(before);
  }

  /** Whether there was one. */
  remove(id: bigint): boolean {
    const removed = this.#byId.get(id);
    if (!removed) return false;
    this.#byId.delete(id);
    this.#changed(id);
    this.drop(removed);
    return true;
  }

  #changed(id: bigint): void {
    this.#list = [...this.#byId.values()].sort((left, right) => (left.id < right.id ? -1 : 1));
    for (const listener of this.#listeners) listener(id);
  }
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

/** The error of a second plugin of one name. */
export function nameTaken({ plugin: { path, runner } }: RunnerPlugin): BulkheadError {
  return new BulkheadError('runner-exists', `duplicate name ${runner.name}: ${path} is served under it already`, {
    details: { name: runner.name },
  });
}
