/**
 * What a memory held at the time of the snapshot, to be put back between jobs.
 *
 * All of it is written, because a plugin can write anywhere. Most of a memory is zero, though (the stack, what the heap
 * does not use yet): that is not kept but filled, which takes half the time of copying, and no memory.
 */

/** A stretch of memory; without bytes where all of it is zero. */
interface Stretch {
  readonly at: number;
  readonly end: number;
  readonly bytes?: Uint8Array;
}

/** How finely zeroes are looked for, in bytes. */
const grain = 4096;
const zeroes = Buffer.alloc(grain);
/** Fewer zeroes than this are kept like other bytes: each stretch costs a call. */
const leastZeroes = 4 * grain;

/** The stretches of zeroes that are long enough, in their order. */
function zeroStretches(buffer: ArrayBuffer): Stretch[] {
  const bytes = Buffer.from(buffer);
  const found: Stretch[] = [];
  let at = 0;
  for (let grainAt = 0; grainAt <= bytes.length; grainAt += grain) {
    const isZero = grainAt < bytes.length && bytes.compare(zeroes, 0, grain, grainAt, grainAt + grain) === 0;
    if (isZero) continue;
    if (grainAt - at >= leastZeroes) found.push({ at, end: grainAt });
    at = grainAt + grain;
  }
  return found;
}

export class MemoryImage {
  readonly #memory: WebAssembly.Memory;
  readonly #size: number;
  readonly #stretches: Stretch[] = [];

  /** Keeps what the memory holds now. */
  constructor(memory: WebAssembly.Memory) {
    const { buffer } = memory;
    this.#memory = memory;
    this.#size = buffer.byteLength;
    let at = 0;
    for (const zero of [...zeroStretches(buffer), { at: this.#size, end: this.#size }]) {
      if (zero.at > at) this.#stretches.push({ at, end: zero.at, bytes: new Uint8Array(buffer.slice(at, zero.at)) });
      if (zero.end > zero.at) this.#stretches.push(zero);
      at = zero.end;
    }
  }

  /** The memory grew since, and no memory can shrink. */
  get isOutgrown(): boolean {
    return this.#memory.buffer.byteLength !== this.#size;
  }

  /** Puts back all of it. */
  restore(): void {
    const memory = new Uint8Array(this.#memory.buffer);
    for (const { at, end, bytes } of this.#stretches) {
      if (bytes) memory.set(bytes, at);
      else memory.fill(0, at, end);
    }
  }
}
