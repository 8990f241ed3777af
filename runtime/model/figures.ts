/** What is counted of instances and threads: plain numbers that cross threads and that telemetry shows. */

/** What happened to instances, since the server or a thread began. */
export interface InstanceCounts {
  /** Made, because none was there to be used again. */
  readonly made: number;
  /** Put back to the state after `load()`, to be used again. */
  readonly reset: number;
  /** Thrown away: it panicked, trapped, was cancelled, passed a cap, or its `load()` failed. */
  readonly lost: number;
  /** Thrown away: its state could not be put back, because it holds handles, its memory grew, or the plugin is of that kind. */
  readonly unfit: number;
  /** Let go: not needed for a while, or there was no room for it. */
  readonly unused: number;
  /** Let go with its worker, which was changed or deleted. */
  readonly released: number;
}

/** For how long an event loop was late, since this was last asked; milliseconds. */
export interface LoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What an executor holds, and what happened since it began. */
export interface ExecutorFigures {
  readonly instances: { readonly busy: number; readonly kept: number; readonly idle: number };
  /** Memories and tables of all instances. */
  readonly memoryBytes: number;
  readonly counts: InstanceCounts;
  /** Threads that run plugins; the silent ones did not answer at once. */
  readonly threads: { readonly answering: number; readonly silent: number };
  /** Threads that were lost, with all that ran there. */
  readonly threadsLost: number;
  /** By thread, in an order that stays. */
  readonly loopDelays: readonly LoopDelay[];
}

export const noInstances: InstanceCounts = { made: 0, reset: 0, lost: 0, unfit: 0, unused: 0, released: 0 };

export function addCounts(left: InstanceCounts, right: InstanceCounts): InstanceCounts {
  return {
    made: left.made + right.made,
    reset: left.reset + right.reset,
    lost: left.lost + right.lost,
    unfit: left.unfit + right.unfit,
    unused: left.unused + right.unused,
    released: left.released + right.released,
  };
}
