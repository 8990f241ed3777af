/**
 * The protocol between the runtime's thread and a plugin thread: what piscina carries, both ways.
 *
 * Each request is one piscina task; several are under way in a thread at once, because an instance that waits
 * is suspended (JSPI) and holds up nobody. Plugin failures are answers; a task that throws is a host defect.
 */

import type { LogLine } from '../../capabilities/capability.ts';
import type { ErrorWire } from '../../errors.ts';
import type { CallOutcome, JobContext, Metadata } from '../../model/call.ts';
import type { RunnerDescription } from '../../model/method.ts';

/** The code of one plugin. Sent once to each thread that serves it; modules are shared, not copied. */
export interface PluginCode {
  readonly digest: string;
  readonly glue: string;
  readonly modules: ReadonlyMap<string, WebAssembly.Module>;
}

/** Which instance to use. */
export interface InstanceRef {
  /** Unique in the thread; the same number is the same instance. */
  readonly id: number;
  readonly digest: string;
  readonly settings: Uint8Array;
  /** False: the instance is made for this call and thrown away after it. */
  readonly keep: boolean;
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
  | { readonly op: 'describe'; readonly digest: string; readonly deadline: number }
  | { readonly op: 'load'; readonly instance: InstanceRef }
  | { readonly op: 'run'; readonly instance: InstanceRef; readonly call: CallMessage }
  | { readonly op: 'begin-stream'; readonly instance: InstanceRef; readonly call: CallMessage; readonly feed: boolean }
  | { readonly op: 'receive-stream'; readonly id: number }
  | { readonly op: 'feed'; readonly id: number; readonly chunk: Uint8Array; readonly final: boolean }
  | { readonly op: 'cancel'; readonly id: number; readonly reason: ErrorWire }
  | { readonly op: 'drop'; readonly id: number };

/** A step that gives nothing but may fail. */
export type StepOutcome = { readonly ok: true } | { readonly ok: false; readonly error: ErrorWire };

/** One step of a stream. After `chunk` undefined, or not ok, the stream is over. */
export type StreamStep =
  | { readonly ok: true; readonly chunk: Uint8Array | undefined }
  | { readonly ok: false; readonly error: ErrorWire };

export type DescribeOutcome =
  | { readonly ok: true; readonly runner: RunnerDescription }
  | { readonly ok: false; readonly error: ErrorWire };

/** The answer to each request. */
export interface ThreadAnswers {
  'add-plugin': undefined;
  'remove-plugin': undefined;
  describe: DescribeOutcome;
  load: StepOutcome;
  run: CallOutcome;
  'begin-stream': StepOutcome;
  'receive-stream': StreamStep;
  feed: StepOutcome;
  cancel: undefined;
  drop: undefined;
}

export type ThreadOp = ThreadRequest['op'];
export type RequestOf<Op extends ThreadOp> = Extract<ThreadRequest, { op: Op }>;

/** Lines that plugins wrote; sent by a thread on its own account. */
export interface LogMessage {
  readonly kind: 'log';
  readonly digest: string;
  readonly jobId: bigint | undefined;
  readonly workerName: string | undefined;
  readonly lines: readonly LogLine[];
  /** Lines left out since the last message, because the plugin wrote more than it may. */
  readonly dropped: number;
}
