/**
 * One live instance of a plugin in this thread: its exports, its imports, its end.
 *
 * It is called by one call at a time. Whatever goes wrong in a call but an error that the plugin returned
 * leaves the instance `lost`: its memory may be in any state, so it is never called again.
 */
import { createImports } from '../../../capabilities/all.ts';
import type { CurrentJob, FeedBatch, InstanceContext, LogLine, PanicReport } from '../../../capabilities/capability.ts';
import { BulkheadError } from '../../../errors.ts';
import type { JobContext } from '../../../model/call.ts';
import { Boundary } from './boundary.ts';
import { pluginOf, type RunnerExports } from './code.ts';
import { fatalError, guestFailureOf, textOf } from './failure.ts';
import { FeedBuffer } from './feed-buffer.ts';
import { LogGate } from './log-gate.ts';

/** How many of the last lines on stderr an error quotes. */
const quotedLines = 5;

/** Hands log lines to the runtime's thread. */
export type SendLog = (lines: readonly LogLine[], job: JobContext | undefined, dropped: number) => void;

export class Guest {
  readonly #exports: RunnerExports;
  readonly #boundary = new Boundary();
  readonly #frees = new Set<() => void>();
  readonly #gate = new LogGate();
  readonly #sendLog: SendLog;
  readonly #stderr: string[] = [];
  #panic: PanicReport | undefined;
  #job: JobContext | undefined;
  #feed: FeedBuffer | undefined;
  #lost = false;

  /** Instantiates the plugin. Throws a BulkheadError if its start function traps. */
  constructor(digest: string, sendLog: SendLog) {
    this.#sendLog = sendLog;
    const instantiate = pluginOf(digest);
    const imports = createImports(this.#context());
    try {
      this.#exports = this.#boundary.guard(() => instantiate(imports));
    } catch (error) {
      throw this.#lose(error);
    }
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
    this.#job = job;
    this.#feed?.close();
    this.#feed = withFeed ? new FeedBuffer() : undefined;
  }

  /**
   * Calls an export. Throws a BulkheadError: `plugin-failed` for an error that the plugin returned (the instance
   * stays good), anything else when the instance is lost.
   */
  async call<T>(use: (exports: RunnerExports) => Promise<T>): Promise<T> {
    if (this.lost) throw new BulkheadError('internal', 'a lost instance was called');
    try {
      return await use(this.#exports);
    } catch (error) {
      const failure = guestFailureOf(error);
      if (failure && !this.lost) throw new BulkheadError('plugin-failed', textOf(failure));
      throw this.#lose(error);
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

  #lose(thrown: unknown): BulkheadError {
    this.#lost = true;
    return fatalError(thrown, this.#panic, this.#stderr);
  }

  #context(): InstanceContext {
    return {
      onDispose: (free) => {
        this.#frees.add(free);
        return () => this.#frees.delete(free);
      },
      log: (line) => this.#log(line),
      panicked: (report) => {
        this.#panic = report;
      },
      currentJob: (): CurrentJob | undefined =>
        this.#job && { ...this.#job, cancelAsked: this.#boundary.ended !== undefined },
      takeFeed: (maxBytes): FeedBatch => this.#feed?.take(maxBytes) ?? { chunks: [], final: true },
    };
  }

  #log(line: LogLine): void {
    if (line.target === 'stderr') {
      this.#stderr.push(line.message);
      if (this.#stderr.length > quotedLines) this.#stderr.shift();
    }
    if (this.#gate.admit(line, Date.now())) this.#sendLog([line], this.#job, this.#gate.takeDropped());
  }
}
