/**
 * The output of one streaming job, between the plugin and those who read it.
 *
 * The submitter's reader sets the pace: when it is behind by {@link aheadChunks}, the plugin waits. Other readers
 * do not: what was not read by the time the window has passed is gone, and a reader that still wanted it is told.
 */
import { BulkheadError } from '../errors.ts';
import type { JobResult, ResultOutputItem } from '../model/messages.gen.ts';
import { JobFailed, type OutputReader, type OutputSink } from './results.ts';

/** How far the plugin may be ahead of the submitter's reader. */
const aheadChunks = 32;
const aheadBytes = 1024 * 1024;
/** What is kept for listeners. */
const windowChunks = 1024;
const windowBytes = 4 * 1024 * 1024;

const nobody = -1;

export class JobOutput implements OutputSink {
  /** Listeners may come: the last chunks are kept for them. */
  readonly #broadcast: boolean;
  readonly #items: ResultOutputItem[] = [];
  readonly #sizes: number[] = [];
  /** The number of the first item that is still there. */
  #first = 0;
  #bytes = 0;
  /** The next item that the submitter reads. */
  #submitter = nobody;
  /** Bytes that the submitter has not read. */
  #unread = 0;
  #result: JobResult | undefined;
  #failure: BulkheadError | undefined;
  #begun = false;
  #waiting: (() => void)[] = [];

  constructor(broadcast: boolean) {
    this.#broadcast = broadcast;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isOver(): boolean {
    return this.#result !== undefined || this.#failure !== undefined;
  }

  async write(chunk: Uint8Array, signal: AbortSignal): Promise<void> {
    this.#begun = true;
    this.#push({ data: chunk }, chunk.byteLength);
    const onAbort = (): void => this.#wake();
    signal.addEventListener('abort', onAbort);
    while (this.#isAhead() && !signal.aborted && !this.isOver) await this.#changed();
    signal.removeEventListener('abort', onAbort);
  }

  /** The job has ended. `collected`: its output as one message, where that was asked for. */
  finish(result: JobResult, succeeded: boolean, collected?: Uint8Array): void {
    if (this.isOver) return;
    if (succeeded && collected) this.#push({ final_collected: collected }, collected.byteLength);
    if (succeeded) this.#push({ end: { metadata: result.metadata } }, 0);
    this.#result = result;
    this.#wake();
  }

  /** There will be no result for those who read. */
  fail(reason: BulkheadError): void {
    if (this.isOver) return;
    this.#failure = reason;
    this.#wake();
  }

  /** The one reader that sets the pace. */
  submitterReader(): OutputReader {
    this.#submitter = this.#first;
    return this.#reader(this.#first, true);
  }

  listener(): OutputReader {
    return this.#reader(this.#first, false);
  }

  #reader(from: number, isSubmitter: boolean): OutputReader {
    let closed = false;
    const close = (): void => {
      closed = true;
      if (isSubmitter) this.#submitter = nobody;
      this.#trim();
      this.#wake();
    };
    return {
      begun: this.#whenBegun(),
      missed: from,
      close,
      [Symbol.asyncIterator]: () => this.#read(from, isSubmitter, () => closed, close),
    };
  }

  async #whenBegun(): Promise<JobResult | undefined> {
    while (!this.#begun && !this.isOver) await this.#changed();
    if (this.#failure) throw this.#failure;
    return this.#result;
  }

  async *#read(
    from: number,
    isSubmitter: boolean,
    isClosed: () => boolean,
    close: () => void,
  ): AsyncGenerator<ResultOutputItem, void, undefined> {
    try {
      for (let at = from; !isClosed(); ) {
        if (at < this.#first) throw tooSlow(this.#first - at);
        const item = this.#items[at - this.#first];
        if (item) {
          at++;
          if (isSubmitter) this.#hasRead(at);
          yield item;
        } else if (this.isOver) {
          return this.#endOf();
        } else {
          await this.#changed();
        }
      }
    } finally {
      close();
    }
  }

  #endOf(): void {
    if (this.#failure) throw this.#failure;
    const last = this.#items.at(-1);
    if (this.#result && !last?.end) throw new JobFailed(this.#result);
  }

  #push(item: ResultOutputItem, size: number): void {
    this.#items.push(item);
    this.#sizes.push(size);
    this.#bytes += size;
    if (this.#submitter !== nobody) this.#unread += size;
    this.#trim();
    this.#wake();
  }

  #hasRead(next: number): void {
    this.#unread -= this.#sizes[next - 1 - this.#first] ?? 0;
    this.#submitter = next;
    this.#trim();
    this.#wake();
  }

  #isAhead(): boolean {
    if (this.#submitter === nobody) return false;
    const chunks = this.#first + this.#items.length - this.#submitter;
    return chunks >= aheadChunks || (chunks > 0 && this.#unread >= aheadBytes);
  }

  /** Lets go what nobody can want any more. What the submitter has not read always stays. */
  #trim(): void {
    const end = this.#first + this.#items.length;
    while (this.#items.length > 0) {
      const wanted = this.#submitter !== nobody && this.#first >= this.#submitter;
      const kept = this.#broadcast && end - this.#first <= windowChunks && this.#bytes <= windowBytes;
      // The end is for everybody, whenever they come.
      if (wanted || kept || this.#items[0]?.end) return;
      this.#items.shift();
      this.#bytes -= this.#sizes.shift() ?? 0;
      this.#first++;
    }
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

function tooSlow(missed: number): BulkheadError {
  return new BulkheadError(
    'listener-too-slow',
    `${missed} chunks were gone before they were read: a listener gets the last ${windowChunks} chunks or ${windowBytes} bytes`,
    { details: { missed } },
  );
}
