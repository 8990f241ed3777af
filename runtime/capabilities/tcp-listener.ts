/**
 * One listening TCP socket of an instance. Node binds and listens in one step: so it accepts from the bind on, and who
 * comes before the guest listens is turned away. Those who wait to be accepted are few, and nothing of theirs is read.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { type Family, toWitSocket, type WitSocketAddress } from './addresses.ts';
import type { ConnectionHold } from './connection-hold.ts';
import { cut } from './dial.ts';
import type { Binding } from './local-ports.ts';
import { bindCode } from './socket-errors.ts';

/** So many connections wait to be accepted; who comes then is turned away. */
const mostWaiting = 64;

export class Listener {
  readonly #family: Family;
  readonly #onChange: () => void;
  readonly #server: Server;
  readonly #hold: ConnectionHold;
  readonly #waiting: Socket[] = [];
  /** Where it is bound to, once it is. */
  local: WitSocketAddress | undefined;
  /** The code of why it could not be bound. */
  failure: string | undefined;
  isListening = false;

  /**
   * Begins to bind. `onChange` is called when that is over, and whenever somebody waits to be accepted. The hold, for
   * those who wait, is the listener's from here on.
   */
  constructor(family: Family, binding: Binding, hold: ConnectionHold, onChange: () => void) {
    this.#family = family;
    this.#hold = hold;
    this.#onChange = onChange;
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) =>
      this.#take(socket),
    );
    hold.signal.addEventListener('abort', () => this.#close(), { once: true });
    this.#bind(binding.address, binding.ports);
  }

  /** The attempt to bind is over. */
  get isSettled(): boolean {
    return this.local !== undefined || this.failure !== undefined;
  }

  /** Somebody waits to be accepted. */
  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** The next who waits. */
  accept(): Socket | undefined {
    return this.#waiting.shift();
  }

  close(): void {
    this.#hold.end();
  }

  #close(): void {
    this.#server.close();
    for (const socket of this.#waiting.splice(0)) cut(socket);
  }

  #bind(address: string, [port, ...others]: readonly number[]): void {
    const server = this.#server;
    const failed = (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' && others.length > 0) return this.#bind(address, others);
      this.failure = bindCode(error);
      this.#onChange();
    };
    server.once('error', failed);
    server.listen({ host: address, port, ipv6Only: this.#family === 'ipv6', exclusive: true }, () => {
      server.off('error', failed);
      // What may go wrong later is an accept without a descriptor left: who knocked is not let in, no more.
      server.on('error', () => undefined);
      const bound = server.address();
      if (typeof bound === 'object' && bound) this.local = toWitSocket(bound.address, bound.port);
      this.#onChange();
    });
  }

  #take(socket: Socket): void {
    // For good: whoever holds it later is told otherwise.
    socket.on('error', () => undefined);
    if (this.isListening && this.#waiting.length < mostWaiting) {
      this.#waiting.push(socket);
      this.#onChange();
    } else {
      cut(socket);
    }
  }
}
