/** wasi:sockets/ip-name-lookup: granted names, resolved by the host, to the addresses that the grant allows. */
import { toWit, type WitAddress } from './addresses.ts';
import type { ImportObject, InstanceContext, Io } from './capability.ts';
import type { Reach } from './reach.ts';
import { Settled } from './signal.ts';
import { refuse, socketCode, TimedOut } from './socket-errors.ts';

/** One lookup: it ends with who asked, and when its time is up. */
class Lookup {
  readonly #stop = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #forget: () => void;
  /** Unset: not there yet. A code is told as often as the guest asks. */
  found: WitAddress[] | string | undefined;
  readonly settled: Settled;

  constructor(context: InstanceContext, resolve: (signal: AbortSignal) => Promise<readonly string[]>) {
    const { networkMs } = context.limits;
    this.#timer = setTimeout(() => this.#stop.abort(new TimedOut('the lookup took too long')), networkMs);
    this.#forget = context.onDispose(() => this.end());
    const answer = resolve(this.#stop.signal).then(
      (addresses) => {
        this.found = addresses.map(toWit);
      },
      (error: unknown) => {
        const code = socketCode(error);
        this.found = code === 'timeout' || code === 'unknown' ? 'temporary-resolver-failure' : code;
      },
    );
    this.settled = new Settled(answer.finally(() => this.#settle()));
  }

  /** Nobody waits for it any more. */
  end(): void {
    this.#stop.abort();
    this.#settle();
  }

  #settle(): void {
    clearTimeout(this.#timer);
    this.#forget();
  }
}

/** The imports of one instance. */
export function createNameLookup(context: InstanceContext, io: Io, reach: Reach): ImportObject {
  class ResolveAddressStream extends io.Resource {
    readonly #lookup: Lookup;

    constructor(host: string) {
      super();
      this.#lookup = new Lookup(context, (signal) => reach.resolve(host, signal));
    }

    resolveNextAddress(): WitAddress | undefined {
      const { found } = this.#lookup;
      if (found === undefined) return refuse('would-block');
      if (typeof found === 'string') return refuse(found);
      return found.shift();
    }
    subscribe(): object {
      return io.pollable(this.#lookup.settled);
    }
    override [Symbol.dispose](): void {
      this.#lookup.end();
      super[Symbol.dispose]();
    }
  }

  return {
    ResolveAddressStream,
    resolveAddresses: (_network: object, name: string) => {
      const host = reach.granted(name);
      return host === undefined ? refuse('access-denied') : new ResolveAddressStream(host);
    },
  };
}
