/**
 * wasi:sockets: TCP clients and name lookup, by host and port. What was not granted answers `access-denied`; UDP
 * and listening cannot be granted yet.
 */
import type { Capability } from './capability.ts';
import { createNameLookup } from './name-lookup.ts';
import { createNetwork } from './network.ts';
import { Reach } from './reach.ts';
import { refuse } from './socket-errors.ts';
import { createTcp } from './tcp.ts';

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
  create(context, io) {
    const reach = new Reach(context);
    const tcp = createTcp(context, io, reach);
    const deny = (what: string) => {
      context.refused('sockets', what);
      return refuse('access-denied');
    };
    const { Network, instanceNetwork } = createNetwork(context);
    return {
      'wasi:sockets/network': {
        Network,
        networkErrorCode: (error: object) => (io.detailOf(error) as { socket?: string } | undefined)?.socket,
      },
      'wasi:sockets/instance-network': { instanceNetwork },
      'wasi:sockets/ip-name-lookup': createNameLookup(context, io, reach),
      'wasi:sockets/tcp': { TcpSocket: tcp.TcpSocket },
      'wasi:sockets/tcp-create-socket': {
        createTcpSocket: (family: 'ipv4' | 'ipv6') =>
          reach.isGranted ? new tcp.TcpSocket(family) : deny('a TCP socket'),
      },
      'wasi:sockets/udp': {
        // No instance of the classes ever exists; the glue needs the names.
        UdpSocket: class UdpSocket {},
        IncomingDatagramStream: class IncomingDatagramStream {},
        OutgoingDatagramStream: class OutgoingDatagramStream {},
      },
      'wasi:sockets/udp-create-socket': { createUdpSocket: () => deny('a UDP socket') },
    };
  },
};
