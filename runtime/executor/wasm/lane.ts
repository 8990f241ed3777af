/**
 * One plugin thread: a piscina pool of exactly one, so that a kept instance can be found again where it lives.
 *
 * The thread is replaced when it stops answering (an endless loop, a host call that never returns). Its calls
 * then end with `thread-lost`; the instances that lived there are made anew by their next call.
 */
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { makeLedger } from '../../capabilities/filesystem-quota.ts';
import { BulkheadError } from '../../errors.ts';
import { addCounts, type InstanceCounts, noInstances } from '../../model/figures.ts';
import type {
  FlushedMessage,
  LogMessage,
  PluginCode,
  RequestOf,
  ThreadAnswers,
  ThreadFigures,
  ThreadOp,
} from './messages.ts';

/** The thread's entry, beside this file, with this file's ending (`.ts` from source, `.js` as published). */
const entry = fileURLToPath(
  new URL(`./thread/main${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url),
);

/** What plugins keep in granted directories is counted for all threads of the process together. */
const ledger = makeLedger();

/**
 * How long a thread may take to answer a cancel before it is taken for hung, in milliseconds. A thread is merely busy
 * when several instances in a row hold it where they cannot give way; replacing it costs the neighbours their state.
 */
const hungAfter = 4000;

/** How long a thread may take to say its figures, in milliseconds; a busy one says them the next time. */
const figuresWithin = 500;

/** How long a thread that closes may take to send what plugins logged, in milliseconds. */
const flushWithin = 250;

function isMessage(message: unknown): message is LogMessage | FlushedMessage {
  return typeof message === 'object' && message !== null && 'kind' in message;
}

/** What a thread tells on its own account. */
export interface LaneEvents {
  /** Takes what plugins log. Called often; it must not throw. */
  readonly onLog: (message: LogMessage) => void;
  /** Takes a defect of the host that no caller learns of. */
  readonly onFault: (what: string, error: unknown) => void;
}

export class Lane {
  readonly #events: LaneEvents;
  /** Counted up before a cancel is sent: an instance that computes gives way at once, and the message is seen. */
  readonly #knocks = new Int32Array(new SharedArrayBuffer(4));
  #pool: Piscina;
  #plugins = new Map<string, Promise<undefined>>();
  /** Counts up with every thread; a call knows by it that its thread is gone. */
  #generation = 0;
  #pending = 0;
  #closed = false;
  readonly #flushed = Promise.withResolvers<void>();
  /** What threads that are gone counted, as far as they said so. */
  #past: InstanceCounts = noInstances;
  #figures: ThreadFigures | undefined;
  #asked: Promise<void> | undefined;
  #lost = 0;

  constructor(events: LaneEvents) {
    this.#events = events;
    this.#pool = this.#start();
  }

  /** Kept instances whose home this is. Counted by who places them. */
  kept = 0;

  /** Requests under way. */
  get pending(): number {
    return this.#pending;
  }

  /** Sends one request. Throws `thread-lost` when the thread goes before it answers. */
  async request<Op extends ThreadOp>(request: RequestOf<Op>): Promise<ThreadAnswers[Op]> {
    const generation = this.#generation;
    this.#pending++;
    try {
      return (await this.#pool.run(request)) as ThreadAnswers[Op];
    } catch (error) {
      if (this.#closed) throw new BulkheadError('shutting-down', 'the executor was closed');
      if (generation === this.#generation) throw BulkheadError.from(error);
      throw new BulkheadError('thread-lost', 'the thread that ran the call stopped answering and was replaced');
    } finally {
      this.#pending--;
    }
  }

  /** Gives the thread a plugin's code, once. */
  addPlugin(code: PluginCode): Promise<undefined> | undefined {
    let added = this.#plugins.get(code.digest);
    if (!added) {
      added = this.request({ op: 'add-plugin', code });
      added.catch(() => this.#plugins.delete(code.digest));
      this.#plugins.set(code.digest, added);
    }
    return added;
  }

  removePlugin(digest: string): void {
    if (this.#plugins.delete(digest)) void this.#inform({ op: 'remove-plugin', digest });
  }

  drop(id: number): void {
    void this.#inform({ op: 'drop', id });
  }

  dropPool(pool: number): void {
    void this.#inform({ op: 'drop-pool', pool });
  }

  /**
   * Ends the call on an instance; resolves once the thread has, or was replaced because it did not answer.
   * `isOver` tells whether the call itself ended in time.
   */
  async cancel(id: number, reason: BulkheadError, isOver: () => boolean): Promise<void> {
    const generation = this.#generation;
    Atomics.add(this.#knocks, 0, 1);
    const timer = setTimeout(() => {
      if (!isOver() && generation === this.#generation) this.#replace();
    }, hungAfter).unref();
    await this.#inform({ op: 'cancel', id, reason: reason.toJSON() });
    if (isOver()) clearTimeout(timer);
  }

  /** Threads that were lost here. */
  get lost(): number {
    return this.#lost;
  }

  /** What the thread last said of itself, and what was counted here in all; `isSilent`: it did not answer in time. */
  async figures(): Promise<{ figures?: ThreadFigures; counts: InstanceCounts; isSilent: boolean }> {
    this.#asked ??= this.#ask();
    const late = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => late.resolve('late'), figuresWithin);
    const isSilent = (await Promise.race([this.#asked, late.promise])) === 'late';
    clearTimeout(timer);
    const figures = this.#figures;
    return {
      ...(figures && { figures }),
      counts: figures ? addCounts(this.#past, figures.counts) : this.#past,
      isSilent,
    };
  }

  async #ask(): Promise<void> {
    const generation = this.#generation;
    try {
      const figures = await this.request<'figures'>({ op: 'figures' });
      if (generation === this.#generation) this.#figures = figures;
    } catch (error) {
      // A thread that went before it answered: the next one is asked the next time.
      if (BulkheadError.from(error).code === 'internal') this.#events.onFault('a plugin thread has no figures', error);
    } finally {
      this.#asked = undefined;
    }
  }

  /** Ends the thread, after what plugins logged has come. */
  async close(): Promise<void> {
    const late = setTimeout(() => this.#flushed.resolve(), flushWithin);
    // Not awaited: a hung thread never answers.
    void this.#inform({ op: 'flush' });
    await this.#flushed.promise;
    clearTimeout(late);
    this.#closed = true;
    this.#generation++;
    await this.#pool.destroy();
  }

  /** Sends a request whose answer says nothing. It fails only with the thread, and that the calls are told. */
  async #inform<Op extends 'remove-plugin' | 'cancel' | 'drop' | 'drop-pool' | 'flush'>(
    request: RequestOf<Op>,
  ): Promise<void> {
    if (this.#closed) return;
    await this.request<Op>(request).catch((error: unknown) => {
      if (BulkheadError.from(error).code === 'internal') throw error;
    });
  }

  #replace(): void {
    if (this.#closed) return;
    this.#forget();
    const hung = this.#pool;
    this.#pool = this.#start();
    void hung.destroy();
  }

  /** The thread is gone, and with it whatever it was given. */
  #forget(): void {
    this.#generation++;
    this.#plugins = new Map();
    if (this.#closed) return;
    this.#lost++;
    if (this.#figures) this.#past = addCounts(this.#past, this.#figures.counts);
    this.#figures = undefined;
  }

  #start(): Piscina {
    const pool = new Piscina({
      filename: entry,
      minThreads: 1,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      // Instances that wait are suspended, so a thread takes whatever dispatch sends; that is where the bound is.
      concurrentTasksPerWorker: Number.MAX_SAFE_INTEGER,
      // Waiting by Atomics would stop the thread's event loop, and with it every suspended instance.
      atomics: 'disabled',
      recordTiming: false,
      env: {},
      workerData: { knocks: this.#knocks, ledger },
    });
    pool.on('message', (message: unknown) => {
      if (!isMessage(message)) return;
      if (message.kind === 'log') this.#events.onLog(message);
      else this.#flushed.resolve();
    });
    // A thread that dies on its own account; piscina starts the next one, and fails the tasks after this event.
    pool.on('workerDestroy', () => {
      if (pool === this.#pool) this.#forget();
    });
    pool.on('error', (error: unknown) => {
      // Of a pool that was given up it is an answer that crossed with its end.
      if (pool === this.#pool && !this.#closed) this.#events.onFault('a plugin thread without calls failed', error);
    });
    return pool;
  }
}
