/**
 * The contract of an executor: it turns a plugin file into instances that run calls.
 *
 * Variants: `wasm/` (components in worker threads), later `process/` (go-plugin children).
 * What does not belong here: queues, retries, who may call, where results go.
 */
import type { CallOutcome, MethodCall, StreamEnd } from '../model/call.ts';
import type { ExecutorFigures } from '../model/figures.ts';
import type { Grants } from '../model/grant.ts';
import type { Limits } from '../model/limits.ts';
import type { RunnerDescription } from '../model/method.ts';

/** A plugin file that was examined and found fit to serve. Made by {@link Executor.admit}. */
export interface AdmittedPlugin {
  /** Digest of the file's content, hex. The same content is the same plugin. */
  readonly digest: string;
  /** The file it came from. */
  readonly path: string;
  /** Names of the world's interfaces that it exports, without package and version (`runner`, …). */
  readonly facets: readonly string[];
  /** The interfaces that it imports, with package and version, sorted. */
  readonly imports: readonly string[];
  readonly runner: RunnerDescription;
  /** Why its state cannot be put back between jobs, so that each gets a new instance; empty where it can. */
  readonly obstacles?: readonly string[];
}

/** What an instance is to be. */
export interface InstanceSpec {
  readonly plugin: AdmittedPlugin;
  /** The worker's settings: a message of the runner's settings schema. */
  readonly settings: Uint8Array;
  /** What the instance may reach of the host. */
  readonly grants: Grants;
  /** What it may use; the executor's own limits where it is left out. */
  readonly limits?: Limits;
  /**
   * `per-job`: every call sees exactly the state after `load()`. `kept`: one instance serves call after
   * call and keeps its state (`use_static`); it is made anew after a trap or a cancelled call.
   */
  readonly isolation: 'per-job' | 'kept';
}

/** The output of a streaming call. */
export interface OutputStream extends AsyncIterable<Uint8Array> {
  /** Settles when the plugin has begun (and takes a feed, if its method reads one), true, or will not, false. */
  readonly begun: Promise<boolean>;
  /** Settles after the last chunk. Never rejects for a plugin's failure. */
  readonly end: Promise<StreamEnd>;
}

/** How to stop a call from outside. */
export interface CallOptions {
  /** Aborting it ends the call with the code `cancelled`, or the BulkheadError given as its reason. */
  readonly signal?: AbortSignal;
}

/**
 * One instance of a plugin, loaded with a worker's settings. It runs one call at a time (a second
 * one throws `internal`): who holds it decides on concurrency by holding several.
 */
export interface PluginInstance {
  /** After {@link load}: why each job gets a new instance instead of one whose state was put back; empty where not. */
  readonly obstacles?: readonly string[];
  /** Instantiates and calls the plugin's `load()` now instead of with the first call. Throws `load-failed`. */
  load(): Promise<void>;
  run(call: MethodCall, options?: CallOptions): Promise<CallOutcome>;
  /** Chunks are produced as they are read, a few ahead. Stop reading early (`return()`) and the call is cancelled. */
  stream(call: MethodCall, options?: CallOptions): OutputStream;
  /**
   * Feeds the streaming call at hand. Resolves when the chunk has its place in the feed buffer.
   * Throws `field-invalid` where no such call takes a feed.
   */
  feed(chunk: Uint8Array, isFinal: boolean): Promise<void>;
  /** Ends a call under way and frees what the instance holds. The instance takes no call after it. */
  dispose(): Promise<void>;
}

/** How a file is examined. */
export interface AdmitOptions {
  /** Whether what is made of the file may be kept on disk for the next start. Default: true. */
  readonly cache?: boolean;
}

/** Makes instances. */
export interface Executor {
  /**
   * Examines a plugin file and asks the plugin, in its sandbox, what it is.
   * Throws `plugin-refused` with one line that names what is wrong. Each plugin that it answers is held until it
   * is dismissed.
   */
  admit(path: string, options?: AdmitOptions): Promise<AdmittedPlugin>;
  /** The plugin gets no new instances. Its code is freed when the last one that it has is disposed of. */
  dismiss(plugin: AdmittedPlugin): void;
  /** Prepares an instance; cheap, nothing is instantiated before the first call or `load()`. */
  instance(spec: InstanceSpec): PluginInstance;
  /** What lives and what happened; resolves within a second, however busy the plugins are. */
  figures?(): Promise<ExecutorFigures>;
  /** Ends all instances and threads. */
  close(): Promise<void>;
}
