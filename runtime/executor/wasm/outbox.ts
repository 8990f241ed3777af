/**
 * What goes from one thread to another: messages of one turn of the event loop travel together, because each crossing
 * costs both threads more than most messages do.
 *
 * None waits for long: a batch leaves when the turn ends, when it is {@link mostTogether}, with the first message
 * that comes a millisecond after the batch was begun, and at once with a message that nothing is to follow.
 */

/** So many leave at once: the other thread begins with them while more are made here. */
const mostTogether = 8;
const longestMs = 1;

/** The part of a MessagePort that is needed. */
export interface PostsBatches<T> {
  postMessage(batch: readonly T[]): void;
}

export class Outbox<T> {
  readonly #port: PostsBatches<T>;
  readonly #unsent: (message: T, error: unknown) => void;
  #batch: T[] = [];
  #begun = 0;
  #scheduled = false;

  /** `unsent` is told of a message that cannot be copied; the others are sent all the same. */
  constructor(port: PostsBatches<T>, unsent: (message: T, error: unknown) => void) {
    this.#port = port;
    this.#unsent = unsent;
  }

  /** `isLast`: nothing is under way that another message could come of. */
  push(message: T, isLast: boolean): void {
    const now = performance.now();
    if (this.#batch.length === 0) this.#begun = now;
    this.#batch.push(message);
    if (isLast || this.#batch.length >= mostTogether || now - this.#begun >= longestMs) this.#send();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(this.#atEndOfTurn);
    }
  }

  readonly #atEndOfTurn = (): void => {
    this.#scheduled = false;
    this.#send();
  };

  #send(): void {
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.#batch = [];
    this.#post(batch);
  }

  #post(batch: readonly T[]): void {
    try {
      this.#port.postMessage(batch);
    } catch (error) {
      if (batch.length > 1) for (const message of batch) this.#post([message]);
      else if (batch[0] !== undefined) this.#unsent(batch[0], error);
    }
  }
}
