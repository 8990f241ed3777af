/** Where a plugin may listen: what the files may say of addresses and ports, and what two of them have in common. */
import { isIP } from 'node:net';
import type { ListenGrant } from '../model/grant.ts';

/** What is wrong with an entry of `listen`, beyond its shape. */
export interface Unfit {
  readonly field: string;
  readonly what: string;
  readonly expected: string;
}

export function unfitListen(table: { address: string; port: number; last_port?: number }): Unfit | undefined {
  const { address, port, last_port: last = port } = table;
  if (isIP(address) === 0) {
    return { field: 'address', what: `${address} is none`, expected: 'an IP address without brackets' };
  }
  return last < port
    ? { field: 'last_port', what: `${last} is below the first, ${port}`, expected: 'the last port' }
    : undefined;
}

/** The ports that both list, at the narrower address where one of them stands for all. */
export function commonListen(asked: ListenGrant, granted: ListenGrant): ListenGrant | undefined {
  const { protocol = 'tcp' } = asked;
  const address = commonAddress(asked.address, granted.address);
  const port = Math.max(asked.port, granted.port);
  const lastPort = Math.min(asked.lastPort ?? asked.port, granted.lastPort ?? granted.port);
  if (protocol !== (granted.protocol ?? 'tcp') || address === undefined || lastPort < port) return undefined;
  return { protocol, address, port, ...(lastPort > port && { lastPort }) };
}

const all: Readonly<Record<number, string>> = { 4: '0.0.0.0', 6: '::' };

function commonAddress(left: string, right: string): string | undefined {
  if (left === right || left === all[isIP(right)]) return right;
  return right === all[isIP(left)] ? left : undefined;
}
