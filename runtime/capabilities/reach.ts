/**
 * The socket addresses that one instance may exchange bytes with: granted literals, and what granted names resolved to
 * for this instance. A guest resolves a name and connects to an address in two calls, and only what it learnt in the
 * first is open to it in the second, at the ports granted with the name.
 */

import type { Protocol } from '../model/grant.ts';
import { canonical, isPublic } from './addresses.ts';
import type { InstanceContext } from './capability.ts';
import { AddressRefused, addressesOf, canonicalHost, resolverOf, socketGrants } from './egress.ts';

/** So many addresses and ports are remembered; the oldest is forgotten first. */
const mostLearnt = 1024;

function placeOf(protocol: Protocol, address: string, port: number): string {
  return `${protocol} ${address} ${port}`;
}

export class Reach {
  readonly #context: InstanceContext;
  readonly #learnt = new Set<string>();
  #literals: ReadonlySet<string> | undefined;

  constructor(context: InstanceContext) {
    this.#context = context;
    // What one job looked up is no business of the next.
    context.onCapture(() => {
      const kept = [...this.#learnt];
      return () => {
        this.#learnt.clear();
        for (const place of kept) this.#learnt.add(place);
      };
    });
  }

  /** The instance may speak the protocol with somebody. */
  isGranted(wanted: Protocol): boolean {
    return (this.#context.grants.sockets ?? []).some(({ protocol = 'tcp' }) => protocol === wanted);
  }

  /** The host, canonical, if a grant covers it; the operator is told if not. */
  granted(name: string): string | undefined {
    const host = canonicalHost(name);
    if (host !== undefined && socketGrants(this.#context.grants.sockets, host).length > 0) return host;
    this.#context.refused('sockets', `lookup of ${name.slice(0, 256)}`);
    return undefined;
  }

  /** Resolves a granted host. Rejects as the resolver does, or with {@link AddressRefused}. */
  async resolve(host: string, signal: AbortSignal): Promise<readonly string[]> {
    const grants = socketGrants(this.#context.grants.sockets, host);
    const resolve = resolverOf(this.#context);
    const answer = await addressesOf(host, { privateAddresses: true }, (name) => resolve(name, signal));
    const found = answer.map((address) => canonical(address) ?? address);
    const open = grants.flatMap(({ protocol = 'tcp', port, privateAddresses = false }) =>
      found
        .filter((address) => privateAddresses || isPublic(address))
        .map((address) => {
          this.#learn(placeOf(protocol, address, port));
          return address;
        }),
    );
    if (open.length > 0) return [...new Set(open)];
    this.#context.refused('sockets', `${host} resolves to ${found.join(', ')}`.slice(0, 300));
    throw new AddressRefused(host);
  }

  /** Whether the instance may speak with that place. `address` is canonical. Quick: each datagram asks it. */
  includes(protocol: Protocol, address: string, port: number): boolean {
    const place = placeOf(protocol, address, port);
    this.#literals ??= this.#grantedLiterals();
    return this.#learnt.has(place) || this.#literals.has(place);
  }

  /** {@link includes}, and the operator is told if not. */
  allows(protocol: Protocol, address: string, port: number): boolean {
    if (this.includes(protocol, address, port)) return true;
    const what = protocol === 'tcp' ? 'connection' : 'datagrams';
    this.#context.refused('sockets', `${what} to ${address} port ${port}`);
    return false;
  }

  #grantedLiterals(): ReadonlySet<string> {
    const places = (this.#context.grants.sockets ?? []).flatMap(
      ({ protocol = 'tcp', host, port, privateAddresses = false }) => {
        const address = canonical(canonicalHost(host) ?? '');
        const isOpen = address !== undefined && (privateAddresses || isPublic(address));
        return isOpen ? [placeOf(protocol, address, port)] : [];
      },
    );
    return new Set(places);
  }

  #learn(place: string): void {
    this.#learnt.add(place);
    if (this.#learnt.size <= mostLearnt) return;
    for (const oldest of this.#learnt) {
      this.#learnt.delete(oldest);
      break;
    }
  }
}
