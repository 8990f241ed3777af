/**
 * The chunks of one streaming call, from the plugin to its reader: the plugin may be a little ahead.
 *
 * A reader that asks is answered as soon as there is a chunk, with all that are there. So a fast plugin costs a message
 * for many chunks, and a slow one is not waited for by the chunks before.
 */
import { nextTurn } from './turns.ts';

/** How far the plugin may be ahead of its reader. */
const aheadChunks = 32;
const aheadBytes = 256 * 1024;

/** What a reader gets: chunks, and how the stream ended, if it did. */
export interface Pumped<End> {
  readonly chunks: readonly Uint8Array[];
  readonly end?: End;
}

export class ChunkPump<End> {
  #ready: Uint8Array[] = [];
  #bytes = 0;
  #end: End | undefined;
  #stopped = false;
  #asked: (() => void) | undefined;
  #room: (() => void) | undefined;

  /** `next` asks the plugin for a chunk, and answers how the stream ended instead of the one after the last. */
  constructor(next: () => Promise<{ readonly chunk: Uint8Array } | { readonly end: End }>) {
    void this.#run(next);
  }

  /** The chunks at hand, at least one, unless the stream is over. One reader at a time. */
  async take(): Promise<Pumped<End>> {
    if (this.#ready.length === 0 && this.#end === undefined) {
      await new Promise<void>((resolve) => {
        this.#asked = resolve;
      });
    }
    const chunks = this.#ready;
    this.#ready = [];
    this.#bytes = 0;
    this.#room?.();
    return this.#end === undefined ? { chunks } : { chunks, end: this.#end };
  }

  /** Asks for no further chunk; the reader is told that end, unless the stream has ended by itself. */
  stop(end: End): void {
    this.#stopped = true;
    this.#end ??= end;
    this.#answer();
    this.#room?.();
  }

  async #run(next: () => Promise<{ readonly chunk: Uint8Array } | { readonly end: End }>): Promise<void> {
    while (!this.#stopped) {
      const step = await next();
      if ('end' in step) {
        this.#end ??= step.end;
        this.#answer();
        return;
      }
      this.#ready.push(step.chunk);
      this.#bytes += step.chunk.byteLength;
      // Before the plugin computes on: the answer is to leave the thread first.
      if (this.#answer()) await nextTurn();
      while (this.#isAhead() && !this.#stopped) {
        await new Promise<void>((resolve) => {
          this.#room = resolve;
        });
      }
    }
  }

  #isAhead(): boolean {
    return this.#ready.length >= aheadChunks || this.#bytes >= aheadBytes;
  }

  /** Whether somebody waited for an answer. */
  #answer(): boolean {
    const asked = this.#asked;
    this.#asked = undefined;
    asked?.();
    return asked !== undefined;
  }
}
