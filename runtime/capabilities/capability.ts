/**
 * The contract of a capability: what one group of WIT imports offers to an instance.
 *
 * A capability makes its import objects anew for every instance, so that whatever an instance holds can be
 * counted, cancelled and freed with it. Deny by default: a capability that was not granted still offers its
 * functions, and they answer the WASI error that says so. What does not belong here: how instances are run.
 */

import type { BulkheadError } from '../errors.ts';
import type { Grants } from '../model/grant.ts';
import type { Limits } from '../model/limits.ts';

/** The imports of one WIT interface: functions and resource classes, named as jco's glue names them. */
export type ImportObject = Record<string, unknown>;

/** What a capability may use of the instance that it serves. */
export interface InstanceContext {
  /** `free` runs when the instance ends, unless the returned function took it back before. */
  onDispose(free: () => void): () => void;
  /** `end` runs after each job: what belongs to the job and not to the instance is let go there. */
  onJobEnd(end: () => void): void;
  readonly limits: Limits;
  readonly grants: Grants;
  /**
   * Answers the addresses of a host name, in lower case; rejects with codes as `node:dns` has them. Nobody waits any
   * more once the signal is aborted. Unset: as the machine is set up ({@link ./name-resolver.ts}).
   */
  readonly resolver?: (name: string, signal: AbortSignal) => Promise<readonly string[]>;
  /** Ends the instance with this error, from inside of an import. */
  fail(error: BulkheadError): never;
  /**
   * A resource was handed to the plugin (1) or dropped by it (-1). One that carries no state is undone by putting the
   * handle tables back: it counts like any other, but does not stand in the way of that.
   */
  handle(change: 1 | -1, carries?: 'no state'): void;
  /**
   * `keep` runs when the instance's state is kept, and its answer each time that state is put back. For what the host
   * remembers on the instance's behalf beyond a job, and a plugin could notice.
   */
  onCapture(keep: () => () => void): void;
  /** The plugin that it is an instance of: its component's digest. */
  readonly plugin: string;
  /** Takes one line of the instance's output or log. Bounded by the receiver. */
  log(line: LogLine): void;
  /** Tells the operator of something that was not granted. Once for each job and kind; the rest is counted. */
  refused(kind: string, what: string): void;
  /** What the panic hook of the SDK reports just before the trap. */
  panicked(report: PanicReport): void;
  /** The job at hand; undefined outside of one. */
  currentJob(): CurrentJob | undefined;
  /** The feed of the job at hand. */
  takeFeed(maxBytes: number): FeedBatch;
}

/** The job at hand, as plugins may see it. */
export interface CurrentJob {
  readonly jobId: bigint;
  readonly workerName: string;
  readonly attempt: number;
  /** Milliseconds since 1970. */
  readonly deadline?: number;
  readonly cancelAsked: boolean;
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

export interface LogLine {
  readonly level: LogLevel;
  /** `stdout`, `stderr`, or the module path that the plugin gave. */
  readonly target: string;
  readonly message: string;
  readonly fields: readonly { readonly key: string; readonly value: string }[];
}

/** Lines of one plugin instance, marked with the job at hand. */
export interface MarkedLines {
  readonly digest: string;
  readonly jobId: bigint | undefined;
  readonly workerName: string | undefined;
  readonly caller?: string | undefined;
  readonly trace?: string | undefined;
  readonly lines: readonly LogLine[];
  /** Lines left out since the last ones, because the plugin wrote more than it may. */
  readonly dropped: number;
}

/** Lines and columns count from 1; 0 and the empty file mean unknown. */
export interface PanicReport {
  readonly message: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface FeedBatch {
  readonly chunks: readonly Uint8Array[];
  readonly final: boolean;
}

/** One group of imports. */
export interface Capability {
  readonly name: string;
  /** The interfaces it offers, without version: `wasi:io/poll`. */
  readonly interfaces: readonly string[];
  /** Makes the import objects of one instance, by interface. `io` holds the classes all of WASI shares. */
  create(context: InstanceContext, io: Io): Record<string, ImportObject>;
}

/** Something that may be waited for. It never fails: what went wrong is told by the operation after the wait. */
export interface Waitable {
  ready(): boolean;
  /** Calls `wake` whenever it may have become ready; the answer takes `wake` back. */
  listen(wake: () => void): () => void;
  /** Nobody waits for it any more. */
  close?(): void;
}

/**
 * Where an input stream's bytes come from. Ready when `read` has bytes, or the end, to tell. It is closed when the
 * plugin drops the stream; what it holds of the host when the instance ends is its maker's to free.
 */
export interface Source extends Waitable {
  /** Takes up to `most` bytes that are there; none: not yet. Throws {@link StreamEnd}. */
  read(most: number): Uint8Array;
}

/** Where an output stream's bytes go. Ready when `permit` is above 0, or throws. Closed as a {@link Source} is. */
export interface Sink extends Waitable {
  /** How many bytes it takes now; none while a flush is under way. Throws {@link StreamEnd}. */
  permit(): number;
  /** Takes bytes, no more than it permits. They are copied or sent: the caller may use the memory again. */
  write(chunk: Uint8Array): void;
  /** Begins to flush; ready again when all bytes are out. */
  flush(): void;
}

/** Thrown by a source or sink that ended; with a failure, where it did not end well. */
export class StreamEnd extends Error {
  readonly failure: StreamFailure | undefined;

  constructor(failure?: StreamFailure) {
    super(failure?.message ?? 'closed');
    this.failure = failure;
  }
}

export interface StreamFailure {
  readonly message: string;
  /** What the capability that made the stream knows of it: see {@link Io.detailOf}. */
  readonly detail?: unknown;
}

/** The base of every resource class: counted from being handed over to being dropped by the plugin, or given back. */
export interface Resource {
  [Symbol.dispose](): void;
}

/** The stream and poll classes of one instance, shared by its capabilities. See `io.ts`. */
export interface Io {
  readonly imports: Record<string, ImportObject>;
  readonly Resource: new () => Resource;
  /** A pollable that is ready while `what` is. Many may be made of the same. */
  pollable(what: Waitable): object;
  /** An input stream that is at its end. */
  closedInput(): object;
  input(source: Source): object;
  /** An output stream into a sink, or into a function that takes all at once and never waits. */
  output(sink: Sink | ((chunk: Uint8Array) => void)): object;
  /** The `detail` of the failure that this wasi:io error was made for. */
  detailOf(error: object): unknown;
  /**
   * Takes bytes of the host's memory on the instance's account ({@link Limits.bufferBytes}); the answer gives them
   * back. Undefined: it may not have so many.
   */
  reserve(bytes: number): (() => void) | undefined;
}

/** An error of a WIT `result<_, E>`: the glue hands `payload` to the guest. */
export class WitError extends Error {
  readonly payload: unknown;

  constructor(payload: unknown) {
    super(typeof payload === 'string' ? payload : 'WIT error');
    this.payload = payload;
  }
}
