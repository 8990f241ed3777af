/**
 * Jobs that wait in a channel: by priority, and within one the workers in turn, so that a worker with ten
 * thousand jobs does not hold up the one job of another.
 */
import { Line, type Place } from './line.ts';

/** What a line needs to know of a job. */
export interface Ranked {
  /** 1 is before 0 is before -1. */
  readonly priority: number;
  readonly workerId: bigint;
}

interface WorkerLine<T> {
  readonly id: bigint;
  readonly jobs: Line<T>;
}

/** One priority. */
interface Level<T> {
  readonly workers: Map<bigint, WorkerLine<T>>;
  /** The workers that have jobs, in turn. */
  readonly turns: Line<WorkerLine<T>>;
  readonly turnOf: Map<bigint, Place<WorkerLine<T>>>;
}

/** Where a value waits, to take it out again. */
export interface FairPlace<T> {
  readonly level: Level<T>;
  readonly worker: WorkerLine<T>;
  readonly place: Place<T>;
}

export class FairLine<T extends Ranked> {
  readonly #levels = [newLevel<T>(), newLevel<T>(), newLevel<T>()] as const;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(value: T): FairPlace<T> {
    const level = this.#levels[1 - value.priority] ?? this.#levels[1];
    let worker = level.workers.get(value.workerId);
    if (!worker) {
      worker = { id: value.workerId, jobs: new Line() };
      level.workers.set(value.workerId, worker);
      level.turnOf.set(value.workerId, level.turns.push(worker));
    }
    this.#size++;
    return { level, worker, place: worker.jobs.push(value) };
  }

  shift(): T | undefined {
    for (const level of this.#levels) {
      const worker = level.turns.shift();
      if (!worker) continue;
      const value = worker.jobs.shift();
      if (worker.jobs.isEmpty) forget(level, worker);
      else level.turnOf.set(worker.id, level.turns.push(worker));
      this.#size--;
      return value;
    }
    return undefined;
  }

  remove({ level, worker, place }: FairPlace<T>): void {
    worker.jobs.remove(place);
    this.#size--;
    if (!worker.jobs.isEmpty) return;
    const turn = level.turnOf.get(worker.id);
    if (turn) level.turns.remove(turn);
    forget(level, worker);
  }
}

function newLevel<T>(): Level<T> {
  return { workers: new Map(), turns: new Line(), turnOf: new Map() };
}

function forget<T>(level: Level<T>, worker: WorkerLine<T>): void {
  level.workers.delete(worker.id);
  level.turnOf.delete(worker.id);
}
