/**
 * The border where a suspended instance can be ended from outside.
 *
 * jco's glue never settles an export whose import rejected inside of it, and V8 never frees a suspended
 * instance that is merely dropped. So the promise that V8 itself waits for is ours: while the glue is being
 * instantiated, `WebAssembly.Suspending` wraps each suspending import so that {@link Boundary.end} can reject
 * it. That unwinds the guest's stack and rejects the export's promise.
 */

/** Unwinds a guest that is ended by the host. A RuntimeError, so that the glue takes the instance for trapped. */
export class EndedByHost extends WebAssembly.RuntimeError {
  override readonly cause: Error;

  constructor(cause: Error) {
    super(cause.message);
    this.cause = cause;
  }
}

type Import = (...args: never[]) => unknown;

/** Told when the instance begins to wait and when it goes on. */
export interface Waits {
  pause(): void;
  resume(): void;
}

export class Boundary {
  /** Set before the first call. */
  waits: Waits = { pause: () => undefined, resume: () => undefined };
  #ended: EndedByHost | undefined;
  readonly #endAnswers = new Map<Import, unknown>();
  #reject: ((error: EndedByHost) => void) | undefined;

  /** Why the instance was ended, if it was. */
  get ended(): EndedByHost | undefined {
    return this.#ended;
  }

  /** Ends the instance: at once where it is suspended, at its next suspending import where it runs. */
  end(cause: Error): EndedByHost {
    this.#ended ??= new EndedByHost(cause);
    this.#reject?.(this.#ended);
    return this.#ended;
  }

  /**
   * Makes a suspending import that answers `atEnd` instead of throwing when the instance is ended: a guest can catch
   * what an import throws.
   */
  answering(fn: Import, atEnd: unknown): object {
    this.#endAnswers.set(fn, atEnd);
    return new WebAssembly.Suspending(fn);
  }

  /** Runs `instantiate` (synchronously) with every suspending import that it makes under this boundary. */
  guard<T>(instantiate: () => T): T {
    const original = WebAssembly.Suspending;
    const wrap = (fn: Import) => this.#wrap(fn);
    WebAssembly.Suspending = class extends original {
      constructor(fn: Import) {
        super(wrap(fn));
      }
    };
    try {
      return instantiate();
    } finally {
      WebAssembly.Suspending = original;
    }
  }

  #wrap(fn: Import): Import {
    const answersEnd = this.#endAnswers.has(fn);
    const atEnd = this.#endAnswers.get(fn);
    return (...args) => {
      if (this.#ended) {
        if (answersEnd) return atEnd;
        throw this.#ended;
      }
      const answer = fn(...args);
      if (!(answer instanceof Promise)) return answer;
      this.waits.pause();
      // One promise a wait: racing a single long-lived promise would gather a reaction for each wait.
      return new Promise((resolve, reject) => {
        const settle =
          <V>(finish: (value: V) => void) =>
          (value: V) => {
            this.#reject = undefined;
            this.waits.resume();
            finish(value);
          };
        this.#reject = answersEnd ? () => settle(resolve)(atEnd) : settle(reject);
        // Ended by the import itself: the glue's promise may never settle.
        if (this.#ended) this.#reject(this.#ended);
        answer.then(settle(resolve), settle(reject));
      });
    };
  }
}
