/**
 * Ids for jobs, results and workers: 63 bits, ordered by time, unique without asking anybody.
 *
 * Layout, high to low: 41 bits milliseconds since 2024-01-01T00:00Z, 10 bits node, 12 bits counter.
 * Good until 2093. They exceed 2^53, so they are `bigint` everywhere.
 */

const epoch = Date.UTC(2024, 0, 1);
const countersPerMs = 4096;

/** Makes ids. One for each process; two processes of one installation need different nodes. */
export class IdGenerator {
  readonly #node: bigint;
  readonly #now: () => number;
  #time = 0;
  #counter = 0;

  /** `node` is 0 to 1023; `now` gives milliseconds since 1970. Throws RangeError for another node. */
  constructor(node = 0, now: () => number = Date.now) {
    if (!Number.isInteger(node) || node < 0 || node > 1023) throw new RangeError(`node must be 0 to 1023, got ${node}`);
    this.#node = BigInt(node) << 12n;
    this.#now = now;
  }

  /** Each id is greater than the one before, also when the clock goes back or 4096 are asked for in one millisecond. */
  next(): bigint {
    const time = this.#now() - epoch;
    if (time > this.#time) {
      this.#time = time;
      this.#counter = 0;
    } else if (++this.#counter === countersPerMs) {
      this.#time++;
      this.#counter = 0;
    }
    return (BigInt(this.#time) << 22n) | this.#node | BigInt(this.#counter);
  }
}

/** When an id was made, in milliseconds since 1970. */
export function timeOfId(id: bigint): number {
  return Number(id >> 22n) + epoch;
}
