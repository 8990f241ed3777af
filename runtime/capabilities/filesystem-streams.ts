/**
 * Streams on files. A stream holds its file open after the plugin dropped the descriptor, as WASI has it. Each moves
 * one chunk at a time, on the account of the instance.
 */
import { type Sink, type Source, StreamEnd, WitError } from './capability.ts';
import { mostBytes, type OpenFile } from './filesystem-file.ts';
import { witError } from './filesystem-walk.ts';
import { Signal } from './signal.ts';

/** The detail of a stream's failure: a WASI error code of wasi:filesystem. */
export class FileFailure {
  readonly code: string;

  constructor(code: string) {
    this.code = code;
  }
}

/** The code of what a file operation failed with, for a stream. What is no error of files stays what it is. */
function streamEnd(error: unknown): unknown {
  const wit = witError(error);
  if (!(wit instanceof WitError)) return error;
  const code = String(wit.payload);
  return new StreamEnd({ message: code, detail: new FileFailure(code) });
}

/** Reads a file from an offset on, one chunk ahead once somebody waits for it. */
export class FileSource implements Source {
  readonly #file: OpenFile;
  readonly #signal = new Signal();
  #offset: bigint;
  #chunk: Uint8Array = new Uint8Array();
  #failure: unknown;
  #isReading = false;
  #giveBack: (() => void) | undefined;

  /** Takes over one use of the file. */
  constructor(file: OpenFile, offset: bigint) {
    this.#file = file;
    this.#offset = offset;
  }

  ready(): boolean {
    return this.#chunk.byteLength > 0 || this.#failure !== undefined;
  }

  listen(wake: () => void): () => void {
    this.#readAhead();
    return this.#signal.listen(wake);
  }

  read(most: number): Uint8Array {
    if (this.#chunk.byteLength === 0) {
      if (this.#failure !== undefined) throw this.#failure;
      this.#readAhead();
      return this.#chunk;
    }
    const taken = this.#chunk.subarray(0, most);
    this.#chunk = this.#chunk.subarray(most);
    if (this.#chunk.byteLength === 0) this.#giveBack?.();
    return taken;
  }

  close(): void {
    this.#giveBack?.();
    this.#file.release();
  }

  #readAhead(): void {
    if (this.#isReading || this.ready()) return;
    const { io, handles } = this.#file.home;
    this.#giveBack = io.reserve(mostBytes);
    if (!this.#giveBack) {
      this.#failure = streamEnd(new WitError('insufficient-memory'));
      return;
    }
    this.#isReading = true;
    const done = (chunk: Uint8Array, failure: unknown) => {
      this.#isReading = false;
      this.#chunk = chunk;
      this.#offset += BigInt(chunk.byteLength);
      this.#failure = failure;
      if (failure !== undefined) this.#giveBack?.();
      this.#signal.fire();
    };
    handles
      .during(() => this.#file.read(mostBytes, this.#offset))
      .then(
        (chunk) => done(chunk, chunk.byteLength === 0 ? new StreamEnd() : undefined),
        (error: unknown) => done(new Uint8Array(), streamEnd(error)),
      );
  }
}

/** Writes to a file from an offset on, or at its end: one chunk at a time, so that nothing piles up. */
export class FileSink implements Sink {
  readonly #file: OpenFile;
  readonly #signal = new Signal();
  #offset: bigint | undefined;
  #isWriting = false;
  #failure: unknown;

  /** Takes over one use of the file. */
  constructor(file: OpenFile, offset: bigint | undefined) {
    this.#file = file;
    this.#offset = offset;
  }

  ready(): boolean {
    return !this.#isWriting;
  }

  listen(wake: () => void): () => void {
    return this.#signal.listen(wake);
  }

  permit(): number {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#isWriting ? 0 : mostBytes;
  }

  write(chunk: Uint8Array): void {
    const { io, handles } = this.#file.home;
    const giveBack = io.reserve(chunk.byteLength);
    if (!giveBack) throw streamEnd(new WitError('insufficient-memory'));
    this.#isWriting = true;
    this.#file.hold();
    const done = (failure: unknown) => {
      this.#isWriting = false;
      this.#failure = failure;
      giveBack();
      this.#file.release();
      this.#signal.fire();
    };
    handles
      .during(() => this.#writeAll(chunk.slice()))
      .then(
        () => done(undefined),
        (error: unknown) => done(streamEnd(error)),
      );
  }

  flush(): void {}

  close(): void {
    this.#file.release();
  }

  async #writeAll(chunk: Uint8Array): Promise<void> {
    for (let rest = chunk; rest.byteLength > 0; ) {
      const written = await this.#file.write(rest, this.#offset);
      if (this.#offset !== undefined) this.#offset += BigInt(written);
      rest = rest.subarray(written);
    }
  }
}
