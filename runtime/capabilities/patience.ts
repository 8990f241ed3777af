/** One timer for whatever is waited for at the moment. */
export class Patience<F> {
  readonly #end: (failure: F) => void;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  /** `end` is called with the failure of a wait that took too long. */
  constructor(end: (failure: F) => void) {
    this.#end = end;
  }

  /** Fails unless something happens in time. Where a wait is under way already, that one counts. */
  expect(millis: number, failure: () => F): void {
    if (this.#isOver) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#end(failure());
    }, millis);
  }

  /** It happened. */
  done(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Nothing is waited for any more. */
  stop(): void {
    this.done();
    this.#isOver = true;
  }
}
