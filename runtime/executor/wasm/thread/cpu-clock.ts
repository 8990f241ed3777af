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
  #spent = 0;
  /** When the stretch began that is under way. */
  #since: number | undefined;
  #mark: Mark | undefined;

  /** Begins at nothing. A stretch that is under way goes on. */
  clear(): void {
    this.#spent = 0;
    this.#mark = undefined;
  }

  start(now: number): void {
    this.#since = now;
    // Who was looked at before computes for long, most likely, and will be again.
    if (this.#mark) this.#mark = { at: now, cpu: threadCpu() };
  }

  stop(now: number): void {
    this.#spent += this.#stretch(now);
    this.#since = undefined;
  }

  /** What was spent, without the stretch that is under way. */
  get spent(): number {
    return this.#spent;
  }

  /** What was spent until now. From then on the stretch under way is measured by CPU time. */
  look(now: number): number {
    const spent = this.#spent + this.#stretch(now);
    this.#mark ??= { at: now, cpu: threadCpu() };
    return spent;
  }

  #stretch(now: number): number {
    if (this.#since === undefined) return 0;
    if (!this.#mark) return now - this.#since;
    const { at, cpu } = this.#mark;
    return at - this.#since + Math.min(now - at, threadCpu() - cpu);
  }
}
