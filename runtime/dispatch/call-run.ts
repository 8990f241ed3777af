/**
 * One call under way on an instance, with an end in any case.
 *
 * A call without a time limit costs no timer. When it is stopped, the executor has a grace time to end
 * it; one that does not loses the call, and the instance with it.
 */
import { BulkheadError, catalogue } from '../errors.ts';
import type { CallOutcome } from '../model/call.ts';
import { startTimer, type Timer } from '../model/timer.ts';

/** An outcome, and whether the instance may be used again. */
export interface Ran {
  readonly outcome: CallOutcome;
  readonly reusable: boolean;
  /** A failure of the host, for the log. */
  readonly fault?: unknown;
}

/** Makes the call. */
type Call = (run: CallRun) => Promise<CallOutcome>;

/** Milliseconds. */
export interface CallLimits {
  /** Longest run, or between two calls of {@link CallRun.progress}; 0: no limit. */
  readonly timeoutMs: number;
  /** How long the executor may take to end a stopped call. */
  readonly graceMs: number;
}

/** Begins its call on construction. */
export class CallRun {
  /** Settles once, never rejects. */
  readonly ended: Promise<Ran>;
  readonly #abort = new AbortController();
  readonly #timeoutMs: number;
  readonly #graceMs: number;
  #timer: Timer | undefined;
  #settle: (ran: Ran) => void = () => {};

  constructor(call: Call, { timeoutMs, graceMs }: CallLimits) {
    this.#timeoutMs = timeoutMs;
    this.#graceMs = graceMs;
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.progress();
    this.#begin(call);
  }

  /** Aborted when the call is to end. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The time for the call begins anew. */
  progress(): void {
    this.pause();
    if (this.#timeoutMs > 0 && !this.#abort.signal.aborted)
      this.#timer = startTimer(this.#timeoutMs, () => this.stop(timedOut(this.#timeoutMs)));
  }

  /** Time does not count until the next {@link progress}. */
  pause(): void {
    if (!this.#abort.signal.aborted) this.#timer?.cancel();
  }

  /** Ends the call with that error, at once or after the grace time. */
  stop(reason: BulkheadError): void {
    if (this.#abort.signal.aborted) return;
    this.#timer?.cancel();
    this.#timer = startTimer(this.#graceMs, () => {
      const fault = new Error(`an executor did not end a call within ${this.#graceMs} ms of its abort`);
      this.#settle({ outcome: failure(reason), reusable: false, fault });
    });
    this.#abort.abort(reason);
  }

  #begin(call: Call): void {
    try {
      call(this).then(
        (outcome) => this.#end({ outcome, reusable: true }),
        (thrown: unknown) => this.#end(failed(thrown)),
      );
    } catch (thrown) {
      this.#end(failed(thrown));
    }
  }

  #end(ran: Ran): void {
    this.#timer?.cancel();
    this.#settle(ran);
  }
}

/** An error as the outcome of a job. */
export function failure(error: BulkheadError): CallOutcome {
  return { ok: false, error: error.toJSON(), metadata: {} };
}

/** What an executor threw: an outcome like others, unless the host is to blame. */
export function failed(thrown: unknown): Ran {
  const error = BulkheadError.from(thrown);
  const outcome = failure(error);
  return catalogue[error.code].blame === 'host'
    ? { outcome, reusable: false, fault: thrown }
    : { outcome, reusable: true };
}

function timedOut(timeoutMs: number): BulkheadError {
  return new BulkheadError('deadline-exceeded', `the job did not end within its ${timeoutMs} ms`, {
    details: { timeout_ms: timeoutMs },
  });
}
