/**
 * Instances in the state after `load()` that wait for a job, by pool: same plugin, settings and grants.
 *
 * As many wait as ran at once lately, so that a burst is served by reset and not by new instances. They are
 * bounded by their memory, and what a whole {@link sweepEvery} passed without a use is let go.
 */
import type { Guest } from './guest.ts';

/** Memory of all idle instances of a thread, in bytes; what would exceed it is thrown away. */
const mostBytes = 256 * 1024 * 1024;
/** How often unused instances are let go, in milliseconds. */
const sweepEvery = 30_000;

interface Pool {
  readonly idle: Guest[];
  /** The fewest that were idle at any time since the last sweep: so many were not needed. */
  unused: number;
}

export class IdlePools {
  readonly #pools = new Map<number, Pool>();
  /** Counts instances that are let go for want of use or room. */
  readonly #onUnused: (count: number) => void;
  #bytes = 0;

  constructor(onUnused: (count: number) => void) {
    this.#onUnused = onUnused;
    setInterval(() => this.#sweep(), sweepEvery).unref();
  }

  /** Memory of all that waits. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many wait. */
  get size(): number {
    let size = 0;
    for (const { idle } of this.#pools.values()) size += idle.length;
    return size;
  }

  take(number: number): Guest | undefined {
    const pool = this.#pools.get(number);
    const guest = pool?.idle.pop();
    if (!pool || !guest) return undefined;
    pool.unused = Math.min(pool.unused, pool.idle.length);
    this.#bytes -= guest.memoryBytes;
    return guest;
  }

  /** Takes an instance that was just reset. */
  put(number: number, guest: Guest): void {
    if (this.#bytes + guest.memoryBytes > mostBytes) {
      this.#onUnused(1);
      guest.dispose();
      return;
    }
    const pool = this.#pools.get(number) ?? { idle: [], unused: 0 };
    this.#pools.set(number, pool);
    pool.idle.push(guest);
    this.#bytes += guest.memoryBytes;
  }

  /** Nobody will ask for the pool again. Answers how many waited. */
  drop(number: number): number {
    const pool = this.#pools.get(number);
    if (!pool) return 0;
    this.#pools.delete(number);
    const count = pool.idle.length;
    this.#letGo(pool, count);
    return count;
  }

  #sweep(): void {
    for (const pool of this.#pools.values()) {
      this.#onUnused(pool.unused);
      this.#letGo(pool, pool.unused);
      pool.unused = pool.idle.length;
    }
  }

  #letGo(pool: Pool, count: number): void {
    for (const guest of pool.idle.splice(0, count)) {
      this.#bytes -= guest.memoryBytes;
      guest.dispose();
    }
  }
}
