/**
 * The local addresses and ports that one instance may bind to: those granted to listen at; and for UDP, where to send a
 * datagram is to bind, whatever port the kernel gives, because there only peers are heard that the instance may send to.
 */
import { isIPv4 } from 'node:net';
import type { Protocol } from '../model/grant.ts';
import { addressOf, canonical, isUnicast, isUnspecified, textOf, type WitSocketAddress } from './addresses.ts';
import type { InstanceContext } from './capability.ts';
import type { Reach } from './reach.ts';

/** Where to bind: one address, and the ports to try one after the other. */
export interface Binding {
  readonly address: string;
  /** At least one. 0: whichever the kernel gives. */
  readonly ports: readonly number[];
}

/** So many ports of a range are tried for a free one. */
const mostTries = 64;

/** An address that a socket can be bound to at all. */
export function isBindable(local: WitSocketAddress): boolean {
  const address = addressOf(local);
  return isUnicast(address) || isUnspecified(address);
}

function covers(granted: string, address: string): boolean {
  const wide = canonical(granted);
  return wide === address || wide === (isIPv4(address) ? '0.0.0.0' : '::');
}

/** The ports of a range from a random one on, so that those who share it seldom meet. */
function someOf({ port, lastPort = port }: { port: number; lastPort?: number }): number[] {
  const count = lastPort - port + 1;
  const start = Math.floor(Math.random() * count);
  return Array.from({ length: Math.min(count, mostTries) }, (_, at) => port + ((start + at) % count));
}

export class LocalPorts {
  readonly #context: InstanceContext;
  readonly #reach: Reach;

  constructor(context: InstanceContext, reach: Reach) {
    this.#context = context;
    this.#reach = reach;
  }

  /** The instance may bind sockets of the protocol somewhere. */
  isGranted(wanted: Protocol): boolean {
    return (this.#context.grants.listen ?? []).some(({ protocol = 'tcp' }) => protocol === wanted);
  }

  /** What binding there comes to; undefined where it is not granted, and the operator is told. */
  bindingFor(wanted: Protocol, local: WitSocketAddress): Binding | undefined {
    const [address, { port }] = [textOf(addressOf(local)), local.val];
    if (wanted === 'udp' && port === 0 && this.#isOwn(local)) return { address, ports: [0] };
    const grants = (this.#context.grants.listen ?? []).filter(
      (grant) => (grant.protocol ?? 'tcp') === wanted && covers(grant.address, address),
    );
    const ports =
      port === 0
        ? grants.flatMap(someOf).slice(0, mostTries)
        : grants.some((grant) => grant.port <= port && port <= (grant.lastPort ?? grant.port))
          ? [port]
          : [];
    if (ports.length > 0) return { address, ports };
    this.#context.refused('sockets', `binding ${wanted.toUpperCase()} to ${address} port ${port}`);
    return undefined;
  }

  /** A sender's: no address of this machine's but those that every machine has. */
  #isOwn(local: WitSocketAddress): boolean {
    const address = addressOf(local);
    const isLoopback = textOf(address) === '127.0.0.1' || textOf(address) === '::1';
    return this.#reach.isGranted('udp') && (isUnspecified(address) || isLoopback);
  }
}
