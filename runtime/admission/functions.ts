/**
 * The contract of functions: runners and workers seen by callers who speak JSON, and named groups of them.
 *
 * A function is a view and keeps nothing; its jobs go through admission like any others. Workers that are out of the
 * caller's reach are not there.
 */
import type { Caller } from '../model/caller.ts';
import type {
  CreateWorkerRequest,
  FunctionCallRequest,
  FunctionSet,
  FunctionSetData,
  FunctionSpecs,
  FunctionUsing,
  JobResult,
} from '../model/messages.gen.ts';
import type { OutputReader } from '../results/results.ts';

/** A worker that was made for a caller. */
export interface MadeWorker {
  readonly id: bigint;
  readonly name: string;
}

/** What a method gave, as JSON. */
export interface JsonOutput {
  readonly json: string;
  /** Why it is no message of the method's schema, where it is none; `json` is then its bytes as a text. */
  readonly problem?: string;
}

/** A call whose job is queued. */
export interface FunctionCall {
  readonly id: bigint;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** The job's result, where it gives one and the worker answers (DIRECT). Never rejects. */
  readonly result?: Promise<JobResult>;
  /** What the job streams, where it does and the worker answers. */
  readonly output?: OutputReader;
  /** A result, or a chunk. */
  toJson(bytes: Uint8Array): JsonOutput;
}

/** Functions, their schemas, and calling them. */
export interface Functions {
  /** All runners, then all workers whose runner is there; made as they are read. */
  list(which: { readonly runners: boolean; readonly workers: boolean }, caller: Caller): Iterable<FunctionSpecs>;
  /** Undefined where it is not there. Throws `field-missing`, `field-invalid`, `function-not-found` (the method). */
  find(which: FunctionUsing, caller: Caller): FunctionSpecs | undefined;
  byRunnerName(name: string): FunctionSpecs | undefined;
  byWorkerName(name: string, caller: Caller): FunctionSpecs | undefined;
  /** Those of the targets that are there, in their order. */
  ofTargets(targets: readonly FunctionUsing[], caller: Caller): FunctionSpecs[];
  /**
   * Queues a job of a worker, or of a temporary worker of a runner; `name___method` names one of several methods.
   * Throws what `Admission.submit` and `Workers.borrow` throw, `runner-not-found`, `unimplemented` for runners of other
   * types, `args-invalid` and `settings-invalid` for JSON that is none or does not fit.
   */
  call(request: FunctionCallRequest, caller: Caller): Promise<FunctionCall>;
  /** Throws as `Workers.create`. */
  createWorker(request: CreateWorkerRequest, caller: Caller): Promise<MadeWorker>;
  /** Throws as `Workers.upsertByName`. */
  upsertWorker(request: CreateWorkerRequest, caller: Caller): Promise<MadeWorker>;
}

/** Named groups of functions. A target need not be there (yet). */
export interface FunctionSets {
  /** Answers the id. Throws `field-missing`, `field-invalid`, `function-set-exists`, `queue-full`. */
  create(data: FunctionSetData): Promise<bigint>;
  /** Throws as {@link create}, and `function-set-not-found`. */
  update(id: bigint, data: FunctionSetData): Promise<void>;
  /** Whether there was one. */
  remove(id: bigint): Promise<boolean>;
  byId(id: bigint): Promise<FunctionSet | undefined>;
  byName(name: string): Promise<FunctionSet | undefined>;
  /** The newest first. Throws `field-invalid` for limits out of range. */
  list(limit: number | undefined, offset: bigint | undefined): Promise<readonly FunctionSet[]>;
  count(): Promise<number>;
}
