/** wasi:sockets/ip-name-lookup: granted names, resolved by the host, to the addresses that the grant allows. */
import { toWit, type WitAddress } from './addresses.ts';
import type { ImportObject, InstanceContext, Io } from './capability.ts';
import type { Reach } from './reach.ts';
import { refuse, socketCode, TimedOut } from './socket-errors.ts';

/** Rejects with {@link TimedOut} where the promise takes longer. The resolver itself cannot be stopped. */
function within<T>(context: InstanceContext, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new TimedOut('the lookup took too long')), context.limits.networkMs);
    const forget = context.onDispose(() => clearTimeout(timer));
    const done = () => {
      clearTimeout(timer);
      forget();
    };
    promise.finally(done).then(resolve, reject);
  });
}

/** The imports of one instance. */
export function createNameLookup(context: InstanceContext, io: Io, reach: Reach): ImportObject {
  class ResolveAddressStream extends io.Resource {
    /** Unset: not there yet. An error is told once for each call, as often as the guest asks. */
    #left: WitAddress[] | string | undefined;
    readonly #settled: Promise<void>;

    constructor(host: string) {
      super();
      this.#settled = within(context, reach.resolve(host)).then(
        (addresses) => {
          this.#left = addresses.map(toWit);
        },
        (error: unknown) => {
          const code = socketCode(error);
          this.#left = code === 'timeout' || code === 'unknown' ? 'temporary-resolver-failure' : code;
        },
      );
    }

    resolveNextAddress(): WitAddress | undefined {
      if (this.#left === undefined) return refuse('would-block');
      if (typeof this.#left === 'string') return refuse(this.#left);
      return this.#left.shift();
    }
    subscribe(): object {
      return io.pollable(this.#settled);
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
