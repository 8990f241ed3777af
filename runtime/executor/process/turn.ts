/** One call on an instance: the process that serves it, and why it is to end, where somebody wants it to. */
import { BulkheadError } from '../../errors.ts';
import { stopReason } from '../call-parts.ts';
import type { FeedWriter } from './feed-writer.ts';
import type { PluginProcess } from './plugin-process.ts';

export class Turn {
  /** Takes a feed while the method runs that reads one. */
  feed: FeedWriter | undefined;
  readonly #outer: AbortSignal | undefined;
  readonly #inner = new AbortController();
  readonly #over = Promise.withResolvers<void>();
  #process: PluginProcess | undefined;
  #stopped: Promise<void> | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#outer = signal;
    if (signal?.aborted) this.#inner.abort(stopReason(signal));
    else signal?.addEventListener('abort', this.#onAbort);
  }

  /** Aborted with a BulkheadError when the call is to end. */
  get signal(): AbortSignal {
    return this.#inner.signal;
  }

  /** The call is inside that process from now on. */
  enter(process: PluginProcess): void {
    this.signal.throwIfAborted();
    this.#process = process;
  }

  /** Ends the call. Resolves when its process is gone. */
  async cancel(reason: BulkheadError): Promise<void> {
    this.#inner.abort(reason);
    this.#stopped ??= this.#process?.cancel(this.#over.promise);
    await this.#stopped;
  }

  /** The error of the call, where it failed: why it was cancelled, or what became of the process. */
  async errorOf(thrown: unknown): Promise<BulkheadError> {
    if (this.signal.aborted) {
      this.#over.resolve();
      await this.#stopped;
      return this.signal.reason as BulkheadError;
    }
    return this.#process ? this.#process.blame(thrown) : BulkheadError.from(thrown);
  }

  /** The call is over; aborting its signal does nothing any more. */
  close(): void {
    this.#over.resolve();
    this.#outer?.removeEventListener('abort', this.#onAbort);
    this.feed?.close();
  }

  readonly #onAbort = (): void => {
    if (this.#outer) void this.cancel(stopReason(this.#outer));
  };
}
