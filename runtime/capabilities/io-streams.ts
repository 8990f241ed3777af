/**
 * The streams of wasi:io on sources and sinks. What blocks returns a promise only where it has to wait; it may
 * reject, because these functions answer a `result`, and does so with the stream's own error and nothing else.
 */
import { type Sink, type Source, StreamEnd, type Waitable, WitError } from './capability.ts';
import type { IoBase } from './io.ts';
import { always, firstReady } from './signal.ts';

/** The most bytes that one call moves: what `check-write` answers, and `read` gives. */
const mostBytes = 65_536;

/** One for all, because each stream ends, and a stack trace is dear. */
const closed = new WitError({ tag: 'closed' });
const endOfSource = new StreamEnd();

/** Does `next` when it can be done: now, or later. */
function when<T>(waitable: Waitable, next: () => T | Promise<T>): T | Promise<T> {
  return waitable.ready() ? next() : firstReady([waitable]).then(next);
}

function atMost(length: bigint): number {
  return length > BigInt(mostBytes) ? mostBytes : Number(length);
}

/** A guest that writes more than it was allowed breaks the contract of the interface, and is trapped. */
function checkLength(length: number | bigint, permit: number): void {
  if (length > permit) throw new WebAssembly.RuntimeError(`a write of ${length} bytes where ${permit} were permitted`);
}

const closedSource: Source = {
  ...always,
  read() {
    throw endOfSource;
  },
};

/** A sink that takes everything at once. */
function sinkOf(write: (chunk: Uint8Array) => void): Sink {
  return { ...always, permit: () => mostBytes, write, flush: () => undefined };
}

/** Makes the stream classes of one instance. */
export function createStreams({ Counted, IoError, Pollable }: IoBase) {
  /** A stream: it tells of its failure once, and from then on that it is closed. */
  class Stream<S extends Waitable> extends Counted {
    readonly end: S;
    #isOver = false;

    constructor(end: S) {
      super();
      this.end = end;
    }

    /** What `act` answers; its {@link StreamEnd} as the guest is to see it. */
    using<T>(act: (end: S) => T): T {
      if (this.#isOver) throw closed;
      try {
        return act(this.end);
      } catch (error) {
        if (!(error instanceof StreamEnd)) throw error;
        this.#isOver = true;
        throw error.failure ? new WitError({ tag: 'last-operation-failed', val: new IoError(error.failure) }) : closed;
      }
    }

    get waitable(): Waitable {
      return this.#isOver ? always : this.end;
    }
    /** The stream's own life is not the pollable's: dropping one closes nothing. */
    subscribe(): InstanceType<typeof Pollable> {
      return new Pollable({
        ready: () => this.waitable.ready(),
        listen: (wake) => this.end.listen(wake),
      });
    }
    override [Symbol.dispose](): void {
      this.end.close?.();
      super[Symbol.dispose]();
    }
  }

  class InputStream extends Stream<Source> {
    read(length: bigint): Uint8Array {
      return this.using((source) => source.read(atMost(length)));
    }
    blockingRead(length: bigint): Uint8Array | Promise<Uint8Array> {
      return length === 0n ? this.read(0n) : when(this.waitable, () => this.read(length));
    }
    skip(length: bigint): bigint {
      return BigInt(this.read(length).byteLength);
    }
    blockingSkip(length: bigint): bigint | Promise<bigint> {
      return length === 0n ? this.skip(0n) : when(this.waitable, () => this.skip(length));
    }
  }

  class OutputStream extends Stream<Sink> {
    checkWrite(): bigint {
      return BigInt(Math.min(mostBytes, this.permit()));
    }
    permit(): number {
      return this.using((sink) => sink.permit());
    }
    write(chunk: Uint8Array): void {
      checkLength(chunk.byteLength, this.permit());
      this.using((sink) => sink.write(chunk));
    }
    writeZeroes(length: bigint): void {
      checkLength(length, this.permit());
      this.write(new Uint8Array(Number(length)));
    }
    flush(): void {
      this.using((sink) => sink.flush());
    }
    blockingFlush(): void | Promise<void> {
      this.flush();
      // What went wrong in the flush is told by asking for the permit.
      return when(this.waitable, () => void this.permit());
    }
    blockingWriteAndFlush(chunk: Uint8Array): void | Promise<void> {
      // The host holds it until it is out.
      checkLength(chunk.byteLength, mostBytes);
      if (chunk.byteLength === 0) return this.blockingFlush();
      return when(this.waitable, () => {
        const length = Math.min(chunk.byteLength, this.permit());
        this.write(chunk.subarray(0, length));
        return length < chunk.byteLength ? this.blockingWriteAndFlush(chunk.subarray(length)) : this.blockingFlush();
      });
    }
    blockingWriteZeroesAndFlush(length: bigint): void | Promise<void> {
      checkLength(length, mostBytes);
      return this.blockingWriteAndFlush(new Uint8Array(Number(length)));
    }
    splice(source: InputStream, length: bigint): bigint {
      const permit = this.checkWrite();
      const chunk = source.read(length < permit ? length : permit);
      if (chunk.byteLength > 0) this.write(chunk);
      return BigInt(chunk.byteLength);
    }
    blockingSplice(source: InputStream, length: bigint): bigint | Promise<bigint> {
      return when(this.waitable, () => when(source.waitable, () => this.splice(source, length)));
    }
  }

  return { InputStream, OutputStream, closedSource, sinkOf };
}
