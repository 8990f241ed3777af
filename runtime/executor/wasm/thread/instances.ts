/**
 * The instances that live in this thread, and the calls on them.
 *
 * A kept instance lives until it is dropped, or lost: then its next call finds a new one. Any other is taken from
 * its pool for one call (or one stream), put back to the state after `load()`, and returned; one that cannot be
 * put back (it trapped, holds handles, its memory grew) is thrown away.
 */
import { BulkheadError } from '../../../errors.ts';
import { checkAnswer } from '../../../model/answer-caps.ts';
import type { CallOutcome, Metadata } from '../../../model/call.ts';
import { type InstanceCounts, noInstances } from '../../../model/figures.ts';
import type {
  CallMessage,
  InstanceKind,
  InstanceRef,
  LoadOutcome,
  StepOutcome,
  StreamEndStep,
  StreamStep,
  ThreadFigures,
} from '../messages.ts';
import { ChunkPump } from './chunk-pump.ts';
import { textOf } from './failure.ts';
import { Guest } from './guest.ts';
import type { SendLog } from './guest-log.ts';
import { IdlePools } from './idle-pools.ts';
import { Phases } from './phases.ts';
import { inTurn } from './turns.ts';

/** How long a plugin's `cancel()` may take before its instance is ended under it, in milliseconds. */
const cancelGrace = 100;

interface Slot {
  readonly guest: Guest;
  /** Unset: it is kept. */
  readonly pool: number | undefined;
  loaded: boolean;
  /** A call is inside the instance right now. */
  busy: boolean;
  /** The stream at hand, where it belongs to a trace. */
  stream?: { readonly phases: Phases; readonly began: number } | undefined;
}

const noMetadata: Metadata = {};

function failed(error: unknown): { ok: false; error: ReturnType<BulkheadError['toJSON']> } {
  return { ok: false, error: BulkheadError.from(error).toJSON() };
}

export class Instances {
  readonly #kinds = new Map<number, InstanceKind>();
  readonly #slots = new Map<number, Slot>();
  /** Instances that wait to be made, and why that is no longer wanted. */
  readonly #coming = new Map<number, BulkheadError | undefined>();
  /** The streams under way, and those that ended and were not read to their end. */
  readonly #pumps = new Map<number, ChunkPump<StreamEndStep>>();
  readonly #counts: { -readonly [Count in keyof InstanceCounts]: number } = { ...noInstances };
  readonly #idle = new IdlePools((count) => {
    this.#counts.unused += count;
  });
  readonly #sendLog: (digest: string) => SendLog;

  constructor(sendLog: (digest: string) => SendLog) {
    this.#sendLog = sendLog;
  }

  async load(ref: InstanceRef): Promise<LoadOutcome> {
    try {
      return await this.#using(ref, async ({ guest }) => ({ ok: true, obstacles: guest.obstacles }));
    } catch (error) {
      return failed(error);
    } finally {
      this.#release(ref.id);
    }
  }

  async run(ref: InstanceRef, call: CallMessage): Promise<CallOutcome> {
    const phases = Phases.of(call.job);
    const outcome = await this.#run(ref, call, phases);
    const usage = this.#slots.get(ref.id)?.guest.usage;
    this.#release(ref.id, phases);
    return usage ? { ...outcome, usage: phases ? { ...usage, phases: phases.list } : usage } : outcome;
  }

  async #run(ref: InstanceRef, call: CallMessage, phases: Phases | undefined): Promise<CallOutcome> {
    try {
      const use = (slot: Slot) => {
        slot.guest.setJob(call.job);
        const enter = () =>
          slot.guest.call((exports) => exports.run(call.args, Object.entries(call.metadata), call.using));
        return phases ? phases.time('call', enter) : enter();
      };
      const [result, pairs] = await this.#using(ref, use, phases);
      checkAnswer(this.#kindOf(ref).limits, result.tag === 'ok' ? result.val.byteLength : 0, pairs);
      const metadata: Metadata = pairs.length === 0 ? noMetadata : Object.fromEntries(pairs);
      if (result.tag === 'ok') return { ok: true, output: result.val, metadata };
      return { ...failed(new BulkheadError('plugin-failed', textOf(result.val))), metadata };
    } catch (error) {
      return { ...failed(error), metadata: noMetadata };
    }
  }

  async beginStream(ref: InstanceRef, call: CallMessage, feed: boolean): Promise<StepOutcome> {
    try {
      const phases = Phases.of(call.job);
      const use = async (slot: Slot) => {
        const { guest } = slot;
        slot.stream = phases && { phases, began: performance.now() };
        guest.setJob(call.job, feed);
        if (feed && !(await guest.call((exports) => exports.setupFeedChannel(call.using)))) {
          throw new BulkheadError('method-not-runnable', 'the plugin opened no feed channel for the method');
        }
        await guest.call((exports) => exports.beginStream(call.args, Object.entries(call.metadata), call.using));
      };
      await this.#using(ref, use, phases);
      const slot = this.#slots.get(ref.id);
      if (slot) this.#pumps.set(ref.id, new ChunkPump(() => this.#nextChunk(ref.id, slot)));
      return { ok: true };
    } catch (error) {
      this.#release(ref.id);
      return failed(error);
    }
  }

  /** The next chunks of the stream that was begun on the instance. */
  async receiveStream(id: number): Promise<StreamStep> {
    const pump = this.#pumps.get(id);
    if (!pump) return { ...failed(new BulkheadError('internal', `no stream is open on instance ${id}`)), chunks: [] };
    const { chunks, end } = await pump.take();
    if (!end) return { ok: true, chunks };
    this.#pumps.delete(id);
    return { ...end, chunks };
  }

  /** One chunk of the plugin; with the end of the stream its instance is free. */
  async #nextChunk(id: number, slot: Slot): Promise<{ readonly chunk: Uint8Array } | { readonly end: StreamEndStep }> {
    let end: StepOutcome = { ok: true };
    try {
      const chunk = await this.#inside(slot, () => slot.guest.call((exports) => exports.receiveStream()));
      checkAnswer(slot.guest.limits, chunk?.byteLength ?? 0, []);
      if (chunk !== undefined) return { chunk };
    } catch (error) {
      end = failed(error);
    }
    const { usage } = slot.guest;
    const { phases, began } = slot.stream ?? {};
    if (phases && began !== undefined) phases.add('call', began);
    slot.stream = undefined;
    this.#release(id, phases);
    return { end: { ...end, usage: phases ? { ...usage, phases: phases.list } : usage } };
  }

  async feed(id: number, chunk: Uint8Array, final: boolean): Promise<StepOutcome> {
    const accepted = (await this.#slots.get(id)?.guest.feed?.push(chunk, final)) ?? false;
    if (accepted) return { ok: true };
    return failed(new BulkheadError('field-invalid', 'the job takes no feed, or its feed was ended'));
  }

  /** Ends what the instance does: it is told where it can be entered, and ended at the boundary where not. */
  async cancel(id: number, reason: BulkheadError): Promise<void> {
    this.#pumps.get(id)?.stop(failed(reason));
    this.#pumps.delete(id);
    if (this.#coming.has(id)) this.#coming.set(id, reason);
    const slot = this.#slots.get(id);
    if (!slot) return;
    if (!slot.busy && !slot.guest.lost) {
      const timer = setTimeout(() => slot.guest.end(reason), cancelGrace);
      // What cancel() answers, or how it fails, changes nothing: the job is over either way.
      await this.#inside(slot, () => slot.guest.call((exports) => exports.cancel())).catch(() => false);
      clearTimeout(timer);
    }
    slot.guest.end(reason);
    if (!slot.busy) this.#release(id);
  }

  /** Frees the instance. */
  drop(id: number): void {
    this.#pumps.get(id)?.stop(failed(new BulkheadError('cancelled', 'the instance was dropped')));
    this.#pumps.delete(id);
    if (this.#slots.has(id)) this.#counts.released++;
    this.#discard(id);
  }

  addKind(kind: InstanceKind): void {
    this.#kinds.set(kind.number, kind);
  }

  /** Frees the instances of the kind that wait. */
  removeKind(kind: number): void {
    this.#kinds.delete(kind);
    this.#counts.released += this.#idle.drop(kind);
  }

  /** What lives here, and what happened so far. */
  figures(): Omit<ThreadFigures, 'loopDelay'> {
    const slots = [...this.#slots.values()];
    const kept = slots.filter(({ pool, busy }) => pool === undefined && !busy).length;
    const memoryBytes = slots.reduce((sum, { guest }) => sum + guest.memoryBytes, this.#idle.bytes);
    return { busy: slots.length - kept, kept, idle: this.#idle.size, memoryBytes, counts: { ...this.#counts } };
  }

  /** The instance is gone; chunks that it gave may still be read. */
  #discard(id: number): void {
    this.#slots.get(id)?.guest.dispose();
    this.#slots.delete(id);
  }

  /** Runs `use` on the instance, made and loaded first where it is not there. */
  async #using<T>(ref: InstanceRef, use: (slot: Slot) => Promise<T>, phases?: Phases): Promise<T> {
    const slot = this.#slots.get(ref.id) ?? this.#takeIdle(ref) ?? (await this.#make(ref, phases));
    return this.#inside(slot, async () => {
      if (!slot.loaded) {
        const load = () => this.#load(slot, this.#kindOf(ref).settings);
        await (phases ? phases.time('load', load) : load());
      }
      return use(slot);
    });
  }

  async #inside<T>(slot: Slot, use: () => Promise<T>): Promise<T> {
    if (slot.busy) throw new BulkheadError('internal', 'an instance was called while it served another call');
    slot.busy = true;
    try {
      return await use();
    } finally {
      slot.busy = false;
    }
  }

  #takeIdle(ref: InstanceRef): Slot | undefined {
    const idle = ref.isKept ? undefined : this.#idle.take(ref.kind);
    return idle && this.#house(ref, idle, true);
  }

  /** A new instance, in its turn. Throws why it was cancelled, where it was before it was there. */
  async #make(ref: InstanceRef, phases: Phases | undefined): Promise<Slot> {
    this.#coming.set(ref.id, undefined);
    try {
      return await inTurn(() => {
        const reason = this.#coming.get(ref.id);
        if (reason) throw reason;
        const began = performance.now();
        const kind = this.#kindOf(ref);
        const guest = new Guest(kind, this.#sendLog(kind.digest));
        this.#counts.made++;
        phases?.add('make', began);
        return this.#house(ref, guest, false);
      });
    } finally {
      this.#coming.delete(ref.id);
    }
  }

  #kindOf({ kind }: InstanceRef): InstanceKind {
    const known = this.#kinds.get(kind);
    if (!known) throw new BulkheadError('internal', `the thread was not told of instances of kind ${kind}`);
    return known;
  }

  #house({ id, kind, isKept }: InstanceRef, guest: Guest, loaded: boolean): Slot {
    const slot: Slot = { guest, pool: isKept ? undefined : kind, loaded, busy: false };
    this.#slots.set(id, slot);
    return slot;
  }

  async #load(slot: Slot, settings: Uint8Array): Promise<void> {
    try {
      await slot.guest.call((exports) => exports.load(settings));
      slot.loaded = true;
      if (slot.pool !== undefined) slot.guest.capture();
    } catch (thrown) {
      const error = BulkheadError.from(thrown);
      const code = error.code === 'plugin-failed' ? 'load-failed' : error.code;
      throw new BulkheadError(code, `in load(): ${error.message}`, { details: error.details, cause: error });
    }
  }

  /** After a call: what is kept, or can be put back, waits for its next job; the rest is thrown away. */
  #release(id: number, phases?: Phases): void {
    const slot = this.#slots.get(id);
    if (!slot) return;
    const began = performance.now();
    const { guest, pool } = slot;
    const good = slot.loaded && !guest.lost;
    if (good) guest.setJob(undefined);
    if (good && pool === undefined) return;
    const isReset = good && guest.reset();
    if (!isReset) {
      this.#counts[good ? 'unfit' : 'lost']++;
      this.#discard(id);
      phases?.add('drop', began);
      return;
    }
    this.#counts.reset++;
    phases?.add('reset', began);
    this.#slots.delete(id);
    if (pool !== undefined) this.#idle.put(pool, guest);
  }
}
