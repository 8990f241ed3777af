/** The chunks that wait for a streaming instance, so many at most; a feeder waits for its place. */
import type { FeedBatch } from '../../../capabilities/capability.ts';

export class FeedBuffer {
  readonly #capacity: number;
  #chunks: Uint8Array[] = [];
  #final = false;
  #closed = false;
  #waiting: (() => void)[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Adds a chunk, waiting for a place; false when the feed was ended or the job is over. */
  async push(chunk: Uint8Array, final: boolean): Promise<boolean> {
    while (this.#chunks.length >= this.#capacity && !this.#closed) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#closed || this.#final) return false;
    if (chunk.byteLength > 0) this.#chunks.push(chunk);
    this.#final = final;
    return true;
  }

  /** Takes whole chunks up to `maxBytes`, at least one if one waits. */
  take(maxBytes: number): FeedBatch {
    let count = 0;
    for (let bytes = 0; count < this.#chunks.length; count++) {
      bytes += this.#chunks[count]?.byteLength ?? 0;
      if (count > 0 && bytes > maxBytes) break;
    }
    const chunks = this.#chunks.splice(0, count);
    this.#wake();
    return { chunks, final: this.#final && this.#chunks.length === 0 };
  }

  /** The job is over: feeders that wait are told. */
  close(): void {
    this.#closed = true;
    this.#chunks = [];
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
