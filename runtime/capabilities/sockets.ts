/**
 * wasi:sockets: TCP and UDP with granted peers, listening at granted addresses, and lookup of granted names. What was
 * not granted answers `access-denied`.
 */
import type { Family } from './addresses.ts';
import type { Capability } from './capability.ts';
import { LocalPorts } from './local-ports.ts';
import { createNameLookup } from './name-lookup.ts';
import { createNetwork } from './network.ts';
import { Reach } from './reach.ts';
import { refuse } from './socket-errors.ts';
import { createTcp } from './tcp.ts';
import { createUdp } from './udp.ts';

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
    const ports = new LocalPorts(context, reach);
    const tcp = createTcp(context, io, reach, ports);
    const udp = createUdp(context, io, reach, ports);
    const { Network, instanceNetwork } = createNetwork(context);
    /** A socket that may do nothing at all is refused as a whole. */
    const create =
      <S>(protocol: 'tcp' | 'udp', Socket: new (family: Family) => S) =>
      (family: Family): S => {
        if (reach.isGranted(protocol) || ports.isGranted(protocol)) return new Socket(family);
        context.refused('sockets', `a ${protocol.toUpperCase()} socket`);
        return refuse('access-denied');
      };
    return {
      'wasi:sockets/network': {
        Network,
        networkErrorCode: (error: object) => (io.detailOf(error) as { socket?: string } | undefined)?.socket,
      },
      'wasi:sockets/instance-network': { instanceNetwork },
      'wasi:sockets/ip-name-lookup': createNameLookup(context, io, reach),
      'wasi:sockets/tcp': tcp,
      'wasi:sockets/tcp-create-socket': { createTcpSocket: create('tcp', tcp.TcpSocket) },
      'wasi:sockets/udp': udp,
      'wasi:sockets/udp-create-socket': { createUdpSocket: create('udp', udp.UdpSocket) },
    };
  },
};
