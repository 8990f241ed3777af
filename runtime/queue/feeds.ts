/**
 * The contract of feeds: chunks that a submitter sends to a job, from before it runs until its plugin takes them.
 *
 * Chunks of one job reach its plugin one after the other, in the order in which they were pushed. What does not
 * belong here: who may feed, and what a chunk means.
 */

/** Gives a chunk to the plugin. Resolves when it has its place there; rejects where the plugin takes no more. */
export type FeedSink = (chunk: Uint8Array, isFinal: boolean) => Promise<void>;

export interface Feeds {
  /** The job takes a feed from now on. To be called before it is queued. */
  open(jobId: bigint): void;
  /**
   * Resolves when the plugin has the chunk, or it has its place among those that wait for the plugin. Throws
   * `feed-refused` where the job takes no feed or its feed has ended, `feed-full` where too many chunks wait to wait.
   */
  push(jobId: bigint, chunk: Uint8Array, isFinal: boolean): Promise<void>;
  /** The job runs: chunks go to its plugin, those that waited first. */
  attach(jobId: bigint, sink: FeedSink): void;
  /** Chunks reached the plugin: a run that failed cannot be repeated with them. */
  wasFed(jobId: bigint): boolean;
  /** The job has ended: those who wait are refused. */
  close(jobId: bigint): void;
}
