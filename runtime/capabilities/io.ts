/**
 * wasi:io: errors, pollables and streams of one instance.
 *
 * The classes are made per instance: only so can handles be counted and waits be ended with it. `poll` and
 * `block` return promises, which suspend the instance (JSPI) and not the thread; they never reject, because
 * jco's glue leaves an export hanging whose poll rejected (tried with 1.35). Ending a wait is the instance's
 * business: it rejects at the boundary, outside of the glue.
 */
import { BulkheadError } from '../errors.ts';
import type { InstanceContext, Io, StreamFailure, Waitable } from './capability.ts';
import { createStreams } from './io-streams.ts';
import { firstReady } from './signal.ts';

/** The resource classes that streams are built on. */
export type IoBase = ReturnType<typeof createBase>;

function createBase(context: InstanceContext) {
  class Counted {
    constructor() {
      context.handle(1);
    }
    [Symbol.dispose](): void {
      context.handle(-1);
    }
  }

  class IoError extends Counted {
    readonly failure: StreamFailure;

    constructor(failure: StreamFailure) {
      super();
      this.failure = failure;
    }
    toDebugString(): string {
      return this.failure.message;
    }
  }

  class Pollable extends Counted {
    readonly #waitable: Waitable;

    constructor(waitable: Waitable) {
      super();
      this.#waitable = waitable;
    }
    get waitable(): Waitable {
      return this.#waitable;
    }
    ready(): boolean {
      return this.#waitable.ready();
    }
    block(): Promise<void> | undefined {
      return this.ready() ? undefined : firstReady([this.#waitable]);
    }
    override [Symbol.dispose](): void {
      this.#waitable.close?.();
      super[Symbol.dispose]();
    }
  }

  /** Answers the places of the pollables that are ready, waiting for the first. */
  async function poll(pollables: Pollable[]): Promise<Uint32Array> {
    // Ended at the boundary: the glue leaves a call hanging whose import rejected.
    if (pollables.length === 0) context.fail(new BulkheadError('plugin-trapped', 'the plugin polled an empty list'));
    const ready = () => pollables.flatMap((pollable, index) => (pollable.ready() ? [index] : []));
    const indices = ready();
    if (indices.length > 0) return Uint32Array.from(indices);
    await firstReady(pollables.map(({ waitable }) => waitable));
    return Uint32Array.from(ready());
  }

  return { Counted, IoError, Pollable, poll };
}

/** Counts what the host holds for the instance in bytes, up to the cap. */
function account(most: number): Io['reserve'] {
  let held = 0;
  return (bytes) => {
    if (held + bytes > most) return undefined;
    held += bytes;
    let isGiven = true;
    return () => {
      if (isGiven) held -= bytes;
      isGiven = false;
    };
  };
}

export function createIo(context: InstanceContext): Io {
  const base = createBase(context);
  const { InputStream, OutputStream, closedSource, sinkOf } = createStreams(base);
  return {
    imports: {
      'wasi:io/error': { Error: base.IoError },
      'wasi:io/poll': { Pollable: base.Pollable, poll: base.poll },
      'wasi:io/streams': { InputStream, OutputStream },
    },
    Resource: base.Counted,
    pollable: (what) => new base.Pollable(what),
    closedInput: () => new InputStream(closedSource),
    input: (source) => new InputStream(source),
    output: (sink) => new OutputStream(typeof sink === 'function' ? sinkOf(sink) : sink),
    detailOf: (error) => (error instanceof base.IoError ? error.failure.detail : undefined),
    reserve: account(context.limits.bufferBytes),
  };
}
