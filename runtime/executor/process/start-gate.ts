/**
 * Bounds starts: so many at a time, and none for a while where they fail again and again (a crash loop), so that a broken
 * plugin costs its jobs and not the machine.
 */
import type { BulkheadError } from '../../errors.ts';
import { startFailure } from './start-failure.ts';

/** Starts in a row that may fail before the next one has to wait. */
const freeFailures = 3;
const firstPauseMs = 200;
const longestPauseMs = 30_000;

/** Lets so many starts happen at a time, the others in their order. */
export class StartGate {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** Throws the signal's reason where it is aborted before its turn. */
  async enter<T>(start: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      signal.throwIfAborted();
      return await start();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}

/** What is remembered of starts that failed, of one plugin with one worker's settings. */
export class CrashGuard {
  #failures = 0;
  #notBefore = 0;
  #last: BulkheadError | undefined;

  /** Throws where the plugin crashed too often just now. */
  check(now: number): void {
    if (now >= this.#notBefore) return;
    const left = Math.ceil(this.#notBefore - now);
    const times = this.#failures;
    throw startFailure(
      'crash-loop',
      `it failed to start ${times} times in a row and is not tried again for ${left} ms; the last time: ${this.#last?.message}`,
      { details: { failures: times, retryAfterMs: left }, cause: this.#last },
    );
  }

  failed(error: BulkheadError, now: number): void {
    this.#failures++;
    this.#last = error;
    if (this.#failures < freeFailures) return;
    this.#notBefore = now + Math.min(longestPauseMs, firstPauseMs * 2 ** (this.#failures - freeFailures));
  }
}
