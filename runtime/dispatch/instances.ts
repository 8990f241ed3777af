/**
 * Instances that wait for their next job, kept by worker.
 *
 * An instance belongs to one state of its worker and one plugin file. When either changes, idle
 * instances are disposed of at once and busy ones when they come back.
 */
import type { Executor, PluginInstance } from '../executor/executor.ts';
import type { WorkerRecord } from '../model/worker.ts';
import type { RunnerPlugin } from '../plugins/catalogue.ts';
import type { LogSink } from '../telemetry/events.ts';

/** An instance on loan for one job. */
export interface Lease {
  readonly instance: PluginInstance;
  /** Gives it back; `reusable` is false after a failure of the host. Call once. */
  release(reusable: boolean): void;
}

interface Pool {
  readonly worker: WorkerRecord;
  readonly runner: RunnerPlugin;
  readonly idle: PluginInstance[];
}

/** Lends instances. */
export class Instances {
  readonly #executor: Executor;
  readonly #log: LogSink;
  readonly #maxIdle: number;
  /** In order of last use, the latest last. */
  readonly #pools = new Map<bigint, Pool>();
  readonly #disposals = new Set<Promise<void>>();
  #idlePerJob = 0;
  #closed = false;

  /**
   * `maxIdle` bounds the idle instances of workers without `use_static`, over all workers. Those with it
   * keep theirs: one for each job that ever ran at the same time, so at most the channel's concurrency.
   */
  constructor(executor: Executor, log: LogSink, maxIdle: number) {
    this.#executor = executor;
    this.#log = log;
    this.#maxIdle = maxIdle;
  }

  /** An idle instance of the worker, or a new one. */
  lend(worker: WorkerRecord, runner: RunnerPlugin): Lease {
    const pool = this.#poolFor(worker, runner);
    const idle = pool.idle.pop();
    if (idle && !worker.data.use_static) this.#idlePerJob--;
    const instance = idle ?? this.#create(pool);
    return { instance, release: (reusable) => this.#giveBack(pool, instance, reusable) };
  }

  /** Disposes of the worker's idle instances; busy ones follow when they come back. */
  retire(workerId: bigint): void {
    const pool = this.#pools.get(workerId);
    if (!pool) return;
    this.#pools.delete(workerId);
    if (!pool.worker.data.use_static) this.#idlePerJob -= pool.idle.length;
    for (const instance of pool.idle.splice(0)) this.#dispose(instance);
  }

  /** As {@link retire}, for all workers of a runner: its plugin is gone, or another one. */
  retireRunner(runnerId: bigint): void {
    for (const [workerId, { runner }] of [...this.#pools]) if (runner.id === runnerId) this.retire(workerId);
  }

  /** Disposes of the idle instances of all workers. */
  retireAll(): void {
    for (const id of [...this.#pools.keys()]) this.retire(id);
  }

  /** Disposes of everything idle, and of what still comes back. Resolves when that is done. */
  async close(): Promise<void> {
    this.#closed = true;
    this.retireAll();
    await Promise.all(this.#disposals);
  }

  #poolFor(worker: WorkerRecord, runner: RunnerPlugin): Pool {
    const pool = this.#pools.get(worker.id);
    if (pool && pool.worker === worker && pool.runner === runner) return pool;
    this.retire(worker.id);
    const made: Pool = { worker, runner, idle: [] };
    this.#pools.set(worker.id, made);
    return made;
  }

  #create({ worker, runner }: Pool): PluginInstance {
    const { name } = worker.data;
    const limits = runner.workerLimits?.get(name) ?? runner.limits;
    return this.#executor.instance({
      plugin: runner.plugin,
      grants: runner.grants,
      ...(limits && { limits }),
      settings: worker.data.runner_settings,
      isolation: worker.data.use_static ? 'kept' : 'per-job',
    });
  }

  #giveBack(pool: Pool, instance: PluginInstance, reusable: boolean): void {
    if (!reusable || this.#closed || this.#pools.get(pool.worker.id) !== pool) {
      this.#dispose(instance);
      return;
    }
    pool.idle.push(instance);
    if (pool.worker.data.use_static) return;
    if (++this.#idlePerJob > this.#maxIdle) this.#evict(pool);
  }

  /** Disposes of one idle instance of another worker if there is one, else of this worker. */
  #evict(latest: Pool): void {
    this.#pools.delete(latest.worker.id);
    this.#pools.set(latest.worker.id, latest);
    for (const pool of this.#pools.values()) {
      if (pool.worker.data.use_static) continue;
      const instance = pool.idle.shift();
      if (!instance) continue;
      this.#idlePerJob--;
      this.#dispose(instance);
      return;
    }
  }

  #dispose(instance: PluginInstance): void {
    const done = instance
      .dispose()
      .catch((thrown: unknown) =>
        this.#log({ level: 'error', message: 'disposing of a plugin instance failed', fields: { error: thrown } }),
      )
      .finally(() => this.#disposals.delete(done));
    this.#disposals.add(done);
  }
}
