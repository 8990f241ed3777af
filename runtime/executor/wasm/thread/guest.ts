/**
 * One live instance of a plugin in this thread: its exports, its imports, its end.
 *
 * It is called by one call at a time. Whatever goes wrong in a call but an error that the plugin returned
 * leaves the instance `lost`: its memory may be in any state, so it is never called again.
 */
import { createImports } from '../../../capabilities/all.ts';
import type { CurrentJob, FeedBatch, InstanceContext, PanicReport } from '../../../capabilities/capability.ts';
import { BulkheadError, overLimit } from '../../../errors.ts';
import type { JobContext, Usage } from '../../../model/call.ts';
import type { Grants } from '../../../model/grant.ts';
import type { Limits } from '../../../model/limits.ts';
import { Boundary } from './boundary.ts';
import { type LoadedPlugin, pluginOf, type RunnerExports } from './code.ts';
import { Cores } from './cores.ts';
import { fatalError, guestFailureOf, textOf } from './failure.ts';
import { FeedBuffer } from './feed-buffer.ts';
import { GuestLog, type SendLog } from './guest-log.ts';
import { Handles } from './handles.ts';
import { hostCallTools } from './host-calls.ts';
import { Lift } from './lift.ts';
import { Meter } from './meter.ts';

/** How long start functions may take, in milliseconds. */
const instantiateDeadline = 10_000;

/** What an instance is made of. */
export interface GuestSpec {
  readonly digest: string;
  readonly limits: Limits;
  readonly grants: Grants;
  /** For tests: answers host names instead of the system's resolver. */
  readonly resolver?: InstanceContext['resolver'];
}

function overTransfer({ transferBytes }: Limits): BulkheadError {
  return overLimit('limit-transfer', 'transferBytes', transferBytes, 'the plugin handed over too much at once');
}

export class Guest {
  readonly #exports: RunnerExports;
  readonly #boundary = new Boundary();
  readonly #limits: Limits;
  readonly #grants: Grants;
  readonly #resolver: InstanceContext['resolver'];
  readonly #meter: Meter;
  readonly #lift: Lift;
  readonly #cores: Cores;
  readonly #plugin: LoadedPlugin;
  readonly #jobEnds: (() => void)[] = [];
  readonly #handles = new Handles();
  /** What keeps the host's part of the state; and puts it back, once it was kept. */
  readonly #captures: (() => () => void)[] = [() => this.#handles.keep()];
  #putBacks: readonly (() => void)[] | undefined;
  readonly #frees = new Set<() => void>();
  readonly #log: GuestLog;
  #panic: PanicReport | undefined;
  #job: JobContext | undefined;
  #feed: FeedBuffer | undefined;
  #lost = false;

  /** Instantiates the plugin. Throws a BulkheadError if its start function traps. */
  constructor({ digest, limits, grants, resolver }: GuestSpec, sendLog: SendLog) {
    this.#grants = grants;
    this.#resolver = resolver;
    this.#limits = limits;
    this.#log = new GuestLog(sendLog, limits);
    const plugin = pluginOf(digest);
    this.#plugin = plugin;
    this.#meter = new Meter(this.#boundary, limits);
    this.#lift = new Lift(limits.transferBytes, () => this.#boundary.end(overTransfer(limits)));
    this.#meter.onRefill = this.#lift.fill;
    this.#cores = new Cores(this.#meter, plugin.reports);
    this.#boundary.waits = this.#meter;
    const imports = createImports(this.#context(digest));
    try {
      this.#meter.begin(Date.now() + instantiateDeadline);
      this.#exports = this.#metered(() =>
        this.#boundary.guard(() =>
          plugin.instantiate(imports, this.#cores.instantiate, {
            ...this.#lift.tools(),
            ...hostCallTools(this.#boundary),
            ...this.#handles.tools,
          }),
        ),
      );
    } catch (error) {
      throw this.#lose(error);
    }
  }

  get limits(): Limits {
    return this.#limits;
  }

  /** Bytes of the instance's memories and tables. */
  get memoryBytes(): number {
    return this.#meter.bytes;
  }

  /** Resource handles that the plugin holds. */
  get handles(): number {
    return this.#handles.count;
  }

  /** What the job at hand used so far. */
  get usage(): Usage {
    return this.#meter.usage();
  }

  /** Why the state at hand, that after `load()`, could not be put back later; empty where it could. */
  get obstacles(): readonly string[] {
    const open = this.#handles.obstacles;
    if (open === 0) return this.#plugin.obstacles;
    return [...this.#plugin.obstacles, `load() leaves ${open} handle${open === 1 ? '' : 's'} of the host open`];
  }

  /** Keeps the state at hand for {@link reset}, where there are no {@link obstacles}. */
  capture(): void {
    if (this.obstacles.length > 0) return;
    this.#cores.capture();
    this.#putBacks = this.#captures.map((keep) => keep());
  }

  /** Puts the captured state back. False: the instance holds what cannot be put back, and must be thrown away. */
  reset(): boolean {
    if (!this.#putBacks || this.lost || this.#handles.obstacles > 0) return false;
    this.#panic = undefined;
    this.#log.reset();
    for (const putBack of this.#putBacks) putBack();
    return this.#cores.reset();
  }

  /** The instance must not be called again. */
  get lost(): boolean {
    return this.#lost || this.#boundary.ended !== undefined;
  }

  /** The feed of the job at hand. */
  get feed(): FeedBuffer | undefined {
    return this.#feed;
  }

  /** Sets the job that `call`s belong to; undefined ends it, and its feed with it. */
  setJob(job: JobContext | undefined, withFeed = false): void {
    if (this.#job) for (const end of this.#jobEnds) end();
    this.#log.setJob(job);
    this.#job = job;
    this.#meter.begin(job?.deadline);
    this.#feed?.close();
    this.#feed = withFeed ? new FeedBuffer(this.#limits.feedChunks) : undefined;
  }

  /**
   * Calls an export. Throws a BulkheadError: `plugin-failed` for an error that the plugin returned (the instance
   * stays good), anything else when the instance is lost.
   */
  async call<T>(use: (exports: RunnerExports) => Promise<T>): Promise<T> {
    if (this.lost) throw new BulkheadError('internal', 'a lost instance was called');
    try {
      this.#lift.fill();
      this.#meter.resume();
      const answer = await use(this.#exports);
      // Ended, and yet it answered: it caught the end, or was just done. Either way nobody waits for it.
      if (this.#boundary.ended) throw this.#boundary.ended;
      return answer;
    } catch (error) {
      const failure = guestFailureOf(error);
      if (failure && !this.lost) throw new BulkheadError('plugin-failed', textOf(failure));
      throw this.#lose(error);
    } finally {
      this.#meter.pause();
    }
  }

  /** Ends the call under way, if there is one, with this error. The instance is lost. */
  end(reason: BulkheadError): void {
    this.#boundary.end(reason);
  }

  /** Frees what the instance holds; a call under way is ended. */
  dispose(): void {
    this.#lost = true;
    this.#boundary.end(new BulkheadError('cancelled', 'the instance was disposed'));
    this.setJob(undefined);
    for (const free of this.#frees) free();
    this.#frees.clear();
  }

  #count(change: 1 | -1, carries?: 'no state'): void {
    const { handles } = this.#limits;
    this.#handles.change(change, carries);
    const { count } = this.#handles;
    if (count <= handles) return;
    throw this.#boundary.end(
      overLimit('limit-handles', 'handles', handles, `the plugin holds ${count} resource handles`),
    );
  }

  #metered<T>(use: () => T): T {
    this.#meter.resume();
    try {
      return use();
    } finally {
      this.#meter.pause();
    }
  }

  #lose(thrown: unknown): BulkheadError {
    this.#lost = true;
    // A guest that catches everything may turn the host's end of it into a trap of its own.
    const error = fatalError(this.#boundary.ended ?? thrown, this.#panic, this.#log.stderr);
    const { memoryBytes } = this.#limits;
    if (error.code !== 'plugin-trapped' || !this.#meter.refusedGrowth) return error;
    return overLimit(
      'limit-memory',
      'memoryBytes',
      memoryBytes,
      `the plugin asked for more memory and gave up (${error.message})`,
    );
  }

  #context(plugin: string): InstanceContext {
    return {
      plugin,
      onDispose: (free) => {
        this.#frees.add(free);
        return () => this.#frees.delete(free);
      },
      onJobEnd: (end) => this.#jobEnds.push(end),
      limits: this.#limits,
      grants: this.#grants,
      ...(this.#resolver && { resolver: this.#resolver }),
      refused: (kind, what) => this.#log.refused(kind, what),
      fail: (error) => {
        throw this.#boundary.end(error);
      },
      handle: (change, carries) => this.#count(change, carries),
      onCapture: (keep) => this.#captures.push(keep),
      log: (line) => {
        this.#lift.fill();
        this.#log.write(line);
      },
      panicked: (report) => {
        this.#panic = report;
      },
      currentJob: (): CurrentJob | undefined =>
        this.#job && { ...this.#job, cancelAsked: this.#boundary.ended !== undefined },
      takeFeed: (maxBytes): FeedBatch => this.#feed?.take(maxBytes) ?? { chunks: [], final: true },
    };
  }
}
