/**
 * The outputs of all streaming jobs: those under way, and for a while those that ended and were broadcast.
 *
 * What is kept after the end is bounded by number, bytes and age; the oldest goes first.
 */
import type { BulkheadError } from '../errors.ts';
import type { JobResult } from '../model/messages.gen.ts';
import { JobOutput } from './job-output.ts';

/** What is kept of ended streams. */
const keptOutputs = 1000;
const keptBytes = 64 * 1024 * 1024;

interface Ended {
  readonly output: JobOutput;
  readonly at: number;
}

export class Outputs {
  readonly #running = new Map<bigint, JobOutput>();
  readonly #ended = new Map<bigint, Ended>();
  readonly #maxAgeMs: number;
  readonly #now: () => number;
  #bytes = 0;

  constructor(maxAgeMs: number, now: () => number) {
    this.#maxAgeMs = maxAgeMs;
    this.#now = now;
  }

  /** The output of a job that has not ended; made where it is not there. */
  of(jobId: bigint, broadcast: boolean): JobOutput {
    let output = this.#running.get(jobId);
    if (!output) {
      output = new JobOutput(broadcast);
      this.#running.set(jobId, output);
    }
    return output;
  }

  /** The output of a job that is there, ended or not. */
  find(jobId: bigint): JobOutput | undefined {
    this.#dropOld();
    return this.#running.get(jobId) ?? this.#ended.get(jobId)?.output;
  }

  forget(jobId: bigint): void {
    this.#running.delete(jobId);
  }

  finish(jobId: bigint, broadcast: boolean, result: JobResult, succeeded: boolean, collected?: Uint8Array): void {
    // Made even now, so that a listener who comes too late finds the end and does not wait for it.
    const output = this.of(jobId, broadcast);
    output.finish(result, succeeded, collected);
    this.#running.delete(jobId);
    if (!broadcast) return;
    this.#ended.set(jobId, { output, at: this.#now() });
    this.#bytes += output.bytes;
    this.#dropOld();
  }

  fail(jobId: bigint, reason: BulkheadError): void {
    this.#running.get(jobId)?.fail(reason);
    this.#running.delete(jobId);
  }

  failAll(reason: BulkheadError): void {
    for (const jobId of [...this.#running.keys()]) this.fail(jobId, reason);
  }

  #dropOld(): void {
    const expired = this.#now() - this.#maxAgeMs;
    for (const [jobId, { output, at }] of this.#ended) {
      if (this.#ended.size <= keptOutputs && this.#bytes <= keptBytes && at >= expired) return;
      this.#ended.delete(jobId);
      this.#bytes -= output.bytes;
    }
  }
}
