/** The streams and pollables that all capabilities share, driven the way the glue drives them. */
import { describe, expect, it } from 'vitest';
import { type InstanceContext, type Sink, type Source, StreamEnd } from '../../runtime/capabilities/capability.ts';
import { createIo } from '../../runtime/capabilities/io.ts';
import { Settled, Signal } from '../../runtime/capabilities/signal.ts';
import { defaultLimits } from '../../runtime/model/limits.ts';

interface GuestPollable {
  ready(): boolean;
  block(): Promise<void> | undefined;
  [Symbol.dispose](): void;
}
interface GuestInput {
  read(length: bigint): Uint8Array;
  blockingRead(length: bigint): Uint8Array | Promise<Uint8Array>;
  subscribe(): GuestPollable;
  [Symbol.dispose](): void;
}
interface GuestOutput {
  checkWrite(): bigint;
  write(chunk: Uint8Array): void;
  blockingWriteAndFlush(chunk: Uint8Array): void | Promise<void>;
  splice(source: GuestInput, length: bigint): bigint;
  subscribe(): GuestPollable;
  [Symbol.dispose](): void;
}

function instance() {
  const count = { handles: 0 };
  const io = createIo({
    limits: { ...defaultLimits, bufferBytes: 1000 },
    handle: (change: number) => {
      count.handles += change;
    },
  } as unknown as InstanceContext);
  const { poll } = io.imports['wasi:io/poll'] as { poll: (list: GuestPollable[]) => Promise<Uint32Array> };
  return { io, count, poll };
}

/** A source and sink that the test fills and empties; its listeners can be counted. */
class Pipe implements Source, Sink {
  readonly signal = new Signal();
  listeners = 0;
  bytes = new Uint8Array();
  room = 0;
  over: StreamEnd | undefined;
  isClosed = false;
  readonly #kind: 'source' | 'sink';

  constructor(kind: 'source' | 'sink' = 'source') {
    this.#kind = kind;
  }
  ready(): boolean {
    return this.over !== undefined || (this.#kind === 'source' ? this.bytes.byteLength > 0 : this.room > 0);
  }
  listen(wake: () => void): () => void {
    this.listeners++;
    const forget = this.signal.listen(wake);
    return () => {
      this.listeners--;
      forget();
    };
  }
  read(most: number): Uint8Array {
    const chunk = this.bytes.subarray(0, most);
    this.bytes = this.bytes.subarray(most);
    if (chunk.byteLength === 0 && this.over) throw this.over;
    return chunk;
  }
  permit(): number {
    if (this.over) throw this.over;
    return this.room;
  }
  write(chunk: Uint8Array): void {
    this.bytes = Buffer.concat([this.bytes, chunk]);
    this.room -= chunk.byteLength;
  }
  flush(): void {}
  close(): void {
    this.isClosed = true;
  }
  change(what: Partial<Pick<Pipe, 'bytes' | 'room' | 'over'>>): void {
    Object.assign(this, what);
    this.signal.fire();
  }
}

const payload = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return (error as { payload?: unknown }).payload;
  }
  return undefined;
};

describe('an input stream', () => {
  it('gives what is there, and waits only where it is asked to', async () => {
    const pipe = new Pipe();
    const input = instance().io.input(pipe) as GuestInput;
    expect(input.read(5n)).toHaveLength(0);
    const waiting = input.blockingRead(2n);
    expect(waiting).toBeInstanceOf(Promise);
    pipe.change({ bytes: Buffer.from('abc') });
    expect(Buffer.from(await waiting).toString()).toBe('ab');
    expect(input.blockingRead(2n)).not.toBeInstanceOf(Promise);
    expect(pipe.listeners).toBe(0);
  });

  it('tells of a failure once, and then that it is closed', async () => {
    const { io } = instance();
    const pipe = new Pipe();
    const input = io.input(pipe) as GuestInput;
    const waiting = input.blockingRead(1n) as Promise<Uint8Array>;
    pipe.change({ over: new StreamEnd({ message: 'it broke', detail: 7 }) });
    const error = (await waiting.then(
      () => undefined,
      (thrown: { payload: unknown }) => thrown.payload,
    )) as { tag: string; val: { toDebugString(): string } };
    expect(error.tag).toBe('last-operation-failed');
    expect(error.val.toDebugString()).toBe('it broke');
    expect(io.detailOf(error.val)).toBe(7);
    expect(payload(() => input.read(1n))).toEqual({ tag: 'closed' });
    expect(input.subscribe().ready()).toBe(true);
  });
});

describe('an output stream', () => {
  it('takes no more than it permits, in pieces where it blocks', async () => {
    const pipe = new Pipe('sink');
    const output = instance().io.output(pipe) as GuestOutput;
    expect(output.checkWrite()).toBe(0n);
    expect(() => output.write(Buffer.from('x'))).toThrow(WebAssembly.RuntimeError);
    const writing = output.blockingWriteAndFlush(Buffer.from('hello'));
    for (const room of [2, 2, 2]) {
      pipe.change({ room });
      await new Promise((resolve) => setImmediate(resolve));
    }
    await writing;
    expect(Buffer.from(pipe.bytes).toString()).toBe('hello');
    expect(() => output.blockingWriteAndFlush(new Uint8Array(70_000))).toThrow(WebAssembly.RuntimeError);
  });

  it('splices what fits', () => {
    const { io } = instance();
    const [from, to] = [new Pipe(), new Pipe('sink')];
    from.change({ bytes: Buffer.from('hello') });
    to.change({ room: 3 });
    const [input, output] = [io.input(from) as GuestInput, io.output(to) as GuestOutput];
    expect(output.splice(input, 100n)).toBe(3n);
    expect(output.splice(input, 100n)).toBe(0n);
    expect(Buffer.from(to.bytes).toString()).toBe('hel');
  });
});

describe('polling', () => {
  it('answers all that are ready, and leaves no listener behind', async () => {
    const { io, poll } = instance();
    const [left, right] = [new Pipe(), new Pipe()];
    const pollables = [left, right].map((pipe) => (io.input(pipe) as GuestInput).subscribe());
    for (let round = 0; round < 3; round++) {
      const ready = poll(pollables);
      left.signal.fire();
      right.change({ bytes: Buffer.from('x') });
      expect([...(await ready)]).toEqual([1]);
      right.bytes = new Uint8Array();
    }
    expect([left.listeners, right.listeners]).toEqual([0, 0]);
    left.change({ bytes: Buffer.from('x') });
    right.change({ bytes: Buffer.from('x') });
    expect([...(await poll(pollables))]).toEqual([0, 1]);
  });

  it('takes a promise that settles either way', async () => {
    const { io, poll } = instance();
    const never = io.pollable(new Settled(new Promise(() => undefined))) as GuestPollable;
    const done = io.pollable(new Settled(new Promise((resolve) => setTimeout(resolve, 5)))) as GuestPollable;
    expect([...(await poll([never, done]))]).toEqual([1]);
  });
});

describe('what an instance holds', () => {
  it('is counted from being handed over to being dropped', () => {
    const { io, count } = instance();
    const pipe = new Pipe();
    const input = io.input(pipe) as GuestInput;
    const pollable = input.subscribe();
    expect(count.handles).toBe(2);
    pollable[Symbol.dispose]();
    expect(pipe.isClosed).toBe(false);
    input[Symbol.dispose]();
    expect(pipe.isClosed).toBe(true);
    expect(count.handles).toBe(0);
  });

  it("of the host's memory is capped, and given back once", () => {
    const { io } = instance();
    const giveBack = io.reserve(900);
    expect(io.reserve(200)).toBeUndefined();
    giveBack?.();
    giveBack?.();
    expect(io.reserve(1000)).toBeDefined();
    expect(io.reserve(1)).toBeUndefined();
  });
});
