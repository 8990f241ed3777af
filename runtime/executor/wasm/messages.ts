/**
 * The protocol between the runtime's thread and a plugin thread.
 *
 * A thread is one piscina task that lasts as long as it does; requests and answers go over a port of its own, in
 * batches. Several requests are under way at once, because an instance that waits is suspended (JSPI) and holds up
 * nobody. Plugin failures are answers; an error is a host defect.
 */

import type { MarkedLines } from '../../capabilities/capability.ts';
import type { ErrorWire } from '../../errors.ts';
import type { CallOutcome, JobContext, Metadata, Usage } from '../../model/call.ts';
import type { InstanceCounts, LoopDelay } from '../../model/figures.ts';
import type { Grants } from '../../model/grant.ts';
import type { Limits } from '../../model/limits.ts';
import type { RunnerDescription } from '../../model/method.ts';

/** What a thread is started with. */
export interface ThreadData {
  /** See {@link pulseCells}. */
  readonly pulse: Int32Array<SharedArrayBuffer>;
  readonly ledger: SharedArrayBuffer;
}

/** The cells by which two threads know of each other without messages; each only ever counts up. */
export const pulseCells = {
  /** Raised by the runtime's thread when a cancel is on its way, so that the plugin thread looks at its messages. */
  knocks: 0,
  /** Raised by the plugin thread for as long as its event loop turns, and with each message. */
  beats: 1,
} as const;

/** How often a plugin thread beats, in milliseconds. */
export const beatEvery = 250;

/** What a thread has to know of a rewritten core module to cap and reset it. From the meter's own report. */
export interface ModuleReport {
  /** Pages that its own memories begin with. */
  readonly memories: readonly number[];
  /** Elements that each of its own tables begins with. */
  readonly tables: readonly number[];
  /** It can write tables, its own or another module's. */
  readonly writesTables: boolean;
  /** Why putting back memories, mutable globals and tables would not undo all that it can do. */
  readonly obstacles: readonly string[];
}

/** A rewritten core module. */
export interface CoreModule {
  readonly module: WebAssembly.Module;
  readonly report: ModuleReport;
}

/** The code of one plugin. Sent once to each thread that serves it; modules are shared, not copied. */
export interface PluginCode {
  readonly digest: string;
  readonly glue: string;
  readonly modules: ReadonlyMap<string, CoreModule>;
}

/** What makes instances alike. Told to each thread once, so that it does not travel with every job. */
export interface InstanceKind {
  readonly number: number;
  readonly digest: string;
  readonly settings: Uint8Array;
  readonly limits: Limits;
  readonly grants: Grants;
}

/** Which instance to use. */
export interface InstanceRef {
  /** Unique in the thread; the same number is the same instance. */
  readonly id: number;
  /** The number of its kind. */
  readonly kind: number;
  /**
   * True: the instance is kept under its id. False: it is taken for one call from those of its kind that wait in the
   * state after `load()`.
   */
  readonly isKept: boolean;
}

export interface CallMessage {
  readonly job: JobContext;
  readonly using?: string;
  readonly args: Uint8Array;
  readonly metadata: Metadata;
}

export type ThreadRequest =
  | { readonly op: 'add-plugin'; readonly code: PluginCode }
  | { readonly op: 'remove-plugin'; readonly digest: string }
  | { readonly op: 'add-kind'; readonly kind: InstanceKind }
  | { readonly op: 'remove-kind'; readonly kind: number }
  | { readonly op: 'describe'; readonly digest: string; readonly deadline: number; readonly limits: Limits }
  | { readonly op: 'load'; readonly instance: InstanceRef }
  | { readonly op: 'run'; readonly instance: InstanceRef; readonly call: CallMessage }
  | { readonly op: 'begin-stream'; readonly instance: InstanceRef; readonly call: CallMessage; readonly feed: boolean }
  | { readonly op: 'receive-stream'; readonly id: number }
  | { readonly op: 'feed'; readonly id: number; readonly chunk: Uint8Array; readonly final: boolean }
  | { readonly op: 'cancel'; readonly id: number; readonly reason: ErrorWire }
  | { readonly op: 'drop'; readonly id: number }
  | { readonly op: 'figures' }
  | { readonly op: 'flush' };

/** A step that gives nothing but may fail. */
export type StepOutcome = { readonly ok: true } | { readonly ok: false; readonly error: ErrorWire };

/** `obstacles`: why the state after `load()` cannot be put back; empty where it can. */
export type LoadOutcome =
  | { readonly ok: true; readonly obstacles: readonly string[] }
  | { readonly ok: false; readonly error: ErrorWire };

/** How a stream ended, and what it used. */
export type StreamEndStep = StepOutcome & { readonly usage?: Usage };

/**
 * One step of a stream: the chunks that are there, in order. It is over when it is not ok, or says what it used; then
 * the chunks are the last.
 */
export type StreamStep = StreamEndStep & { readonly chunks: readonly Uint8Array[] };

export type DescribeOutcome =
  | { readonly ok: true; readonly runner: RunnerDescription }
  | { readonly ok: false; readonly error: ErrorWire };

/** What lives in a thread, and what happened there since it began. */
export interface ThreadFigures {
  /** Instances that serve a job. */
  readonly busy: number;
  /** Kept instances that wait for their worker's next job. */
  readonly kept: number;
  /** Instances in the state after `load()` that wait for any job of their kind. */
  readonly idle: number;
  /** Memories and tables of all instances. */
  readonly memoryBytes: number;
  readonly counts: InstanceCounts;
  readonly loopDelay: LoopDelay;
}

/** The answer to each request. */
export interface ThreadAnswers {
  'add-plugin': undefined;
  'remove-plugin': undefined;
  'add-kind': undefined;
  'remove-kind': undefined;
  describe: DescribeOutcome;
  load: LoadOutcome;
  run: CallOutcome;
  'begin-stream': StepOutcome;
  'receive-stream': StreamStep;
  feed: StepOutcome;
  cancel: undefined;
  drop: undefined;
  figures: ThreadFigures;
  flush: undefined;
}

export type ThreadOp = ThreadRequest['op'];
export type RequestOf<Op extends ThreadOp> = Extract<ThreadRequest, { op: Op }>;

/** A request under its number. */
export type RequestMessage = readonly [id: number, request: ThreadRequest];
/** The answer to the request of that number, or, as a third part, what was thrown instead. */
export type ThreadAnswer =
  | readonly [id: number, answer: ThreadAnswers[ThreadOp]]
  | readonly [id: number, nothing: undefined, error: unknown];

/** Says that every line so far was sent: lines and answers come by different ports, in no order between them. */
export interface FlushedMessage {
  readonly kind: 'flushed';
}

/** Lines that plugins wrote; sent by a thread on its own account. */
export interface LogMessage extends MarkedLines {
  readonly kind: 'log';
}
