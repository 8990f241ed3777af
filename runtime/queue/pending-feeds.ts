/** Feeds in the memory of one process. */
import { BulkheadError } from '../errors.ts';
import { ownBytes } from '../model/bytes.ts';
import type { FeedSink, Feeds } from './feeds.ts';

/** Chunks that wait for a job that does not run yet, and bytes. */
const mostChunks = 1024;
const mostBytes = 16 * 1024 * 1024;
/** Pushes of one job that wait for a place. */
const mostWaiting = 1024;

interface Chunk {
  readonly bytes: Uint8Array;
  readonly isFinal: boolean;
}

class Feed {
  readonly #jobId: bigint;
  readonly #pending: Chunk[] = [];
  #bytes = 0;
  #sink: FeedSink | undefined;
  #closed = false;
  #ended = false;
  /** Pushes that wait; each goes on when the one before it is done. */
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();
  #room = Promise.withResolvers<void>();
  wasFed = false;

  constructor(jobId: bigint) {
    this.#jobId = jobId;
  }

  async push(chunk: Chunk): Promise<void> {
    if (this.#closed || this.#ended)
      throw refused(this.#jobId, this.#closed ? 'has ended' : 'was told that its feed has ended');
    if (this.#waiting >= mostWaiting) throw fullFeed(this.#jobId);
    this.#ended = chunk.isFinal;
    this.#waiting++;
    const turn = this.#last.then(() => this.#place(chunk));
    this.#last = turn.catch(() => undefined); // who pushed it hears of it
    await turn.finally(() => this.#waiting--);
  }

  attach(sink: FeedSink): void {
    this.#sink = sink;
    const chunks = this.#pending.splice(0);
    this.#bytes = 0;
    // Before what is pushed from now on; what the plugin refuses, the next push is told.
    this.#last = this.#last.then(async () => {
      for (const { bytes, isFinal } of chunks) await this.#give(bytes, isFinal);
    });
    this.#last = this.#last.catch(() => undefined);
    this.#makeRoom();
  }

  close(): void {
    this.#closed = true;
    this.#pending.length = 0;
    this.#makeRoom();
  }

  async #place({ bytes, isFinal }: Chunk): Promise<void> {
    while (!this.#sink && !this.#closed && this.#isFull(bytes)) await this.#room.promise;
    if (this.#closed) throw refused(this.#jobId, 'has ended');
    if (this.#sink) return this.#give(bytes, isFinal);
    this.#pending.push({ bytes, isFinal });
    this.#bytes += bytes.byteLength;
  }

  async #give(bytes: Uint8Array, isFinal: boolean): Promise<void> {
    this.wasFed = true;
    await this.#sink?.(bytes, isFinal);
  }

  #isFull({ byteLength }: Uint8Array): boolean {
    return this.#pending.length >= mostChunks || (this.#pending.length > 0 && this.#bytes + byteLength > mostBytes);
  }

  #makeRoom(): void {
    this.#room.resolve();
    this.#room = Promise.withResolvers();
  }
}

/** See {@link Feeds}. The number of feeds is bounded by that of jobs. */
export class PendingFeeds implements Feeds {
  readonly #feeds = new Map<bigint, Feed>();

  open(jobId: bigint): void {
    this.#feeds.set(jobId, new Feed(jobId));
  }

  async push(jobId: bigint, chunk: Uint8Array, isFinal: boolean): Promise<void> {
    const feed = this.#feeds.get(jobId);
    if (!feed) throw refused(jobId, 'takes no feed, or has ended');
    await feed.push({ bytes: ownBytes(chunk), isFinal });
  }

  attach(jobId: bigint, sink: FeedSink): void {
    let feed = this.#feeds.get(jobId);
    if (!feed) {
      // A job that the store kept: whoever would feed it may do so from now on.
      feed = new Feed(jobId);
      this.#feeds.set(jobId, feed);
    }
    feed.attach(sink);
  }

  wasFed(jobId: bigint): boolean {
    return this.#feeds.get(jobId)?.wasFed ?? false;
  }

  close(jobId: bigint): void {
    this.#feeds.get(jobId)?.close();
    this.#feeds.delete(jobId);
  }
}

function refused(jobId: bigint, why: string): BulkheadError {
  return new BulkheadError('feed-refused', `job ${jobId} ${why}`, { details: { job_id: String(jobId) } });
}

function fullFeed(jobId: bigint): BulkheadError {
  return new BulkheadError('feed-full', `${mostWaiting} chunks already wait for a place in the feed of job ${jobId}`, {
    details: { job_id: String(jobId) },
  });
}
