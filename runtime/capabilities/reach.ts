/**
 * The socket addresses that one instance may connect to: granted literals, and what granted names resolved to for
 * this instance. A guest resolves a name and connects to an address in two calls, and only what it learnt in the
 * first is open to it in the second, at the ports granted with the name.
 */
import { canonical, isPublic } from './addresses.ts';
import type { InstanceContext } from './capability.ts';
import { AddressRefused, addressesOf, canonicalHost, resolverOf, socketGrants } from './egress.ts';

/** So many addresses and ports are remembered; the oldest is forgotten first. */
const mostLearnt = 1024;

export class Reach {
  readonly #context: InstanceContext;
  readonly #learnt = new Set<string>();

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

  /** The instance may open sockets at all. */
  get isGranted(): boolean {
    return (this.#context.grants.sockets?.length ?? 0) > 0;
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
    const open = grants.flatMap(({ port, privateAddresses = false }) =>
      found
        .filter((address) => privateAddresses || isPublic(address))
        .map((address) => {
          this.#learn(`${address} ${port}`);
          return address;
        }),
    );
    if (open.length > 0) return [...new Set(open)];
    this.#context.refused('sockets', `${host} resolves to ${found.join(', ')}`.slice(0, 300));
    throw new AddressRefused(host);
  }

  /** Whether the instance may connect there; the operator is told if not. `address` is canonical. */
  allows(address: string, port: number): boolean {
    if (this.#learnt.has(`${address} ${port}`)) return true;
    const literal = socketGrants(this.#context.grants.sockets, address).some(
      (grant) => grant.port === port && (grant.privateAddresses === true || isPublic(address)),
    );
    if (!literal) this.#context.refused('sockets', `connection to ${address} port ${port}`);
    return literal;
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
