/** Workers as the stages share them: a runner with settings and rules, found by id or name. */
import type { WorkerData } from './messages.gen.ts';

/** A worker at one point in time. A change makes a new record, so two records are the same only if `===`. */
export interface WorkerRecord {
  readonly id: bigint;
  readonly data: WorkerData;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Milliseconds since 1970. */
  readonly updatedAt: number;
  /** Made for the jobs of a function's callers: in no list, without a name that finds it, and gone after them. */
  readonly temporary?: true;
}

/** Looks workers up, at once, from memory. */
export interface WorkerDirectory {
  byId(id: bigint): WorkerRecord | undefined;
  byName(name: string): WorkerRecord | undefined;
  /** Calls back after each change or removal of a worker. Listeners must not throw. */
  onChange(listener: (workerId: bigint) => void): void;
}
