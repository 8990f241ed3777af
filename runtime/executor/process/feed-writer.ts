/** The feed of a streaming call, on its way to the process: so many chunks at most, and a feeder waits for its place. */
import type { ClientDuplexStream } from '@grpc/grpc-js';
import type { StreamRequest, StreamResponse } from '../../model/messages.gen.ts';

export class FeedWriter {
  readonly #call: ClientDuplexStream<StreamRequest, StreamResponse>;
  readonly #capacity: number;
  #underWay = 0;
  #isOver = false;
  #waiting: (() => void)[] = [];

  constructor(call: ClientDuplexStream<StreamRequest, StreamResponse>, capacity: number) {
    this.#call = call;
    this.#capacity = capacity;
  }

  /** Sends a chunk, waiting for a place; false when the feed was ended or the job is over. */
  async push(data: Uint8Array, isFinal: boolean): Promise<boolean> {
    while (this.#underWay >= this.#capacity && !this.#isOver) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#isOver) return false;
    this.#underWay++;
    this.#call.write({ feed: { data, is_final: isFinal } }, () => {
      this.#underWay--;
      this.#wake();
    });
    if (isFinal) this.close();
    return true;
  }

  /** No more is fed: the feed was ended, or the job is over. Feeders that wait are told. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#call.end();
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
