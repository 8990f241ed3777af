/** A job that this process has in memory: where it waits, or who runs it. */
import type { BulkheadError } from '../errors.ts';
import type { Job } from '../model/job.ts';
import { JobProcessingStatus } from '../model/messages.gen.ts';
import type { Timer } from '../model/timer.ts';
import type { FairPlace, Ranked } from './fair-line.ts';
import type { JobView, Lease } from './queue.ts';

export class Entry implements Ranked, Lease {
  job: Job;
  status: JobProcessingStatus = JobProcessingStatus.PENDING;
  since: number;
  startedAt: number | undefined;
  /** While it waits for its turn. */
  place: FairPlace<Entry> | undefined;
  /** While it waits for its time. */
  timer: Timer | undefined;
  cancelled: BulkheadError | undefined;
  #listener: ((reason: BulkheadError) => void) | undefined;

  constructor(job: Job, now: number) {
    this.job = job;
    this.since = now;
  }

  get priority(): number {
    return this.job.priority;
  }

  get workerId(): bigint {
    return this.job.workerId;
  }

  onCancel(listener: (reason: BulkheadError) => void): void {
    this.#listener = listener;
    if (this.cancelled) listener(this.cancelled);
  }

  ran(): void {
    this.#turn(JobProcessingStatus.WAIT_RESULT);
  }

  begin(now: number): void {
    this.startedAt = now;
    this.status = JobProcessingStatus.RUNNING;
    this.since = now;
  }

  /** Tells whoever runs it. The first reason holds. */
  cancel(reason: BulkheadError): void {
    if (this.cancelled) return;
    this.cancelled = reason;
    if (this.status === JobProcessingStatus.RUNNING) this.#turn(JobProcessingStatus.CANCELLING);
    this.#listener?.(reason);
  }

  view(): JobView {
    const { job, status, startedAt, since } = this;
    return startedAt === undefined ? { job, status, since } : { job, status, startedAt, since };
  }

  #turn(status: JobProcessingStatus): void {
    this.status = status;
    this.since = Date.now();
  }
}
