/**
 * wasi:io: errors, pollables and streams of one instance.
 *
 * The classes are made per instance: only so can handles be counted and waits be ended with it. `poll` and
 * `block` return promises, which suspend the instance (JSPI) and not the thread; they never reject, because
 * jco's glue leaves an export hanging whose poll rejected (tried with 1.35). Ending a wait is the instance's
 * business: it rejects at the boundary, outside of the glue.
 */
import { type ImportObject, type InstanceContext, type Io, WitError } from './capability.ts';

/** The most bytes that a guest may hand over in one `write`; what `check-write` answers. */
const writePermit = 65_536n;

export function createIo(context: InstanceContext): Io {
  const done = Promise.resolve();

  /** A resource of the plugin's: counted from being handed over to being dropped. */
  class Counted {
    constructor() {
      context.handle(1);
    }
    [Symbol.dispose](): void {
      context.handle(-1);
    }
  }

  class IoError extends Counted {
    toDebugString(): string {
      return 'closed';
    }
  }

  class Pollable extends Counted {
    #isReady = false;
    readonly #settled: Promise<unknown>;

    constructor(settled: Promise<unknown>) {
      super();
      this.#settled = settled.then(() => {
        this.#isReady = true;
      });
    }
    ready(): boolean {
      return this.#isReady;
    }
    block(): Promise<unknown> {
      return this.#settled;
    }
  }

  /** Answers the places of the pollables that are ready, waiting for the first. */
  async function poll(pollables: Pollable[]): Promise<Uint32Array> {
    if (pollables.length === 0) throw new WebAssembly.RuntimeError('poll of an empty list');
    const ready = () => pollables.flatMap((pollable, index) => (pollable.ready() ? [index] : []));
    let indices = ready();
    if (indices.length === 0) {
      await Promise.race(pollables.map((pollable) => pollable.block()));
      indices = ready();
    }
    return Uint32Array.from(indices);
  }

  /** Every input stream of a plugin without grants is closed: all reads say so. */
  class InputStream extends Counted {
    read(): Uint8Array {
      throw new WitError({ tag: 'closed' });
    }
    blockingRead(): Uint8Array {
      throw new WitError({ tag: 'closed' });
    }
    skip(): bigint {
      throw new WitError({ tag: 'closed' });
    }
    blockingSkip(): bigint {
      throw new WitError({ tag: 'closed' });
    }
    subscribe(): Pollable {
      return new Pollable(done);
    }
  }

  class OutputStream extends Counted {
    readonly #write: (chunk: Uint8Array) => void;

    constructor(write: (chunk: Uint8Array) => void) {
      super();
      this.#write = write;
    }
    checkWrite(): bigint {
      return writePermit;
    }
    write(chunk: Uint8Array): void {
      if (BigInt(chunk.byteLength) > writePermit) throw new WebAssembly.RuntimeError('write above the permit');
      this.#write(chunk);
    }
    blockingWriteAndFlush(chunk: Uint8Array): void {
      this.#write(chunk);
    }
    flush(): void {}
    blockingFlush(): void {}
    writeZeroes(length: bigint): void {
      if (length > writePermit) throw new WebAssembly.RuntimeError('write above the permit');
      this.#write(new Uint8Array(Number(length)));
    }
    blockingWriteZeroesAndFlush(length: bigint): void {
      this.writeZeroes(length);
    }
    splice(): bigint {
      throw new WitError({ tag: 'closed' });
    }
    blockingSplice(): bigint {
      throw new WitError({ tag: 'closed' });
    }
    subscribe(): Pollable {
      return new Pollable(done);
    }
  }

  const imports: Record<string, ImportObject> = {
    'wasi:io/error': { Error: IoError },
    'wasi:io/poll': { Pollable, poll },
    'wasi:io/streams': { InputStream, OutputStream },
  };
  return {
    imports,
    pollable: (promise) => new Pollable(promise),
    closedInput: () => new InputStream(),
    output: (write) => new OutputStream(write),
  };
}
