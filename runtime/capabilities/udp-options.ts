/** The options of a UDP socket: remembered and told again, no more. */
import type { Io, Resource } from './capability.ts';
import { refuse } from './socket-errors.ts';

function positive<T extends number | bigint>(value: T): T {
  return value > 0 ? value : refuse('invalid-argument');
}

/** A base class with the options' getters and setters. */
export function createUdpOptions(io: Io) {
  return class UdpOptions extends (io.Resource as new () => Resource) {
    #hopLimit = 64;
    #receiveBuffer = 65_536n;
    #sendBuffer = 65_536n;

    unicastHopLimit(): number {
      return this.#hopLimit;
    }
    setUnicastHopLimit(value: number): void {
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
  };
}
