/** One call of a plugin's method, and how it ended: what dispatch hands to an executor and gets back. */
import type { ErrorWire } from '../errors.ts';

/** Key/value pairs that travel with a job, both ways. */
export type Metadata = Readonly<Record<string, string>>;

/** The job at hand, as the plugin may see it. */
export interface JobContext {
  readonly jobId: bigint;
  readonly workerName: string;
  /** 1 for the first run, counted up by each retry. */
  readonly attempt: number;
  /** When the job is ended, in milliseconds since 1970. */
  readonly deadline?: number;
  /** Who submitted it, to mark log lines with. */
  readonly caller?: string;
  /** The id of its trace, to mark log lines with. */
  readonly trace?: string;
}

/** What to run. */
export interface MethodCall {
  readonly job: JobContext;
  /** The method's name as the submitter gave it; the plugin sees none where none was given. */
  readonly using?: string;
  /** A message of the method's args schema. */
  readonly args: Uint8Array;
  readonly metadata: Metadata;
}

/** What a call used, where the executor measures it. */
export interface Usage {
  /** Units of computing, comparable between runs of one plugin on any machine. */
  readonly ticks: number;
  /** Milliseconds on a CPU, without waiting. */
  readonly cpuMs: number;
  /** What the instance did, where the job belongs to a trace. */
  readonly phases?: readonly Phase[];
}

/** A part of a call, for traces. */
export interface Phase {
  /** `make` and `load` where no instance was there to be used again; `drop` where it will not be. */
  readonly name: 'make' | 'load' | 'call' | 'reset' | 'drop';
  /** When it began, in milliseconds since 1970, and how long it took. */
  readonly at: number;
  readonly ms: number;
}

/** How a call ended. A failure of the plugin is an outcome; only a failure of the host is thrown. */
export type CallOutcome =
  | { readonly ok: true; readonly output: Uint8Array; readonly metadata: Metadata; readonly usage?: Usage }
  | { readonly ok: false; readonly error: ErrorWire; readonly metadata: Metadata; readonly usage?: Usage };

/** How a stream ended, after its last chunk. */
export type StreamEnd =
  | { readonly ok: true; readonly metadata: Metadata; readonly usage?: Usage }
  | { readonly ok: false; readonly error: ErrorWire; readonly metadata: Metadata; readonly usage?: Usage };
