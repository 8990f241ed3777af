/**
 * wasi:sockets/tcp: a socket connects to somebody, or is bound and listens for others; not both, for Node cannot bind
 * without listening.
 *
 * What Node cannot set on a socket (hop limit, buffer sizes, the details of keep-alive) is remembered and told
 * again, no more: wasi-libc sets some unasked.
 */
import { addressOf, type Family, isUnicast, textOf, type WitSocketAddress } from './addresses.ts';
import type { InstanceContext, Io } from './capability.ts';
import { ConnectionHold } from './connection-hold.ts';
import { isBindable, type LocalPorts } from './local-ports.ts';
import type { Reach } from './reach.ts';
import { Signal } from './signal.ts';
import { refuse } from './socket-errors.ts';
import { Connection } from './tcp-connection.ts';
import { Listener } from './tcp-listener.ts';
import { createSocketOptions } from './tcp-options.ts';

/** Where a socket stands between a `start-` and its `finish-`. */
type Progress = 'binding' | 'bound' | 'starting to listen' | 'connecting' | 'connected';

/** The class `tcp-socket` of one instance. */
export function createTcp(context: InstanceContext, io: Io, reach: Reach, ports: LocalPorts) {
  class TcpSocket extends createSocketOptions(io) {
    readonly #family: Family;
    readonly #changes = new Signal();
    #progress: Progress | undefined;
    #connection: Connection | undefined;
    #listener: Listener | undefined;

    constructor(family: Family) {
      super();
      this.#family = family;
    }

    startBind(_network: object, local: WitSocketAddress): void {
      if (this.#progress) refuse('invalid-state');
      if (local.tag !== this.#family || !isBindable(local)) refuse('invalid-argument');
      const binding = ports.bindingFor('tcp', local) ?? refuse('access-denied');
      const hold = ConnectionHold.take(context, io) ?? refuse('new-socket-limit');
      this.#listener = new Listener(this.#family, binding, hold, () => this.#changes.fire());
      this.#progress = 'binding';
    }
    finishBind(): void {
      const listener = (this.#progress === 'binding' ? this.#listener : undefined) ?? refuse('not-in-progress');
      const { failure, isSettled } = listener;
      if (!isSettled) refuse('would-block');
      this.#progress = 'bound';
      if (failure === undefined) return;
      // Another attempt may be made.
      this.#unbind();
      refuse(failure);
    }
    startListen(): void {
      if (this.#progress !== 'bound' || this.isListening()) refuse('invalid-state');
      this.#progress = 'starting to listen';
    }
    finishListen(): void {
      const isStarting = this.#progress === 'starting to listen';
      const listener = (isStarting ? this.#listener : undefined) ?? refuse('not-in-progress');
      this.#progress = 'bound';
      listener.isListening = true;
    }
    isListening(): boolean {
      return this.#listener?.isListening ?? false;
    }
    accept(): [TcpSocket, object, object] {
      if (!this.#listener?.isListening) return refuse('invalid-state');
      if (!this.#listener.hasWaiting) return refuse('would-block');
      const hold = ConnectionHold.take(context, io) ?? refuse('new-socket-limit');
      const accepted = this.#listener.accept();
      if (!accepted || accepted.destroyed) {
        hold.release();
        return refuse('connection-aborted');
      }
      const socket = new TcpSocket(this.#family);
      socket.inherit(this);
      return [socket, ...socket.#connected(Connection.of(accepted, context, hold))];
    }

    startConnect(_network: object, remote: WitSocketAddress): void {
      if (this.#listener) refuse('not-supported');
      if (this.#progress) refuse('invalid-state');
      const { port } = remote.val;
      if (remote.tag !== this.#family || port === 0 || !isUnicast(addressOf(remote))) refuse('invalid-argument');
      const address = textOf(addressOf(remote));
      if (!reach.allows('tcp', address, port)) refuse('access-denied');
      const hold = ConnectionHold.take(context, io) ?? refuse('new-socket-limit');
      this.#connection = Connection.to({ address, port }, context, hold, () => this.#changes.fire());
      this.#progress = 'connecting';
    }
    finishConnect(): [object, object] {
      if (this.#progress !== 'connecting' || !this.#connection) return refuse('not-in-progress');
      return this.#connected(this.#connection);
    }

    localAddress(): WitSocketAddress {
      const isBound = this.#listener !== undefined && this.#progress !== 'binding';
      return (isBound ? this.#listener?.local : this.#connection?.local) ?? refuse('invalid-state');
    }
    remoteAddress(): WitSocketAddress {
      return (this.#progress === 'connected' ? this.#connection?.remote : undefined) ?? refuse('invalid-state');
    }
    addressFamily(): Family {
      return this.#family;
    }
    /** One for all that the socket does: wasi-libc asks for it once, when it makes the socket. */
    subscribe(): object {
      return io.pollable({ ready: () => this.#isReady(), listen: (wake) => this.#changes.listen(wake) });
    }
    shutdown(how: 'receive' | 'send' | 'both'): void {
      if (this.#progress !== 'connected') refuse('invalid-state');
      this.#connection?.shutdown(how);
    }
    override [Symbol.dispose](): void {
      this.#connection?.close();
      this.#listener?.close();
      super[Symbol.dispose]();
    }

    #connected(connection: Connection): [object, object] {
      const socket = connection.socket ?? refuse('would-block');
      this.#connection = connection;
      this.#progress = 'connected';
      this.applyTo(socket);
      const { source, sink } = connection.streams(socket);
      return [io.input(source), io.output(sink)];
    }
    #unbind(): void {
      this.#listener?.close();
      this.#listener = undefined;
      this.#progress = undefined;
    }
    #isReady(): boolean {
      if (this.#connection) return this.#connection.isSettled;
      if (!this.#listener) return true;
      return this.#listener.isListening ? this.#listener.hasWaiting : this.#listener.isSettled;
    }
  }
  return { TcpSocket };
}
