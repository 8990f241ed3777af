/**
 * One plugin thread: a piscina pool of exactly one with one task, so that a kept instance can be found again where it
 * lives.
 *
 * The thread is replaced when it stops beating (a host call that never returns): its calls then end with
 * `thread-lost`, which may be tried again, and the instances that lived there are made anew by their next call. A
 * thread that is merely busy beats between two turns, however long its calls take.
 */
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { makeLedger } from '../../capabilities/filesystem-quota.ts';
import { BulkheadError } from '../../errors.ts';
import { addCounts, type InstanceCounts, noInstances } from '../../model/figures.ts';
import { Link } from './link.ts';
import {
  type FlushedMessage,
  type InstanceKind,
  type LogMessage,
  type PluginCode,
  pulseCells,
  type RequestOf,
  type ThreadAnswers,
  type ThreadData,
  type ThreadFigures,
  type ThreadOp,
} from './messages.ts';

/** The thread's entry, beside this file, with this file's ending (`.ts` from source, `.js` as published). */
const entry = fileURLToPath(
  new URL(`./thread/main${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url),
);

/** What plugins keep in granted directories is counted for all threads of the process together. */
const ledger = makeLedger();

/** How often a thread that has calls is looked at, in milliseconds. */
const watchEvery = 500;
/**
 * How many looks in a row may find a thread that did not beat before it is taken for hung: some 4 seconds. Replacing it
 * costs the neighbours their state, and instances may hold it one after the other where they cannot give way.
 */
const mostMissed = 8;
/** As long as it has never beaten it is starting, which takes longer on a busy machine. */
const mostMissedAtStart = 60;

/** How long a thread may take to say its figures, in milliseconds; a busy one says them the next time. */
const figuresWithin = 500;

/** How long a thread that closes may take to send what plugins logged, in milliseconds. */
const flushWithin = 250;

/** What the neighbours of a hung call are told; it itself is told why it was ended, where somebody ended it. */
const lost =
  'the thread that ran the job stopped answering, for this job or another one in it, and was replaced: how far the job came is not known, and it may be run again';

function newPulse(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(8));
}

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
  readonly #watch = setInterval(() => this.#look(), watchEvery).unref();
  /** Each thread has its own: one that was given up may go on beating for a while. */
  #pulse = newPulse();
  #seenBeats = 0;
  #missed = 0;
  #pool: Piscina;
  /** Another one for each thread. */
  #link = new Link();
  #plugins = new Map<string, Promise<undefined>>();
  /** The kinds of instances that the thread was told of. */
  #kinds = new Set<number>();
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

  /** Calls under way, from before their first request to their end. Counted by whoever calls. */
  calls = 0;

  /** Sends one request. Throws `thread-lost` when the thread goes before it answers. */
  request<Op extends ThreadOp>(request: RequestOf<Op>): Promise<ThreadAnswers[Op]> {
    return this.#link.request(request);
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

  /** Tells the thread of a kind of instances, once. */
  addKind(kind: InstanceKind): void {
    if (this.#kinds.has(kind.number)) return;
    this.#kinds.add(kind.number);
    void this.#inform({ op: 'add-kind', kind });
  }

  /** There are no instances of the kind any more, and those that wait are not needed. */
  removeKind(kind: number): void {
    if (this.#kinds.delete(kind)) void this.#inform({ op: 'remove-kind', kind });
  }

  drop(id: number): void {
    void this.#inform({ op: 'drop', id });
  }

  /** Ends the call on an instance; resolves once the thread has, or was replaced because it did not answer. */
  async cancel(id: number, reason: BulkheadError): Promise<void> {
    // Before the message: an instance that computes gives way at once, and the message is seen.
    Atomics.add(this.#pulse, pulseCells.knocks, 1);
    await this.#inform({ op: 'cancel', id, reason: reason.toJSON() });
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
    const link = this.#link;
    try {
      const figures = await this.request<'figures'>({ op: 'figures' });
      if (link === this.#link) this.#figures = figures;
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
    clearInterval(this.#watch);
    this.#link.end(new BulkheadError('shutting-down', 'the executor was closed'));
    await this.#pool.destroy();
  }

  /** Sends a request whose answer says nothing. It fails only with the thread, and that the calls are told. */
  async #inform<Op extends 'remove-plugin' | 'add-kind' | 'remove-kind' | 'cancel' | 'drop' | 'flush'>(
    request: RequestOf<Op>,
  ): Promise<void> {
    if (this.#closed) return;
    await this.request<Op>(request).catch((error: unknown) => {
      if (BulkheadError.from(error).code === 'internal') throw error;
    });
  }

  /** Replaces a thread that has calls and does not beat. */
  #look(): void {
    const beats = Atomics.load(this.#pulse, pulseCells.beats);
    if (beats !== this.#seenBeats || this.#link.pending === 0) this.#missed = 0;
    else if (++this.#missed > (beats === 0 ? mostMissedAtStart : mostMissed)) this.#replace();
    this.#seenBeats = beats;
  }

  #replace(): void {
    if (this.#closed) return;
    const hung = this.#pool;
    this.#forget();
    this.#pool = this.#start();
    void hung.destroy();
  }

  /** The thread is gone, and with it whatever it was given. */
  #forget(): void {
    this.#link.end(new BulkheadError('thread-lost', lost));
    this.#link = new Link();
    this.#missed = 0;
    // The next thread is starting, and has the same cells where piscina starts it.
    Atomics.store(this.#pulse, pulseCells.beats, 0);
    this.#plugins = new Map();
    this.#kinds = new Set();
    this.#lost++;
    if (this.#figures) this.#past = addCounts(this.#past, this.#figures.counts);
    this.#figures = undefined;
  }

  #start(): Piscina {
    this.#pulse = newPulse();
    this.#seenBeats = 0;
    const pool = new Piscina({
      filename: entry,
      minThreads: 1,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      // Waiting by Atomics would stop the thread's event loop, and with it every suspended instance.
      atomics: 'disabled',
      recordTiming: false,
      env: {},
      workerData: { pulse: this.#pulse, ledger } satisfies ThreadData,
    });
    pool.on('message', (message: unknown) => {
      if (!isMessage(message)) return;
      if (message.kind === 'log') this.#events.onLog(message);
      else this.#flushed.resolve();
    });
    // A thread that dies on its own account; piscina starts the next one.
    pool.on('workerDestroy', () => {
      if (pool !== this.#pool || this.#closed) return;
      this.#forget();
      this.#serve(pool);
    });
    pool.on('error', (error: unknown) => {
      // Of a pool that was given up it is an answer that crossed with its end.
      if (pool === this.#pool && !this.#closed) this.#events.onFault('a plugin thread without calls failed', error);
    });
    this.#serve(pool);
    return pool;
  }

  /** The thread's one task. It ends with the thread, of which `workerDestroy` tells. */
  #serve(pool: Piscina): void {
    const { far } = this.#link;
    // Piscina's types take the wrong one of the two ways in which a port may be told what to transfer.
    const transferList = [far] as unknown as NonNullable<NonNullable<Parameters<Piscina['run']>[1]>['transferList']>;
    pool.run(far, { transferList }).catch(() => undefined);
  }
}
