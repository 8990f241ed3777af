/** The host's side of a metered module: the simplest that there can be, and one for each test's purpose. */

export const meter = 'bulkhead:meter';
/** What `refill` answers to have `yield` called. */
export const refillYield = -1;
/** What `refill` and `yield` answer to end the instance. */
export const refillEnd = -2;

export interface Meter {
  refill(left: number): number;
  yield: unknown;
  grow(bytes: bigint): number;
}

/** Gives small and changing budgets for ever, by way of `yield` each third time. */
export function generous(): Meter {
  let calls = 0;
  return {
    refill: () => (++calls % 3 === 0 ? refillYield : (calls * 7919) % 1000),
    yield: () => 50,
    grow: () => 1,
  };
}

/** Ends the instance when so many ticks are used. */
export class Budget implements Meter {
  readonly slice: number;
  #left: number;
  #given = 0;
  used = 0;
  grown = 0n;

  constructor(ticks: number, slice = 20_000) {
    this.#left = ticks;
    this.slice = slice;
  }

  refill = (left: number): number => {
    const used = this.#given - left;
    this.used += used;
    this.#left -= used;
    this.#given = this.#left > 0 ? this.slice : 0;
    return this.#left > 0 ? this.slice : refillEnd;
  };

  /** Ticks used so far, given what is left of the last slice. */
  usedWith(left: number): number {
    return this.used + this.#given - left;
  }

  yield = (): number => refillEnd;

  grow = (bytes: bigint): number => {
    this.grown += bytes;
    return 1;
  };
}
