/** The last results of jobs that broadcast and were not stored, for those who listen late. Bounded by number, bytes and age. */
import type { JobResult } from '../model/messages.gen.ts';

const mostResults = 10_000;
const mostBytes = 64 * 1024 * 1024;

interface Recent {
  readonly result: JobResult;
  readonly bytes: number;
}

export class RecentResults {
  readonly #results = new Map<bigint, Recent>();
  readonly #maxAgeMs: number;
  readonly #now: () => number;
  #bytes = 0;

  constructor(maxAgeMs: number, now: () => number) {
    this.#maxAgeMs = maxAgeMs;
    this.#now = now;
  }

  add(jobId: bigint, result: JobResult): void {
    this.#remove(jobId);
    const bytes = 512 + (result.data?.output?.items.byteLength ?? 0) + (result.data?.args.byteLength ?? 0);
    this.#results.set(jobId, { result, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#results.keys()) {
      if (this.#results.size <= mostResults && this.#bytes <= mostBytes) return;
      this.#remove(oldest);
    }
  }

  find(jobId: bigint): JobResult | undefined {
    const result = this.#results.get(jobId)?.result;
    if (!result) return undefined;
    if (Number(result.data?.end_time ?? 0n) >= this.#now() - this.#maxAgeMs) return result;
    this.#remove(jobId);
    return undefined;
  }

  #remove(jobId: bigint): void {
    this.#bytes -= this.#results.get(jobId)?.bytes ?? 0;
    this.#results.delete(jobId);
  }
}
