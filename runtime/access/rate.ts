/** A rate with bursts: a bucket that fills at a steady rate and holds so much. Two numbers, however many calls. */

/** Times are milliseconds of any clock that never goes back. */
export class Rate {
  readonly #interval: number;
  readonly #slack: number;
  /** When the bucket will be full again. */
  #fullAt = Number.NEGATIVE_INFINITY;

  /** `perSecond` calls, and up to `burst` (at least 1) at once after a pause. */
  constructor(perSecond: number, burst: number) {
    this.#interval = 1000 / perSecond;
    this.#slack = this.#interval * (burst - 1);
  }

  /** Takes one call: 0. Takes none where there is none left: the milliseconds until there is one. */
  take(now: number): number {
    const fullAt = Math.max(now, this.#fullAt);
    const early = fullAt - now - this.#slack;
    if (early > 0) return early;
    this.#fullAt = fullAt + this.#interval;
    return 0;
  }
}
