/** One call under way on an instance: its thread, its id there, and the wire by which it is cancelled. */
import { BulkheadError, type ErrorWire } from '../../errors.ts';
import type { Usage } from '../../model/call.ts';
import { stopReason } from '../call-parts.ts';
import type { Lane } from './lane.ts';
import type { InstanceRef } from './messages.ts';

/** What every step of a call answers. */
type Step = { readonly ok: true } | { readonly ok: false; readonly error: ErrorWire };
type Failed = { readonly ok: false; readonly error: ErrorWire; readonly usage?: Usage };

export class Session {
  readonly lane: Lane;
  readonly instance: InstanceRef;
  readonly #signal: AbortSignal | undefined;
  #cancelled: BulkheadError | undefined;

  constructor(lane: Lane, instance: InstanceRef, signal: AbortSignal | undefined) {
    this.lane = lane;
    this.instance = instance;
    this.#signal = signal;
    if (signal?.aborted) this.#cancelled = stopReason(signal);
    else signal?.addEventListener('abort', this.#onAbort);
  }

  /**
   * Takes one step of the call. A failure of the plugin, and of the thread it lost, is an answer; a cancelled call
   * answers why it was cancelled. Throws only for a defect of the host.
   */
  async step<T extends Step>(request: () => Promise<T>): Promise<T | Failed> {
    if (this.#cancelled) return { ok: false, error: this.#cancelled.toJSON() };
    try {
      const answer = await request();
      if (answer.ok || !this.#cancelled) return answer;
      return { ok: false, error: (this.#cancelled as BulkheadError).toJSON() };
    } catch (thrown) {
      const error = this.#cancelled ?? BulkheadError.from(thrown);
      if (error.code === 'internal') throw error;
      return { ok: false, error: error.toJSON() };
    }
  }

  get isCancelled(): boolean {
    return this.#cancelled !== undefined;
  }

  /** Ends the call, and resolves once its instance is free of it. */
  cancel(reason: BulkheadError): Promise<void> {
    this.#cancelled ??= reason;
    return this.lane.cancel(this.instance.id, reason);
  }

  /** Throws why the call was cancelled, where it was. */
  checkCancelled(): void {
    if (this.#cancelled) throw this.#cancelled;
  }

  /** The call is over; aborting its signal does nothing any more. */
  close(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => {
    if (this.#signal) void this.cancel(stopReason(this.#signal));
  };
}
