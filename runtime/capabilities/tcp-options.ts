/** The options of a TCP socket. Those that Node knows take effect; the others are remembered and told again. */
import type { Socket } from 'node:net';
import type { Io, Resource } from './capability.ts';
import { refuse } from './socket-errors.ts';

const nanosPerMilli = 1_000_000n;

function positive<T extends number | bigint>(value: T): T {
  return value > 0 ? value : refuse('invalid-argument');
}

/** A base class with the options' getters and setters. */
export function createSocketOptions(io: Io) {
  return class SocketOptions extends (io.Resource as new () => Resource) {
    #socket: Socket | undefined;
    #keepAlive = false;
    #idleTime = 7_200_000n * nanosPerMilli;
    #interval = 75_000n * nanosPerMilli;
    #count = 9;
    #hopLimit = 64;
    #receiveBuffer = 65_536n;
    #sendBuffer = 65_536n;

    /** Has what another socket was set to: the one that it was accepted from. */
    inherit(from: SocketOptions): void {
      this.#keepAlive = from.#keepAlive;
      this.#idleTime = from.#idleTime;
      this.#interval = from.#interval;
      this.#count = from.#count;
      this.#hopLimit = from.#hopLimit;
      this.#receiveBuffer = from.#receiveBuffer;
      this.#sendBuffer = from.#sendBuffer;
    }
    /** The connection is there: what was set before takes effect on it. */
    applyTo(socket: Socket): void {
      this.#socket = socket;
      if (this.#keepAlive) this.#apply();
    }
    #apply(): void {
      this.#socket?.setKeepAlive(this.#keepAlive, Math.min(Number(this.#idleTime / nanosPerMilli), 2 ** 31 - 1));
    }

    keepAliveEnabled(): boolean {
      return this.#keepAlive;
    }
    setKeepAliveEnabled(value: boolean): void {
      this.#keepAlive = value;
      this.#apply();
    }
    keepAliveIdleTime(): bigint {
      return this.#idleTime;
    }
    setKeepAliveIdleTime(value: bigint): void {
      this.#idleTime = positive(value);
      this.#apply();
    }
    keepAliveInterval(): bigint {
      return this.#interval;
    }
    setKeepAliveInterval(value: bigint): void {
      this.#interval = positive(value);
    }
    keepAliveCount(): number {
      return this.#count;
    }
    setKeepAliveCount(value: number): void {
      this.#count = positive(value);
    }
    hopLimit(): number {
      return this.#hopLimit;
    }
    setHopLimit(value: number): void {
      this.#hopLimit = positive(value);
    }
    receiveBufferSize(): bigint {
      return this.#receiveBuffer;
    }
    setReceiveBufferSize(value: bigint): void {
      this.#receiveBuffer = positive(value);
    }
    sendBufferSize(): bigint {
      return this.#sendBuffer;
    }
    setSendBufferSize(value: bigint): void {
      this.#sendBuffer = positive(value);
    }
    setListenBacklogSize(value: bigint): void {
      positive(value);
    }
  };
}
