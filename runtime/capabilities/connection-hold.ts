/**
 * What an instance holds of the host with one connection: memory for its buffers, and the right to end it. A
 * connection outlives neither its hold nor the instance.
 */
import type { InstanceContext, Io } from './capability.ts';
import { connectionBytes } from './node-streams.ts';

export class ConnectionHold {
  readonly #controller = new AbortController();
  readonly #giveBack: () => void;
  readonly #forget: () => void;

  /** Undefined: the instance holds as many connections as it may ({@link Limits.bufferBytes}). */
  static take(context: InstanceContext, io: Io): ConnectionHold | undefined {
    const giveBack = io.reserve(connectionBytes);
    return giveBack && new ConnectionHold(context, giveBack);
  }

  private constructor(context: InstanceContext, giveBack: () => void) {
    this.#giveBack = giveBack;
    this.#forget = context.onDispose(() => this.end());
  }

  /** Aborted when the connection is to end: give it to all that makes up the connection. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends the connection, with the error that those who wait for it are to see. */
  end(reason?: Error): void {
    this.#controller.abort(reason);
    this.release();
  }

  /** The connection is closed already. */
  release(): void {
    this.#forget();
    this.#giveBack();
  }
}
