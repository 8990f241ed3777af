/** The queue of a single process: in memory, bounded, lost with the process. */
import { BulkheadError } from '../errors.ts';
import { displayName } from '../model/channel.ts';
import type { Job } from '../model/job.ts';
import { Fifo } from './fifo.ts';
import type { Consumer, JobQueue } from './queue.ts';

/** Settings of the embedded queue. */
export interface EmbeddedQueueOptions {
  /** Most jobs that may wait in a channel. Default: 10,000. */
  readonly capacity?: number;
}

/** Keeps jobs in memory and hands them over without timers or polling. */
export class EmbeddedQueue implements JobQueue {
  readonly #capacity: number;
  readonly #channels = new Map<string, Channel>();
  #closed = false;

  constructor(options: EmbeddedQueueOptions = {}) {
    this.#capacity = options.capacity ?? 10_000;
  }

  async push(job: Job): Promise<void> {
    if (this.#closed) throw new BulkheadError('shutting-down', 'the server is stopping and takes no new jobs');
    const channel = this.#channel(job.channel);
    if (channel.waiting >= this.#capacity) {
      throw new BulkheadError(
        'queue-full',
        `channel ${displayName(job.channel)} already holds ${this.#capacity} waiting jobs; try again later`,
        {
          details: { channel: job.channel, capacity: this.#capacity },
        },
      );
    }
    channel.push(job);
  }

  consume(channel: string, concurrency: number, handler: (job: Job) => Promise<void>): Consumer {
    return this.#channel(channel).consume(concurrency, handler);
  }

  async size(channel: string): Promise<number> {
    return this.#channels.get(channel)?.waiting ?? 0;
  }

  async close(): Promise<readonly Job[]> {
    this.#closed = true;
    return [...this.#channels.values()].flatMap((channel) => channel.drain());
  }

  #channel(name: string): Channel {
    const known = this.#channels.get(name);
    if (known) return known;
    const channel = new Channel(name);
    this.#channels.set(name, channel);
    return channel;
  }
}

class Channel {
  readonly #name: string;
  /** By priority, highest first. */
  readonly #levels = [new Fifo<Job>(), new Fifo<Job>(), new Fifo<Job>()] as const;
  #handler: ((job: Job) => Promise<void>) | undefined;
  #concurrency = 0;
  #active = 0;
  #idle: (() => void) | undefined;
  waiting = 0;

  constructor(name: string) {
    this.#name = name;
  }

  push(job: Job): void {
    const level = this.#levels[1 - job.priority] ?? this.#levels[1];
    level.push(job);
    this.waiting++;
    this.#fill();
  }

  consume(concurrency: number, handler: (job: Job) => Promise<void>): Consumer {
    if (this.#handler) throw new BulkheadError('internal', `channel ${displayName(this.#name)} has a consumer already`);
    this.#handler = handler;
    this.#concurrency = concurrency;
    this.#fill();
    return { close: () => this.#stop() };
  }

  drain(): Job[] {
    const jobs: Job[] = [];
    for (let job = this.#take(); job; job = this.#take()) jobs.push(job);
    return jobs;
  }

  #take(): Job | undefined {
    const job = this.#levels[0].shift() ?? this.#levels[1].shift() ?? this.#levels[2].shift();
    if (job) this.waiting--;
    return job;
  }

  #fill(): void {
    while (this.#handler && this.#active < this.#concurrency) {
      const job = this.#take();
      if (!job) return;
      this.#active++;
      this.#handler(job).finally(() => {
        this.#active--;
        if (this.#active === 0) this.#idle?.();
        this.#fill();
      });
    }
  }

  #stop(): Promise<void> {
    this.#handler = undefined;
    if (this.#active === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = resolve;
    });
  }
}
