/**
 * Node's streams as sources and sinks of wasi:io. Both hold a bounded buffer and let the other side wait: a readable
 * reads on only as the guest takes, a writable permits only what fits beside the bytes that are not out yet.
 */
import type { Readable, Writable } from 'node:stream';
import { type Sink, type Source, StreamEnd, type StreamFailure } from './capability.ts';
import { Signal } from './signal.ts';

/** What a connection holds of the host's memory at most: both buffers, and the chunk that overran the first. */
export const connectionBytes = 3 * 65_536;
/** Bytes that wait in one direction. */
const bufferBytes = 65_536;

const nothing = new Uint8Array();
/** The good end of every stream: one for all, because a stack trace is dear. */
const goodEnd = new StreamEnd();

function endOf(error: Error | undefined, watch: Watch): StreamEnd {
  return error ? new StreamEnd(watch.failure(error)) : goodEnd;
}

/** How a stream's owner is told, and has its say. */
export interface Watch {
  /** Why it failed, in the words of the capability. */
  failure(error: Error): StreamFailure;
  /** The guest dropped the stream. */
  onClose?(): void;
  /** The guest takes or hands over so many bytes. May throw a {@link StreamEnd}. */
  onBytes?(count: number): void;
  /** The guest waits for the other side. */
  onWaiting?(): void;
  /** The other side did something: sent bytes, or took all that were pending. */
  onProgress?(): void;
}

/** An input stream's source on a readable, which must be nobody else's. */
export class ReadableSource implements Source {
  readonly #readable: Readable;
  readonly #watch: Watch;
  readonly #signal = new Signal();
  #error: Error | undefined;
  #isEnded = false;

  constructor(readable: Readable, watch: Watch) {
    this.#readable = readable;
    this.#watch = watch;
    const change = () => {
      this.#watch.onProgress?.();
      this.#signal.fire();
    };
    readable.on('readable', change);
    readable.once('end', () => {
      this.#isEnded = true;
      change();
    });
    readable.once('error', (error) => {
      this.#error = error;
      change();
    });
    readable.once('close', () => {
      this.#isEnded = true;
      change();
    });
  }

  ready(): boolean {
    if (this.#readable.readableLength > 0 || this.#error || this.#isEnded) return true;
    // Asks for more, and for the `end` that waits behind an empty buffer.
    this.#readable.read(0);
    return this.#isEnded;
  }

  listen(wake: () => void): () => void {
    if (!this.ready()) this.#watch.onWaiting?.();
    return this.#signal.listen(wake);
  }

  read(most: number): Uint8Array {
    const isReady = this.ready();
    const length = Math.min(most, this.#readable.readableLength);
    const chunk = length > 0 ? (this.#readable.read(length) as Uint8Array | null) : undefined;
    if (chunk) {
      this.#watch.onBytes?.(chunk.byteLength);
      return chunk;
    }
    if (isReady && (this.#error || this.#isEnded)) throw endOf(this.#error, this.#watch);
    return nothing;
  }

  close(): void {
    this.#watch.onClose?.();
  }
}

/** An output stream's sink on a writable, which must be nobody else's. */
export class WritableSink implements Sink {
  readonly #writable: Writable;
  readonly #watch: Watch;
  readonly #signal = new Signal();
  #error: Error | undefined;
  #isClosed = false;
  /** Bytes handed over and not out yet. */
  #pending = 0;
  #isFlushing = false;

  constructor(writable: Writable, watch: Watch) {
    this.#writable = writable;
    this.#watch = watch;
    writable.once('error', (error) => {
      this.#error = error;
      this.#signal.fire();
    });
    writable.once('close', () => {
      this.#isClosed = true;
      this.#signal.fire();
    });
  }

  ready(): boolean {
    return this.#isOver || this.#room > 0;
  }

  listen(wake: () => void): () => void {
    if (!this.ready()) this.#watch.onWaiting?.();
    return this.#signal.listen(wake);
  }

  permit(): number {
    if (this.#isOver) throw endOf(this.#error, this.#watch);
    return this.#room;
  }

  write(chunk: Uint8Array): void {
    if (this.#isOver) throw endOf(this.#error, this.#watch);
    this.#watch.onBytes?.(chunk.byteLength);
    this.#pending += chunk.byteLength;
    // The glue's chunk is a copy that nobody else has: it may be kept until it is out.
    this.#writable.write(chunk, () => {
      this.#pending -= chunk.byteLength;
      if (this.#pending === 0) {
        this.#isFlushing = false;
        this.#watch.onProgress?.();
      }
      this.#signal.fire();
    });
  }

  flush(): void {
    if (this.#isOver) throw endOf(this.#error, this.#watch);
    this.#isFlushing = this.#pending > 0;
  }

  close(): void {
    this.#watch.onClose?.();
  }

  get #room(): number {
    return this.#isFlushing ? 0 : Math.max(0, bufferBytes - this.#pending);
  }

  get #isOver(): boolean {
    return this.#error !== undefined || this.#isClosed || this.#writable.writableEnded;
  }
}
