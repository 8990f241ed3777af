/** Where jobs are on their way: those in memory, and those that wait in the store. */
import type { Job } from '../model/job.ts';
import { JobProcessingStatus } from '../model/messages.gen.ts';
import type { JobStore, StoredFilter, StoredJob } from '../store/store.ts';
import type { Entry } from './entry.ts';
import type { JobView, ViewFilter } from './queue.ts';

export class Views {
  readonly #entries: ReadonlyMap<bigint, Entry>;
  readonly #store: JobStore;
  readonly #now: () => number;

  constructor(entries: ReadonlyMap<bigint, Entry>, store: JobStore, now: () => number) {
    this.#entries = entries;
    this.#store = store;
    this.#now = now;
  }

  async find(id: bigint): Promise<JobView | undefined> {
    const entry = this.#entries.get(id);
    if (entry) return entry.view();
    const stored = await this.#store.find(id);
    return stored && stored.state !== 'stale' ? pending(stored) : undefined;
  }

  async list(filter: ViewFilter, limit: number, offset: number, newestFirst: boolean): Promise<readonly JobView[]> {
    const direction = newestFirst ? -1 : 1;
    const inMemory = this.#inMemory(filter).sort((a, b) => (a.job.id < b.job.id ? -direction : direction));
    const inStore = this.#asksStore(filter)
      ? (await this.#store.list(storeFilter(filter), offset + limit, 0, newestFirst)).map(pending)
      : [];
    const merged = [...inMemory.slice(0, offset + limit), ...inStore];
    merged.sort((a, b) => (a.job.id < b.job.id ? -direction : direction));
    return merged.slice(offset, offset + limit);
  }

  async count(filter: ViewFilter): Promise<ReadonlyMap<JobProcessingStatus, number>> {
    const counts = new Map<JobProcessingStatus, number>();
    const add = (status: JobProcessingStatus, count: number) => counts.set(status, (counts.get(status) ?? 0) + count);
    for (const { status } of this.#inMemory(filter)) add(status, 1);
    const inStore = this.#asksStore(filter) ? await this.#store.count(storeFilter(filter)) : 0;
    if (inStore > 0) add(JobProcessingStatus.PENDING, inStore);
    return counts;
  }

  #inMemory(filter: ViewFilter): JobView[] {
    const views: JobView[] = [];
    const within = filter.within && new Set(filter.within);
    for (const entry of this.#entries.values()) {
      if (within && !within.has(entry.job.workerId)) continue;
      if (this.#passes(entry.job, entry.status, entry.startedAt, filter)) views.push(entry.view());
    }
    return views;
  }

  #passes(job: Job, status: JobProcessingStatus, startedAt: number | undefined, filter: ViewFilter): boolean {
    return (
      (filter.status === undefined || filter.status === status) &&
      (filter.channel === undefined || filter.channel === job.channel) &&
      (filter.workerId === undefined || filter.workerId === job.workerId) &&
      (!filter.kept || job.kept) &&
      (filter.minElapsedMs === undefined || (startedAt !== undefined && this.#now() - startedAt >= filter.minElapsedMs))
    );
  }

  /** What lies in the store only is pending, and has not been running. */
  #asksStore({ status, minElapsedMs }: ViewFilter): boolean {
    return (status === undefined || status === JobProcessingStatus.PENDING) && minElapsedMs === undefined;
  }
}

function storeFilter({ channel, workerId, within }: ViewFilter): StoredFilter {
  return {
    states: ['waiting'],
    within,
    ...(channel !== undefined && { channel }),
    ...(workerId !== undefined && { workerId }),
  };
}

function pending({ job, updatedAt }: StoredJob): JobView {
  return { job, status: JobProcessingStatus.PENDING, since: updatedAt };
}
