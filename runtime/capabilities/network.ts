/**
 * wasi:sockets/instance-network: a handle that stands for the network and carries no state, because what may be
 * reached is the instance's and not the handle's. wasi-libc takes one with its first socket and never gives it back: an
 * instance that holds some is put back like one that holds none.
 */
import type { InstanceContext } from './capability.ts';

/** The class and the import of one instance. */
export function createNetwork(context: InstanceContext) {
  class Network {
    constructor() {
      context.handle(1, 'no state');
    }
    [Symbol.dispose](): void {
      context.handle(-1, 'no state');
    }
  }
  return { Network, instanceNetwork: () => new Network() };
}
