/**
 * The contract of dispatch: it takes jobs from the channels, runs them and hands in their results.
 *
 * What does not belong here: who may submit a job, and where its result goes.
 */
import type { ChannelPlan } from '../model/channel.ts';

/** Runs jobs. */
export interface Dispatcher {
  /** Starts to take jobs. */
  start(): void;
  /** Channels with their jobs at a time, as they are now. */
  channels(): readonly ChannelPlan[];
  /** Changes how many jobs of a channel run at a time, at least 1. Throws `field-invalid` for a channel that is not served. */
  resize(channel: string, concurrency: number): void;
  /** Disposes of the worker's kept instances (all workers' where none is named); the next job makes new ones. */
  release(workerId?: bigint): void;
  /** Makes an instance of the worker and loads it. Throws what the plugin's `load()` failed of, `worker-not-found`, `runner-not-found`. */
  load(workerId: bigint, timeoutMs: number): Promise<void>;
  /**
   * Takes no more jobs and waits up to `drainMs` milliseconds for those that wait or run. Afterwards jobs that are
   * kept are in the store, to run again; of the others, those that still wait end with `shutting-down`, and those
   * that still run with `cancelled`. No instance is left.
   */
  stop(drainMs: number): Promise<void>;
}
