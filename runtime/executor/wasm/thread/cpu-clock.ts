/**
 * Adds up the CPU time of one instance, in milliseconds.
 *
 * The thread's own CPU time is what counts: on a busy machine it gets less than all of the time, and no plugin is to
 * blame for that. Asking for it costs more than most calls, so one that is over before it is first looked at is
 * measured by the wall clock.
 */

/** A moment, and the thread's CPU time at it; both in milliseconds. */
interface Mark {
  readonly at: number;
  readonly cpu: number;
}

function threadCpu(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** `now` is always on the clock of `performance.now`. */
export class CpuClock {
  /** Measured by the wall clock alone. */
  #unseen = 0;
  /**
   * Measured both ways. The system moves a thread's CPU time on in steps of some milliseconds: only sums compare.
   */
  #wall = 0;
  #cpu = 0;
  /** When the stretch began that is under way. */
  #since: number | undefined;
  #mark: Mark | undefined;

  /** Begins at nothing. A stretch that is under way goes on. */
  clear(): void {
    this.#unseen = 0;
    this.#wall = 0;
    this.#cpu = 0;
    this.#mark = undefined;
  }

  start(now: number): void {
    this.#since = now;
    // Who was looked at before computes for long, most likely, and will be again.
    if (this.#mark) this.#mark = { at: now, cpu: threadCpu() };
  }

  stop(now: number): void {
    if (this.#mark) this.#add(now);
    else this.#unseen += now - (this.#since ?? now);
    this.#since = undefined;
  }

  /** What was spent, without what is under way. */
  get spent(): number {
    return this.#unseen + Math.min(this.#wall, this.#cpu);
  }

  /** What was spent until now. From then on the stretch under way is measured both ways. */
  look(now: number): number {
    this.#add(now);
    return this.spent;
  }

  #add(now: number): void {
    if (this.#since === undefined) return;
    const cpu = threadCpu();
    if (this.#mark) {
      this.#wall += now - this.#mark.at;
      this.#cpu += cpu - this.#mark.cpu;
    } else this.#unseen += now - this.#since;
    this.#mark = { at: now, cpu };
  }
}
