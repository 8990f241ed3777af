/** One channel of the embedded queue: who waits in memory, who runs, and how many at a time. */
import { BulkheadError } from '../errors.ts';
import { displayName } from '../model/channel.ts';
import type { Entry } from './entry.ts';
import { FairLine } from './fair-line.ts';
import type { ChannelState, Consumer } from './queue.ts';

/** Runs one entry; never rejects. */
type Run = (entry: Entry) => Promise<void>;

export class Channel {
  readonly #name: string;
  readonly #line = new FairLine<Entry>();
  /** Asked when there is room for more jobs than wait in memory. */
  readonly #hungry: () => void;
  #run: Run | undefined;
  #concurrency = 0;
  #active = 0;
  #idle: (() => void) | undefined;
  /** Entries that wait for their time, and count as waiting. */
  delayed = 0;
  /** The store may have jobs for this channel that are not in memory. */
  storeHasMore = true;
  /** The store is being asked. */
  claiming = false;

  constructor(name: string, hungry: () => void) {
    this.#name = name;
    this.#hungry = hungry;
  }

  get waiting(): number {
    return this.#line.size + this.delayed;
  }

  /** How many jobs of the store should be in memory beside those that are: some for each place. */
  get appetite(): number {
    return this.#run ? Math.max(0, 2 * this.#concurrency - this.#line.size) : 0;
  }

  get state(): ChannelState {
    return { name: this.#name, concurrency: this.#concurrency, waiting: this.waiting, running: this.#active };
  }

  push(entry: Entry): void {
    entry.place = this.#line.push(entry);
    this.fill();
  }

  /** Takes out an entry that waits for its turn. */
  remove(entry: Entry): void {
    if (entry.place) this.#line.remove(entry.place);
    entry.place = undefined;
  }

  consume(concurrency: number, run: Run): Consumer {
    if (this.#run) throw new BulkheadError('internal', `channel ${displayName(this.#name)} has a consumer already`);
    this.#run = run;
    this.#concurrency = concurrency;
    this.fill();
    return {
      resize: (size) => {
        this.#concurrency = size;
        this.fill();
      },
      close: () => this.#stop(),
    };
  }

  drain(): Entry[] {
    const entries: Entry[] = [];
    for (let entry = this.#line.shift(); entry; entry = this.#line.shift()) {
      entry.place = undefined;
      entries.push(entry);
    }
    return entries;
  }

  fill(): void {
    while (this.#run && this.#active < this.#concurrency) {
      const entry = this.#line.shift();
      if (!entry) break;
      entry.place = undefined;
      this.#active++;
      void this.#run(entry).then(this.#ended);
    }
    if (this.storeHasMore && !this.claiming && this.appetite > 0) this.#hungry();
  }

  readonly #ended = (): void => {
    this.#active--;
    if (this.#active === 0) this.#idle?.();
    this.fill();
  };

  #stop(): Promise<void> {
    this.#run = undefined;
    if (this.#active === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = resolve;
    });
  }
}
