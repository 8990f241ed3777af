/**
 * The contract of dispatch: it takes jobs from the channels, runs them and hands in their results.
 *
 * What does not belong here: who may submit a job, and where its result goes.
 */

/** Runs jobs. */
export interface Dispatcher {
  /** Starts to take jobs. */
  start(): void;
  /**
   * Takes no more jobs and waits up to `drainMs` milliseconds for those that wait or run. What still
   * waits then ends with `shutting-down`, what still runs with `cancelled`. Afterwards every job that was
   * ever queued has its result, and no instance is left.
   */
  stop(drainMs: number): Promise<void>;
}
