/** The executor for WebAssembly components: worker threads, each with many instances. */
import { readFile, stat } from 'node:fs/promises';
import { BulkheadError } from '../../errors.ts';
import { addCounts, type ExecutorFigures, noInstances } from '../../model/figures.ts';
import type { Limits } from '../../model/limits.ts';
import type { AdmitOptions, AdmittedPlugin, Executor, InstanceSpec, PluginInstance } from '../executor.ts';
import { Compiler } from './compiler.ts';
import { WasmInstance } from './instance.ts';
import { Kinds } from './kinds.ts';
import { Lane, type LaneEvents } from './lane.ts';
import type { PluginCode, ThreadFigures } from './messages.ts';

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

/** The code of a plugin, and who needs it. */
interface HeldCode {
  readonly code: PluginCode;
  /** As the plugin calls itself. */
  readonly name: string;
  /** Admitted files with that content. */
  admissions: number;
  instances: number;
}

export class WasmExecutor implements Executor {
  readonly #options: WasmExecutorOptions;
  readonly #compiler: Compiler;
  /** By digest. */
  readonly #codes = new Map<string, HeldCode>();
  readonly #lanes: Lane[] = [];
  readonly #kinds = new Kinds();
  #lastId = 0;

  constructor(options: WasmExecutorOptions) {
    this.#options = options;
    this.#compiler = new Compiler(options.cacheFolder, options.limits);
  }

  async admit(path: string, { cache = true }: AdmitOptions = {}): Promise<AdmittedPlugin> {
    const { facts, code } = await this.#compiler.compile(await this.#read(path), cache);
    const lane = new Lane(this.#options);
    try {
      await lane.addPlugin(code);
      const runner = await this.#describe(lane, code.digest);
      this.#hold(code, runner.name);
      const obstacles = [...code.modules.values()].flatMap(({ report }) => report.obstacles);
      return { digest: code.digest, path, facets: facts.facets, imports: facts.imports, runner, obstacles };
    } finally {
      await lane.close();
    }
  }

  /** The name that an admitted plugin gave itself. */
  nameOf(digest: string): string | undefined {
    return this.#codes.get(digest)?.name;
  }

  dismiss({ digest }: AdmittedPlugin): void {
    const held = this.#codes.get(digest);
    if (!held) return;
    held.admissions--;
    this.#letGo(held);
  }

  instance(spec: InstanceSpec): PluginInstance {
    const held = this.#codes.get(spec.plugin.digest);
    if (!held?.admissions)
      throw new BulkheadError('internal', `the plugin ${spec.plugin.path} is not admitted by this executor`);
    const { code } = held;
    held.instances++;
    const { settings, grants, limits = this.#options.limits } = spec;
    const kind = this.#kinds.join({ digest: code.digest, settings, grants, limits });
    return new WasmInstance(spec, code, {
      kind,
      lane: (isolation) => this.#lane(isolation),
      nextId: () => ++this.#lastId,
      release: () => {
        if (this.#kinds.leave(kind) === 0) for (const lane of this.#lanes) lane.removeKind(kind.number);
        held.instances--;
        this.#letGo(held);
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

  #hold(code: PluginCode, name: string): void {
    const held = this.#codes.get(code.digest);
    if (held) held.admissions++;
    else this.#codes.set(code.digest, { code, name, admissions: 1, instances: 0 });
  }

  /** Frees code that nobody needs any more, here and in the threads. */
  #letGo({ code, admissions, instances }: HeldCode): void {
    if (admissions > 0 || instances > 0) return;
    this.#codes.delete(code.digest);
    for (const lane of this.#lanes) lane.removePlugin(code.digest);
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
    } catch (thrown) {
      const error = BulkheadError.from(thrown);
      if (error.code !== 'thread-lost') throw error;
      throw new BulkheadError('plugin-refused', 'it stopped the thread in which it was examined', { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  /** The thread with the fewest calls under way, or kept instances; a new one rather than a shared one. */
  #lane(isolation: InstanceSpec['isolation']): Lane {
    const load = (lane: Lane) => (isolation === 'kept' ? lane.kept : lane.calls);
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
