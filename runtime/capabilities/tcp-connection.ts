/**
 * One TCP connection of an instance: from the attempt, or from being accepted, to its end.
 *
 * Its addresses are kept after its end, because wasi-libc aborts where it asks for one and gets an error.
 */
import type { Socket } from 'node:net';
import { toWitSocket, type WitSocketAddress } from './addresses.ts';
import { type InstanceContext, type Sink, type Source, StreamEnd, type StreamFailure } from './capability.ts';
import type { ConnectionHold } from './connection-hold.ts';
import { cutWith, dial } from './dial.ts';
import { ReadableSource, WritableSink } from './node-streams.ts';
import { orphan } from './orphans.ts';
import { refuse, socketCode, TimedOut } from './socket-errors.ts';

function failureOf(error: Error): StreamFailure {
  return { message: error.message, detail: { socket: socketCode(error) } };
}

export class Connection {
  readonly #context: InstanceContext;
  readonly #hold: ConnectionHold;
  #socket: Socket | undefined;
  #error: unknown;
  #isReceiving = true;
  readonly remote: WitSocketAddress;
  local: WitSocketAddress | undefined;

  private constructor(context: InstanceContext, hold: ConnectionHold, remote: WitSocketAddress) {
    this.#context = context;
    this.#hold = hold;
    this.remote = remote;
  }

  /** Begins to connect; `onSettled` is called when that is over. `hold` is the connection's from here on. */
  static to(
    target: { address: string; port: number },
    context: InstanceContext,
    hold: ConnectionHold,
    onSettled: () => void,
  ): Connection {
    const connection = new Connection(context, hold, toWitSocket(target.address, target.port));
    const { networkMs } = context.limits;
    const timer = setTimeout(() => hold.end(new TimedOut('no connection in time')), networkMs);
    hold.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
    dial({ ...target, allowHalfOpen: true, signal: hold.signal })
      .then(
        (socket) => connection.#established(socket),
        (error: unknown) => {
          connection.#error = error;
          hold.release();
        },
      )
      .finally(() => {
        clearTimeout(timer);
        onSettled();
      });
    return connection;
  }

  /** One that was accepted. `hold` is the connection's from here on. */
  static of(socket: Socket, context: InstanceContext, hold: ConnectionHold): Connection {
    const { remoteAddress = '0.0.0.0', remotePort = 0 } = socket;
    const connection = new Connection(context, hold, toWitSocket(remoteAddress, remotePort));
    cutWith(socket, hold.signal);
    connection.#established(socket);
    return connection;
  }

  /** The attempt is over. */
  get isSettled(): boolean {
    return this.#socket !== undefined || this.#error !== undefined;
  }

  /** The established connection; undefined: not yet. Throws the code of what went wrong. */
  get socket(): Socket | undefined {
    return this.#error === undefined ? this.#socket : refuse(socketCode(this.#error));
  }

  /** Both directions, to be asked for once. */
  streams(socket: Socket): { source: Source; sink: Sink } {
    const source = new ReadableSource(socket, { failure: failureOf });
    return { source: this.#whileReceiving(source), sink: new WritableSink(socket, { failure: failureOf }) };
  }

  shutdown(how: 'receive' | 'send' | 'both'): void {
    if (how !== 'receive') this.socket?.end();
    if (how !== 'send') this.#isReceiving = false;
  }

  /** Lets what was written go out, and closes. */
  close(): void {
    if (!this.#socket || this.#socket.destroyed) {
      this.#hold.end();
      return;
    }
    this.#hold.release();
    orphan(this.#context.plugin, this.#socket, this.#context.limits.networkMs);
  }

  #established(socket: Socket): void {
    this.#socket = socket;
    // It may have ended already: then there is none to be asked for.
    const nowhere = this.remote.tag === 'ipv4' ? '0.0.0.0' : '::';
    this.local = toWitSocket(socket.localAddress ?? nowhere, socket.localPort ?? 0);
  }

  /** The source, at its end once the guest has shut down its reading. */
  #whileReceiving(source: ReadableSource): Source {
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
