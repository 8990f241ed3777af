/**
 * One UDP socket of an instance, on Node's. Only places that the instance may speak with are sent to, and only theirs
 * are heard: a datagram of anybody else is dropped unseen, as are those that come while nobody reads them.
 *
 * Both directions hold so many bytes and no more; together they are what a connection's hold is for.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import { addressOf, canonical, type Family, textOf, toWitSocket, type WitSocketAddress } from './addresses.ts';
import type { ConnectionHold } from './connection-hold.ts';
import type { Binding } from './local-ports.ts';
import { connectionBytes } from './node-streams.ts';
import type { Reach } from './reach.ts';
import { Signal } from './signal.ts';
import { bindCode, refuse, socketCode } from './socket-errors.ts';

/** What a datagram costs beyond its bytes. */
const datagramCost = 256;
/** The most bytes of a datagram: what 16 bits count, less the headers. */
const largest = { ipv4: 65_507, ipv6: 65_527 } as const;
/** Bytes that wait to be read. */
const mostReceived = connectionBytes / 2;
/** While fewer bytes are on their way out, another datagram is taken. */
const mostSending = connectionBytes / 2 - largest.ipv6 - datagramCost;

export interface Datagram {
  readonly data: Uint8Array;
  readonly remoteAddress: WitSocketAddress;
}

/** What is looked up is an address already: a name never comes this far. */
function literally(address: string, _: unknown, done: (error: Error | null, address: string, family: number) => void) {
  done(isIP(address) === 0 ? new Error(`not an IP address: ${address}`) : null, address, isIP(address));
}

export class Datagrams {
  readonly #socket: Socket;
  readonly #reach: Reach;
  readonly #received: Datagram[] = [];
  #receivedBytes = 0;
  #sendingBytes = 0;
  /** What went wrong since it was last told. */
  #error: unknown;
  #isClosed = false;
  readonly changes = new Signal();
  /** Where it is bound to, once it is. */
  local: WitSocketAddress | undefined;
  /** The code of why it could not be bound. */
  failure: string | undefined;
  /** The only peer, where there is one. */
  remote: WitSocketAddress | undefined;

  /** Begins to bind. The hold is the socket's from here on. */
  constructor(family: Family, binding: Binding, reach: Reach, hold: ConnectionHold) {
    this.#reach = reach;
    const type = family === 'ipv4' ? 'udp4' : 'udp6';
    this.#socket = createSocket({ type, ipv6Only: family === 'ipv6', lookup: literally });
    this.#socket.on('message', (data, from) => this.#receive(data, from));
    hold.signal.addEventListener('abort', () => this.#close(), { once: true });
    this.#bind(binding.address, binding.ports);
  }

  /** The attempt to bind is over. */
  get isSettled(): boolean {
    return this.local !== undefined || this.failure !== undefined;
  }

  /** There is something to read, or to tell. */
  get hasNews(): boolean {
    return this.#received.length > 0 || this.#error !== undefined || this.#isClosed;
  }

  /** Another may be sent, or there is something to tell. */
  get canSend(): boolean {
    return this.#sendingBytes < mostSending || this.#error !== undefined || this.#isClosed;
  }

  /** From here on only this peer is spoken with; undefined: all whom the instance may speak with. */
  associate(remote: WitSocketAddress | undefined): void {
    if (this.remote) this.#socket.disconnect();
    this.remote = undefined;
    if (remote) {
      // Done at once, because nothing is looked up; the kernel keeps others' datagrams away from here on.
      this.#socket.connect(remote.val.port, textOf(addressOf(remote)), () => undefined);
      if (!this.#isConnected()) refuse('remote-unreachable');
      this.remote = remote;
    }
    this.#readLocal();
    const kept = this.#received.filter(({ remoteAddress }) => this.#hears(remoteAddress));
    this.#received.splice(0, this.#received.length, ...kept);
    this.#receivedBytes = kept.reduce((sum, { data }) => sum + data.byteLength + datagramCost, 0);
  }

  /** Takes up to `most` datagrams that came. Throws the code of what went wrong since. */
  receive(most: number): Datagram[] {
    this.#tellError();
    const taken = this.#received.splice(0, most);
    for (const { data } of taken) this.#receivedBytes -= data.byteLength + datagramCost;
    return taken;
  }

  /** How many datagrams it takes now. Throws the code of what went wrong since. */
  permit(): number {
    this.#tellError();
    return this.#sendingBytes < mostSending ? 1 : 0;
  }

  /** Sends a datagram, to whom it is associated with or else to `to`. The bytes are its own from here on. */
  send(data: Uint8Array, to: WitSocketAddress): void {
    if (data.byteLength > largest[to.tag]) refuse('datagram-too-large');
    const cost = data.byteLength + datagramCost;
    this.#sendingBytes += cost;
    const sent = (error: Error | null) => {
      this.#sendingBytes -= cost;
      this.#error ??= error ?? undefined;
      this.changes.fire();
    };
    if (this.remote) this.#socket.send(data, sent);
    else this.#socket.send(data, to.val.port, textOf(addressOf(to)), sent);
  }

  #bind(address: string, [port, ...others]: readonly number[]): void {
    const failed = (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' && others.length > 0) return this.#bind(address, others);
      this.failure = bindCode(error);
      this.changes.fire();
    };
    this.#socket.once('error', failed);
    this.#socket.bind({ address, port, exclusive: true }, () => {
      this.#socket.off('error', failed);
      this.#socket.on('error', (error) => {
        this.#error ??= error;
        this.changes.fire();
      });
      this.#readLocal();
      this.changes.fire();
    });
  }

  #readLocal(): void {
    const { address, port } = this.#socket.address();
    this.local = toWitSocket(address, port);
  }

  #isConnected(): boolean {
    try {
      this.#socket.remoteAddress();
      return true;
    } catch {
      return false;
    }
  }

  #hears(from: WitSocketAddress): boolean {
    const address = textOf(addressOf(from));
    if (!this.remote) return this.#reach.includes('udp', address, from.val.port);
    return address === textOf(addressOf(this.remote)) && from.val.port === this.remote.val.port;
  }

  #receive(data: Uint8Array, { address, port }: RemoteInfo): void {
    const cost = data.byteLength + datagramCost;
    if (this.#receivedBytes + cost > mostReceived) return;
    const remoteAddress = toWitSocket(canonical(address) ?? address, port);
    if (!this.#hears(remoteAddress)) return;
    this.#received.push({ data, remoteAddress });
    this.#receivedBytes += cost;
    this.changes.fire();
  }

  #tellError(): void {
    if (this.#isClosed) refuse('invalid-state');
    const error = this.#error;
    this.#error = undefined;
    if (error !== undefined) refuse(socketCode(error));
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#received.length = 0;
    this.#socket.close();
    this.changes.fire();
  }
}
