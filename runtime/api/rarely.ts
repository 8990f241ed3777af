/** Says what may happen very often, and is in the hands of others, at most once in a while. */

/** Between two lines, in milliseconds. */
const pause = 10_000;

type Facts = Readonly<Record<string, unknown>>;

/** Each line has the facts of the last time, and as `times` how often it happened since the line before. */
export class Rarely {
  readonly #write: (facts: Facts) => void;
  readonly #now: () => number;
  #next = Number.NEGATIVE_INFINITY;
  #times = 0;

  /** `now`: milliseconds of a clock that never goes back. */
  constructor(write: (facts: Facts) => void, now: () => number = () => performance.now()) {
    this.#write = write;
    this.#now = now;
  }

  say(facts: Facts): void {
    this.#times++;
    const now = this.#now();
    if (now < this.#next) return;
    this.#next = now + pause;
    this.#write({ ...facts, times: this.#times });
    this.#times = 0;
  }
}
