/**
 * Wakes those that wait for something to change, and forgets them.
 *
 * Listeners and not promises: a promise that lives long gathers a reaction for each `poll` that named it, and
 * nothing can take one back.
 */
import type { Waitable } from './capability.ts';

export class Signal {
  readonly #listeners = new Set<() => void>();

  /** Calls `wake` at each {@link fire}, until the answer is called. */
  listen(wake: () => void): () => void {
    // A function of its own for each: the same one may listen twice.
    const listener = () => wake();
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Something changed. */
  fire(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Ready once the promise has settled. */
export class Settled implements Waitable {
  readonly #signal = new Signal();
  #isReady = false;

  constructor(promise: Promise<unknown>) {
    const settle = () => {
      this.#isReady = true;
      this.#signal.fire();
    };
    promise.then(settle, settle);
  }

  ready(): boolean {
    return this.#isReady;
  }

  listen(wake: () => void): () => void {
    return this.#signal.listen(wake);
  }
}

/** What is always ready. */
export const always: Waitable = { ready: () => true, listen: () => () => undefined };

/** Resolves when one of them is ready. It never rejects, and leaves no listener behind. */
export function firstReady(waitables: readonly Waitable[]): Promise<void> {
  return new Promise((resolve) => {
    const takeBack: (() => void)[] = [];
    const wake = () => {
      if (!waitables.some((waitable) => waitable.ready())) return;
      for (const forget of takeBack) forget();
      resolve();
    };
    for (const waitable of waitables) takeBack.push(waitable.listen(wake));
    wake();
  });
}
