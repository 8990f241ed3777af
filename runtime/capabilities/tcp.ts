/**
 * wasi:sockets/tcp, the client's half: connect, read, write, shut down. Binding and listening are denied.
 *
 * What Node cannot set on a socket (hop limit, buffer sizes, the details of keep-alive) is remembered and told
 * again, no more: wasi-libc sets some unasked.
 */
import { isUnicast, textOf, type WitSocketAddress } from './addresses.ts';
import type { InstanceContext, Io } from './capability.ts';
import { ConnectionHold } from './connection-hold.ts';
import type { Reach } from './reach.ts';
import { Signal } from './signal.ts';
import { refuse } from './socket-errors.ts';
import { Connection } from './tcp-connection.ts';
import { createSocketOptions } from './tcp-options.ts';

type Family = 'ipv4' | 'ipv6';

/** The class `tcp-socket` of one instance. */
export function createTcp(context: InstanceContext, io: Io, reach: Reach) {
  class TcpSocket extends createSocketOptions(io) {
    readonly #family: Family;
    readonly #changes = new Signal();
    #connection: Connection | undefined;
    #isConnected = false;

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
      this.#connection = Connection.to({ address: textOf(wit), port }, context, hold, () => this.#changes.fire());
    }

    finishConnect(): [object, object] {
      if (!this.#connection || this.#isConnected) return refuse('not-in-progress');
      const socket = this.#connection.socket ?? refuse('would-block');
      this.#isConnected = true;
      this.applyTo(socket);
      const { source, sink } = this.#connection.streams(socket);
      return [io.input(source), io.output(sink)];
    }

    localAddress(): WitSocketAddress {
      return this.#connection?.local ?? refuse('invalid-state');
    }
    remoteAddress(): WitSocketAddress {
      return (this.#isConnected ? this.#connection?.remote : undefined) ?? refuse('invalid-state');
    }
    /** One for all that the socket does: wasi-libc asks for it once, when it makes the socket. */
    subscribe(): object {
      return io.pollable({
        ready: () => this.#connection?.isSettled ?? true,
        listen: (wake) => this.#changes.listen(wake),
      });
    }

    shutdown(how: 'receive' | 'send' | 'both'): void {
      const connection = (this.#isConnected ? this.#connection : undefined) ?? refuse('invalid-state');
      connection.shutdown(how);
    }

    override [Symbol.dispose](): void {
      this.#connection?.close();
      super[Symbol.dispose]();
    }
  }
  return { TcpSocket };
}
