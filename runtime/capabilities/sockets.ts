/** wasi:sockets, denied: every attempt to make a socket or to look up a name answers `access-denied`. */
import { type Capability, WitError } from './capability.ts';

function deny(): never {
  throw new WitError('access-denied');
}

export const sockets: Capability = {
  name: 'sockets',
  interfaces: [
    'wasi:sockets/instance-network',
    'wasi:sockets/ip-name-lookup',
    'wasi:sockets/network',
    'wasi:sockets/tcp',
    'wasi:sockets/tcp-create-socket',
    'wasi:sockets/udp',
    'wasi:sockets/udp-create-socket',
  ],
  create() {
    class Network {}
    return {
      'wasi:sockets/network': { Network, networkErrorCode: () => undefined },
      'wasi:sockets/instance-network': { instanceNetwork: () => new Network() },
      // No instance of the classes ever exists; the glue needs the names.
      'wasi:sockets/ip-name-lookup': { ResolveAddressStream: class ResolveAddressStream {}, resolveAddresses: deny },
      'wasi:sockets/tcp': { TcpSocket: class TcpSocket {} },
      'wasi:sockets/tcp-create-socket': { createTcpSocket: deny },
      'wasi:sockets/udp': {
        UdpSocket: class UdpSocket {},
        IncomingDatagramStream: class IncomingDatagramStream {},
        OutgoingDatagramStream: class OutgoingDatagramStream {},
      },
      'wasi:sockets/udp-create-socket': { createUdpSocket: deny },
    };
  },
};
