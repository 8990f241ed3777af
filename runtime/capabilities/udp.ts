/** wasi:sockets/udp: sockets, and the streams of datagrams from and to them. */
import { addressOf, type Family, isUnicast, textOf, type WitSocketAddress } from './addresses.ts';
import type { InstanceContext, Io } from './capability.ts';
import { ConnectionHold } from './connection-hold.ts';
import { type Datagram, Datagrams } from './datagrams.ts';
import { isBindable, type LocalPorts } from './local-ports.ts';
import type { Reach } from './reach.ts';
import { always } from './signal.ts';
import { refuse } from './socket-errors.ts';
import { createUdpOptions } from './udp-options.ts';

/** A datagram as the guest hands it over. */
interface Outgoing {
  readonly data: Uint8Array;
  readonly remoteAddress: WitSocketAddress | undefined;
}

/** The end of a socket that streams go to: only those that it gave last are of use. */
interface End {
  /** Throws `invalid-state` where others were given since. */
  datagrams(): Datagrams;
}

function isSame(left: WitSocketAddress, right: WitSocketAddress): boolean {
  return left.val.port === right.val.port && textOf(addressOf(left)) === textOf(addressOf(right));
}

/** A place that can be sent to at all. Throws `invalid-argument`. */
function checkRemote(remote: WitSocketAddress, family: Family): void {
  if (remote.tag !== family || remote.val.port === 0 || !isUnicast(addressOf(remote))) refuse('invalid-argument');
}

function createStreams(io: Io, reach: Reach) {
  class DatagramStream extends io.Resource {
    readonly end: End;

    constructor(end: End) {
      super();
      this.end = end;
    }
  }

  class IncomingDatagramStream extends DatagramStream {
    receive(most: bigint): Datagram[] {
      // The kernel of every host has a limit of its own; what is left is there at the next call.
      return this.end.datagrams().receive(Number(most > 1024n ? 1024n : most));
    }
    subscribe(): object {
      const datagrams = this.end.datagrams();
      return io.pollable({ ready: () => datagrams.hasNews, listen: (wake) => datagrams.changes.listen(wake) });
    }
  }

  class OutgoingDatagramStream extends DatagramStream {
    readonly #family: Family;
    #permitted = 0;

    constructor(end: End, family: Family) {
      super(end);
      this.#family = family;
    }
    checkSend(): bigint {
      this.#permitted = this.end.datagrams().permit();
      return BigInt(this.#permitted);
    }
    send(list: Outgoing[]): bigint {
      if (list.length > this.#permitted) {
        throw new WebAssembly.RuntimeError(`${list.length} datagrams where ${this.#permitted} were permitted`);
      }
      this.#permitted -= list.length;
      const datagrams = this.end.datagrams();
      for (const { data, remoteAddress } of list) datagrams.send(data, this.#checked(datagrams, remoteAddress));
      return BigInt(list.length);
    }
    subscribe(): object {
      const datagrams = this.end.datagrams();
      return io.pollable({ ready: () => datagrams.canSend, listen: (wake) => datagrams.changes.listen(wake) });
    }

    /** Where the datagram goes to. Throws the code of why it may not. */
    #checked({ remote }: Datagrams, to: WitSocketAddress | undefined): WitSocketAddress {
      const place = to ?? remote ?? refuse('invalid-argument');
      checkRemote(place, this.#family);
      if (remote && !isSame(remote, place)) refuse('invalid-argument');
      const { port } = place.val;
      return reach.allows('udp', textOf(addressOf(place)), port) ? place : refuse('access-denied');
    }
  }
  return { IncomingDatagramStream, OutgoingDatagramStream };
}

/** The classes of one instance. */
export function createUdp(context: InstanceContext, io: Io, reach: Reach, ports: LocalPorts) {
  const { IncomingDatagramStream, OutgoingDatagramStream } = createStreams(io, reach);

  class UdpSocket extends createUdpOptions(io) {
    readonly #family: Family;
    #hold: ConnectionHold | undefined;
    #datagrams: Datagrams | undefined;
    #isBound = false;
    /** What the streams that were given last are known by. */
    #current: object | undefined;

    constructor(family: Family) {
      super();
      this.#family = family;
    }

    startBind(_network: object, local: WitSocketAddress): void {
      if (this.#datagrams) refuse('invalid-state');
      if (local.tag !== this.#family || !isBindable(local)) refuse('invalid-argument');
      const binding = ports.bindingFor('udp', local) ?? refuse('access-denied');
      const hold = ConnectionHold.take(context, io) ?? refuse('new-socket-limit');
      this.#hold = hold;
      this.#datagrams = new Datagrams(this.#family, binding, reach, hold);
    }
    finishBind(): void {
      const datagrams = (this.#isBound ? undefined : this.#datagrams) ?? refuse('not-in-progress');
      const { failure, isSettled } = datagrams;
      if (!isSettled) refuse('would-block');
      this.#isBound = failure === undefined;
      if (failure === undefined) return;
      // Another attempt may be made.
      this.#hold?.end();
      this.#datagrams = undefined;
      refuse(failure);
    }

    stream(remote: WitSocketAddress | undefined): [object, object] {
      const datagrams = this.#bound();
      if (remote) {
        checkRemote(remote, this.#family);
        if (!reach.allows('udp', textOf(addressOf(remote)), remote.val.port)) refuse('access-denied');
      }
      datagrams.associate(remote);
      const end: End = {
        datagrams: () => (this.#current === end ? datagrams : refuse('invalid-state')),
      };
      this.#current = end;
      return [new IncomingDatagramStream(end), new OutgoingDatagramStream(end, this.#family)];
    }

    localAddress(): WitSocketAddress {
      return this.#bound().local ?? refuse('invalid-state');
    }
    remoteAddress(): WitSocketAddress {
      return this.#bound().remote ?? refuse('invalid-state');
    }
    addressFamily(): Family {
      return this.#family;
    }
    subscribe(): object {
      const datagrams = this.#datagrams;
      if (!datagrams) return io.pollable(always);
      return io.pollable({ ready: () => datagrams.isSettled, listen: (wake) => datagrams.changes.listen(wake) });
    }
    override [Symbol.dispose](): void {
      this.#hold?.end();
      super[Symbol.dispose]();
    }

    #bound(): Datagrams {
      return (this.#isBound ? this.#datagrams : undefined) ?? refuse('invalid-state');
    }
  }

  return { UdpSocket, IncomingDatagramStream, OutgoingDatagramStream };
}
