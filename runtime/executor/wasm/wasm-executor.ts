/** The executor for WebAssembly components: worker threads, each with many instances. */
import { readFile, stat } from 'node:fs/promises';
import { BulkheadError } from '../../errors.ts';
import { addCounts, type ExecutorFigures, noInstances } from '../../model/figures.ts';
import type { Limits } from '../../model/limits.ts';
import type { AdmittedPlugin, Executor, InstanceSpec, PluginInstance } from '../executor.ts';
import { Compiler } from './compiler.ts';
import { WasmInstance } from './instance.ts';
import { Lane, type LaneEvents } from './lane.ts';
import type { PluginCode, ThreadFigures } from './messages.ts';
import { PoolNumbers } from './pool-numbers.ts';

/** The largest component file that is read, in bytes. */
const largestComponent = 256 * 1024 * 1024;
/** How long a plugin may take to describe itself, in milliseconds. */
const describeDeadline = 10_000;

export interface WasmExecutorOptions extends LaneEvents {
  /** Threads that run plugins. */
  readonly threads: number;
  /** Folder of the cache of transpiled components. */
  readonly cacheFolder: string;
  /** Caps of every instance. */
  readonly limits: Limits;
}

export class WasmExecutor implements Executor {
  readonly #options: WasmExecutorOptions;
  readonly #compiler: Compiler;
  readonly #codes = new Map<string, PluginCode>();
  readonly #names = new Map<string, string>();
  readonly #lanes: Lane[] = [];
  readonly #pools = new PoolNumbers();
  #lastId = 0;

  constructor(options: WasmExecutorOptions) {
    this.#options = options;
    this.#compiler = new Compiler(options.cacheFolder, options.limits);
  }

  async admit(path: string): Promise<AdmittedPlugin> {
    const { facts, code } = await this.#compiler.compile(await this.#read(path));
    const lane = new Lane(this.#options);
    try {
      await lane.addPlugin(code);
      const runner = await this.#describe(lane, code.digest);
      this.#codes.set(code.digest, code);
      this.#names.set(code.digest, runner.name);
      const obstacles = [...code.modules.values()].flatMap(({ report }) => report.obstacles);
      return { digest: code.digest, path, facets: facts.facets, imports: facts.imports, runner, obstacles };
    } finally {
      await lane.close();
    }
  }

  /** The name that an admitted plugin gave itself. */
  nameOf(digest: string): string | undefined {
    return this.#names.get(digest);
  }

  instance(spec: InstanceSpec): PluginInstance {
    const code = this.#codes.get(spec.plugin.digest);
    if (!code) throw new BulkheadError('internal', `the plugin ${spec.plugin.path} was not admitted by this executor`);
    const { grants, limits = this.#options.limits } = spec;
    const pool =
      spec.isolation === 'kept' ? undefined : this.#pools.join(code.digest, spec.settings, { grants, limits });
    return new WasmInstance(spec, code, {
      pool,
      limits,
      lane: (isolation) => this.#lane(isolation),
      nextId: () => ++this.#lastId,
      release: () => {
        if (pool === undefined || this.#pools.leave(pool) > 0) return;
        for (const lane of this.#lanes) lane.dropPool(pool);
      },
    });
  }

  async figures(): Promise<ExecutorFigures> {
    const lanes = await Promise.all(this.#lanes.map((lane) => lane.figures()));
    const sum = (of: (figures: ThreadFigures) => number) =>
      lanes.reduce((total, { figures }) => total + (figures ? of(figures) : 0), 0);
    const silent = lanes.filter(({ isSilent }) => isSilent).length;
    return {
      instances: { busy: sum(({ busy }) => busy), kept: sum(({ kept }) => kept), idle: sum(({ idle }) => idle) },
      memoryBytes: sum(({ memoryBytes }) => memoryBytes),
      counts: lanes.reduce((total, { counts }) => addCounts(total, counts), noInstances),
      threads: { answering: lanes.length - silent, silent },
      threadsLost: this.#lanes.reduce((total, { lost }) => total + lost, 0),
      loopDelays: lanes.map(({ figures }) => figures?.loopDelay ?? { p50: 0, p99: 0, max: 0 }),
    };
  }

  async close(): Promise<void> {
    await Promise.all([this.#compiler.close(), ...this.#lanes.map((lane) => lane.close())]);
  }

  async #read(path: string): Promise<Uint8Array> {
    const { size } = await stat(path);
    if (size > largestComponent) {
      throw new BulkheadError('plugin-refused', `the file has ${size} bytes; at most ${largestComponent} are read`);
    }
    return readFile(path);
  }

  /** Asks the plugin what it is, in a thread that is ended where the plugin does not answer. */
  async #describe(lane: Lane, digest: string) {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(new BulkheadError('plugin-refused', `it did not describe itself within ${describeDeadline} ms`));
    }, describeDeadline + 500);
    try {
      const outcome = await Promise.race([
        lane.request({ op: 'describe', digest, deadline: describeDeadline, limits: this.#options.limits }),
        late.promise,
      ]);
      if (!outcome.ok) throw BulkheadError.fromWire(outcome.error);
      return outcome.runner;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The thread with the fewest calls under way, or kept instances; a new one rather than a shared one. */
  #lane(isolation: InstanceSpec['isolation']): Lane {
    const load = (lane: Lane) => (isolation === 'kept' ? lane.kept : lane.pending);
    const best = this.#lanes.reduce<Lane | undefined>(
      (least, lane) => (!least || load(lane) < load(least) ? lane : least),
      undefined,
    );
    if (best && (load(best) === 0 || this.#lanes.length >= this.#options.threads)) return best;
    const lane = new Lane(this.#options);
    this.#lanes.push(lane);
    return lane;
  }
}
