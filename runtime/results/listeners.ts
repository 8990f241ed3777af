/** Those who listen for results: of one job, or of all jobs of a worker. Their number and what waits for them is bounded. */
import { BulkheadError } from '../errors.ts';
import type { JobResult } from '../model/messages.gen.ts';
import type { Listening } from './results.ts';

/** Listeners at a time. */
const mostListeners = 10_000;
/** Results that wait for a listener of a worker; more, and it is too slow. */
const waitingResults = 1024;

type Deliver = (result: JobResult) => void;

interface Ears {
  readonly deliver: Deliver;
  readonly fail: (reason: BulkheadError) => void;
}

export class Listeners {
  readonly #byJob = new Map<bigint, Set<Ears>>();
  readonly #byWorker = new Map<bigint, Set<Ears>>();
  #count = 0;

  ofJob(jobId: bigint): Listening {
    const { promise, resolve, reject } = Promise.withResolvers<JobResult>();
    // Whoever stopped listening does not hear that the server stops.
    promise.catch(() => undefined);
    const stop = this.#add(this.#byJob, jobId, { deliver: resolve, fail: reject });
    return { result: promise.finally(stop), stop };
  }

  async *ofWorker(workerId: bigint): AsyncGenerator<JobResult, void, undefined> {
    const results: JobResult[] = [];
    let wake = (): void => {};
    let failure: BulkheadError | undefined;
    const fail = (reason: BulkheadError): void => {
      failure ??= reason;
      wake();
    };
    const deliver = (result: JobResult): void => {
      if (results.length < waitingResults) results.push(result);
      else fail(tooSlow());
      wake();
    };
    const stop = this.#add(this.#byWorker, workerId, { deliver, fail });
    try {
      for (;;) {
        const result = results.shift();
        if (result) yield result;
        else if (failure) throw failure;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      stop();
    }
  }

  /** `isLast`: the job has ended, and those who listen for it alone are told. */
  publish(jobId: bigint, workerId: bigint, result: JobResult, isLast: boolean): void {
    for (const { deliver } of this.#byWorker.get(workerId) ?? []) deliver(result);
    if (!isLast) return;
    for (const { deliver } of this.#byJob.get(jobId) ?? []) deliver(result);
  }

  failAll(reason: BulkheadError): void {
    for (const ears of [...this.#byJob.values(), ...this.#byWorker.values()]) {
      for (const { fail } of ears) fail(reason);
    }
  }

  #add(map: Map<bigint, Set<Ears>>, key: bigint, ears: Ears): () => void {
    if (this.#count >= mostListeners) {
      throw new BulkheadError('too-many-listeners', `${mostListeners} listeners are waiting already; try again later`);
    }
    this.#count++;
    const all = map.get(key) ?? new Set();
    map.set(key, all.add(ears));
    return () => {
      if (!all.delete(ears)) return;
      this.#count--;
      if (all.size === 0) map.delete(key);
    };
  }
}

function tooSlow(): BulkheadError {
  return new BulkheadError('listener-too-slow', `more than ${waitingResults} results waited to be read`);
}
