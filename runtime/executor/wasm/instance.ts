/** A plugin instance as dispatch sees it: each call is a few messages to the thread where it lives. */
import { BulkheadError } from '../../errors.ts';
import type { CallOutcome, MethodCall, StreamEnd } from '../../model/call.ts';
import { methodFor } from '../../model/method.ts';
import { outputStream, type StreamTold } from '../call-parts.ts';
import type { CallOptions, InstanceSpec, OutputStream, PluginInstance } from '../executor.ts';
import type { Lane } from './lane.ts';
import type { CallMessage, InstanceKind, InstanceRef, PluginCode, RequestOf, ThreadAnswers } from './messages.ts';
import { Session } from './session.ts';

/** Chooses threads, numbers instances, and says what they share. */
export interface Placement {
  readonly kind: InstanceKind;
  /** The instance is disposed. */
  release(): void;
  /** The thread for one call, or for as long as a kept instance lives. */
  lane(isolation: InstanceSpec['isolation']): Lane;
  nextId(): number;
}

function messageOf({ job, using, args, metadata }: MethodCall): CallMessage {
  return using === undefined ? { job, args, metadata } : { job, using, args, metadata };
}

export class WasmInstance implements PluginInstance {
  readonly #spec: InstanceSpec;
  readonly #code: PluginCode;
  readonly #placement: Placement;
  /** Where a kept instance lives, once it was called. */
  #home: { readonly lane: Lane; readonly ref: InstanceRef } | undefined;
  #session: Session | undefined;
  #disposed = false;
  #obstacles: readonly string[] = [];

  constructor(spec: InstanceSpec, code: PluginCode, placement: Placement) {
    this.#spec = spec;
    this.#code = code;
    this.#placement = placement;
  }

  get obstacles(): readonly string[] {
    return this.#obstacles;
  }

  async load(): Promise<void> {
    const session = this.#open();
    const outcome = await session
      .step(() => this.#first(session, { op: 'load', instance: session.instance }))
      .finally(() => this.#close(session));
    if (!outcome.ok) throw BulkheadError.fromWire(outcome.error);
    this.#obstacles = outcome.obstacles;
  }

  async run(call: MethodCall, options: CallOptions = {}): Promise<CallOutcome> {
    const session = this.#open(options.signal);
    try {
      const outcome = await session.step(() =>
        this.#first(session, { op: 'run', instance: session.instance, call: messageOf(call) }),
      );
      return 'metadata' in outcome ? outcome : { ...outcome, metadata: {} };
    } finally {
      this.#close(session);
    }
  }

  stream(call: MethodCall, options: CallOptions = {}): OutputStream {
    return outputStream((told) => this.#chunks(call, options.signal, told));
  }

  async feed(chunk: Uint8Array, isFinal: boolean): Promise<void> {
    const session = this.#session;
    if (!session) throw new BulkheadError('field-invalid', 'no job that takes a feed runs on the instance');
    const { lane, instance } = session;
    const outcome = await session.step(() => lane.request({ op: 'feed', id: instance.id, chunk, final: isFinal }));
    if (!outcome.ok) throw BulkheadError.fromWire(outcome.error);
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#session?.cancel(new BulkheadError('cancelled', 'the instance was disposed'));
    this.#placement.release();
    if (!this.#home) return;
    this.#home.lane.kept--;
    this.#home.lane.drop(this.#home.ref.id);
  }

  /** Begins the stream, yields its chunks as they are read, and tells when it began and how it ended. */
  async *#chunks(
    call: MethodCall,
    signal: AbortSignal | undefined,
    told: StreamTold,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const session = this.#open(signal);
    const { lane, instance } = session;
    let outcome: StreamEnd | undefined;
    try {
      let step = await session.step(() =>
        this.#first(session, {
          op: 'begin-stream',
          instance,
          call: messageOf(call),
          feed: this.#takesFeed(call.using),
        }),
      );
      if (step.ok) told.begun();
      while (step.ok && !outcome) {
        const received = await session.step(() => lane.request({ op: 'receive-stream', id: instance.id }));
        for (const chunk of 'chunks' in received ? received.chunks : []) {
          if (session.isCancelled) break;
          yield chunk;
        }
        if (received.ok && received.usage) outcome = { ok: true, metadata: {}, usage: received.usage };
        step = received;
      }
      if (!step.ok) outcome = { ...step, metadata: {} };
    } finally {
      if (!outcome) {
        const left = new BulkheadError('cancelled', 'the stream was no longer read');
        await session.cancel(left);
        outcome = { ok: false, error: left.toJSON(), metadata: {} };
      }
      this.#close(session);
      told.ended(outcome);
    }
  }

  #takesFeed(using: string | undefined): boolean {
    return methodFor(this.#spec.plugin.runner.methods, using)?.needFeed ?? false;
  }

  #open(signal?: AbortSignal): Session {
    if (this.#disposed) throw new BulkheadError('internal', 'a disposed instance was called');
    if (this.#session) throw new BulkheadError('internal', 'an instance was called while it served another call');
    const { lane, ref } = this.#home ?? this.#settle();
    lane.addKind(this.#placement.kind);
    const session = new Session(lane, ref, signal);
    this.#session = session;
    lane.calls++;
    return session;
  }

  /** The first request of a call: the thread may not have the plugin's code yet. */
  async #first<Op extends 'load' | 'run' | 'begin-stream'>(
    session: Session,
    request: RequestOf<Op>,
  ): Promise<ThreadAnswers[Op]> {
    await session.lane.addPlugin(this.#code);
    // The thread knows nothing yet that a cancel could end: one that came meanwhile is heeded here.
    session.checkCancelled();
    return session.lane.request<Op>(request);
  }

  /** A kept instance stays where it was first called; any other is placed anew for each call. */
  #settle(): { readonly lane: Lane; readonly ref: InstanceRef } {
    const isKept = this.#spec.isolation === 'kept';
    const ref = { id: this.#placement.nextId(), kind: this.#placement.kind.number, isKept };
    const place = { lane: this.#placement.lane(this.#spec.isolation), ref };
    if (isKept) {
      this.#home = place;
      place.lane.kept++;
    }
    return place;
  }

  #close(session: Session): void {
    session.close();
    session.lane.calls--;
    this.#session = undefined;
  }
}
