/** Stored jobs that nothing will ever run, or that nobody has touched for long: found, marked, and purged later. */
import type { Job } from '../model/job.ts';
import type { JobStore } from '../store/store.ts';

/** Stored jobs looked at in one go. */
const page = 500;
/** Most jobs that one search answers; the next search finds the rest. */
const mostFound = 10_000;

export class StaleJobs {
  readonly #store: JobStore;
  readonly #now: () => number;

  constructor(store: JobStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  async find(updatedBefore: number, isOrphan: (job: Job) => boolean, orphansOnly: boolean): Promise<readonly Job[]> {
    const found: Job[] = [];
    for (let offset = 0; found.length < mostFound; offset += page) {
      const jobs = await this.#store.list({ states: ['waiting'], updatedBefore }, page, offset);
      // A job that waits for its own time, as a periodic one does, is not forgotten by anybody.
      const due = jobs.filter(({ job }) => job.runAfter <= updatedBefore);
      found.push(...due.map(({ job }) => job).filter((job) => !orphansOnly || isOrphan(job)));
      if (jobs.length < page) break;
    }
    return found.slice(0, mostFound);
  }

  mark(ids: readonly bigint[]): Promise<readonly Job[]> {
    return this.#store.markStale(ids, this.#now());
  }
}
