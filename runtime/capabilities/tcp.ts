/**
 * wasi:sockets/tcp, the client's half: connect, read, write, shut down. Binding and listening are denied.
 *
 * What Node cannot set on a socket (hop limit, buffer sizes, the details of keep-alive) is remembered and told
 * again, no more: wasi-libc sets some unasked. The addresses of a connection are kept after its end, because
 * wasi-libc aborts where it asks for one and gets an error.
 */
import type { Socket } from 'node:net';
import { isUnicast, textOf, toWitSocket, type WitSocketAddress } from './addresses.ts';
import { type InstanceContext, type Io, StreamEnd, type StreamFailure } from './capability.ts';
import { ConnectionHold } from './connection-hold.ts';
import { dial } from './dial.ts';
import { ReadableSource, WritableSink } from './node-streams.ts';
import type { Reach } from './reach.ts';
import { refuse, socketCode, TimedOut } from './socket-errors.ts';
import { createSocketOptions } from './tcp-options.ts';

type Family = 'ipv4' | 'ipv6';

function failureOf(error: Error): StreamFailure {
  return { message: error.message, detail: { socket: socketCode(error) } };
}

/** One connection: from the attempt to the last byte out. */
class Connection {
  readonly #hold: ConnectionHold;
  readonly #lingerMs: number;
  #socket: Socket | undefined;
  #error: unknown;
  /** Settles when the attempt has. */
  readonly settled: Promise<void>;
  local: WitSocketAddress | undefined;

  constructor(hold: ConnectionHold, target: { address: string; port: number }, timeoutMs: number) {
    this.#hold = hold;
    this.#lingerMs = timeoutMs;
    const timer = setTimeout(() => hold.end(new TimedOut('no connection in time')), timeoutMs);
    hold.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
    this.settled = dial({ ...target, allowHalfOpen: true, signal: hold.signal }).then(
      (socket) => {
        clearTimeout(timer);
        this.#established(socket);
      },
      (error: unknown) => {
        clearTimeout(timer);
        this.#error = error;
        hold.release();
      },
    );
  }

  /** The established connection; undefined: not yet. Throws the code of what went wrong. */
  get socket(): Socket | undefined {
    return this.#error === undefined ? this.#socket : refuse(socketCode(this.#error));
  }

  /**
   * Lets what was written go out, for so long as it may take, and closes. Only then the memory is given back: what was
   * received stays in it after the other side closed.
   */
  close(): void {
    if (!this.#socket || this.#socket.destroyed) {
      this.#hold.end();
      return;
    }
    const timer = setTimeout(() => this.#hold.end(), this.#lingerMs);
    this.#socket.once('close', () => {
      clearTimeout(timer);
      this.#hold.release();
    });
    this.#socket.destroySoon();
  }

  #established(socket: Socket): void {
    this.#socket = socket;
    this.local = toWitSocket(socket.localAddress ?? '0.0.0.0', socket.localPort ?? 0);
  }
}

/** The class `tcp-socket` of one instance. */
export function createTcp(context: InstanceContext, io: Io, reach: Reach) {
  class TcpSocket extends createSocketOptions(io) {
    readonly #family: Family;
    #connection: Connection | undefined;
    #remote: WitSocketAddress | undefined;
    #source: ReadableSource | undefined;
    #isReceiving = true;

    constructor(family: Family) {
      super();
      this.#family = family;
    }

    startBind(): never {
      context.refused('sockets', 'binding to an address');
      return refuse('access-denied');
    }
    finishBind(): never {
      return refuse('not-in-progress');
    }
    startListen(): never {
      context.refused('sockets', 'listening');
      return refuse('access-denied');
    }
    finishListen(): never {
      return refuse('not-in-progress');
    }
    accept(): never {
      return refuse('invalid-state');
    }
    isListening(): boolean {
      return false;
    }
    addressFamily(): Family {
      return this.#family;
    }

    startConnect(_network: object, remote: WitSocketAddress): void {
      if (this.#connection) refuse('invalid-state');
      const { port, address } = remote.val;
      const wit = { tag: remote.tag, val: address };
      if (remote.tag !== this.#family || port === 0 || !isUnicast(wit)) refuse('invalid-argument');
      if (!reach.allows(textOf(wit), port)) refuse('access-denied');
      const hold = ConnectionHold.take(context, io) ?? refuse('new-socket-limit');
      this.#remote = remote;
      this.#connection = new Connection(hold, { address: textOf(wit), port }, context.limits.networkMs);
    }

    finishConnect(): [object, object] {
      if (!this.#connection || this.#source) return refuse('not-in-progress');
      const socket = this.#connection.socket ?? refuse('would-block');
      this.applyTo(socket);
      const source = new ReadableSource(socket, { failure: failureOf });
      this.#source = source;
      return [io.input(this.#whileReceiving(source)), io.output(new WritableSink(socket, { failure: failureOf }))];
    }

    localAddress(): WitSocketAddress {
      return this.#connection?.local ?? refuse('invalid-state');
    }
    remoteAddress(): WitSocketAddress {
      return (this.#source && this.#remote) ?? refuse('invalid-state');
    }
    subscribe(): object {
      return io.pollable(this.#connection?.settled ?? Promise.resolve());
    }

    shutdown(how: 'receive' | 'send' | 'both'): void {
      const socket = (this.#source && this.#connection?.socket) ?? refuse('invalid-state');
      if (how !== 'receive') socket.end();
      if (how !== 'send') this.#isReceiving = false;
    }

    override [Symbol.dispose](): void {
      this.#connection?.close();
      super[Symbol.dispose]();
    }

    /** The source, at its end once the guest has shut down its reading. */
    #whileReceiving(source: ReadableSource) {
      return {
        ready: () => !this.#isReceiving || source.ready(),
        listen: (wake: () => void) => source.listen(wake),
        read: (most: number) => {
          if (!this.#isReceiving) throw new StreamEnd();
          return source.read(most);
        },
      };
    }
  }
  return { TcpSocket };
}
