/**
 * IP addresses: which of them are public, and how WIT writes them.
 *
 * "Public" is an allow-list for IPv6 (2000::/3 less what is reserved in it) and a deny-list for IPv4, from the IANA
 * special-purpose registries. Forms that carry an IPv4 address inside (mapped, compatible, NAT64, 6to4, Teredo) are
 * not public whatever they carry: where they lead is decided by somebody else's gateway.
 */
import { BlockList, isIP, isIPv4 } from 'node:net';

/** `[network, prefix length]`: special-purpose IPv4 networks (RFC 6890 and its successors). */
const specialV4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8], // this network, and the unspecified address
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // carrier-grade NAT
  ['127.0.0.0', 8],
  ['169.254.0.0', 16], // link-local; the metadata services of clouds
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24], // documentation
  ['192.88.99.0', 24], // 6to4 relays
  ['192.168.0.0', 16],
  ['198.18.0.0', 15], // benchmarks
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, and the broadcast address
];

/** Special-purpose networks inside of 2000::/3. */
const specialV6: readonly (readonly [string, number])[] = [
  ['2001::', 23], // Teredo, ORCHID and other protocols of the IETF
  ['2001:db8::', 32], // documentation
  ['2002::', 16], // 6to4
  ['3fff::', 20], // documentation
];

function blockList(family: 'ipv4' | 'ipv6', networks: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of networks) list.addSubnet(network, prefix, family);
  return list;
}

const notPublicV4 = blockList('ipv4', specialV4);
const notPublicV6 = blockList('ipv6', specialV6);
const globalV6 = blockList('ipv6', [['2000::', 3]]);

/** The address can be reached from everywhere, and by everybody. False for what is no IP address. */
export function isPublic(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !notPublicV4.check(address, 'ipv4');
  // One with a zone (`fe80::1%eth0`) means an interface of this host.
  if (family === 0 || address.includes('%')) return false;
  return globalV6.check(address, 'ipv6') && !notPublicV6.check(address, 'ipv6');
}

/** An address as WIT has it. */
export type WitAddress =
  | { readonly tag: 'ipv4'; readonly val: readonly number[] }
  | { readonly tag: 'ipv6'; readonly val: readonly number[] };

export type Family = WitAddress['tag'];

/** A socket address as WIT has it. */
export type WitSocketAddress =
  | { readonly tag: 'ipv4'; readonly val: { readonly port: number; readonly address: readonly number[] } }
  | {
      readonly tag: 'ipv6';
      readonly val: {
        readonly port: number;
        readonly flowInfo: number;
        readonly address: readonly number[];
        readonly scopeId: number;
      };
    };

/** The eight groups of an IPv6 address, which may end in a dotted IPv4 address. */
function groupsOf(address: string): number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  if (dotted) {
    const [a, b, c, d] = dotted.slice(2).map(Number) as [number, number, number, number];
    return groupsOf(`${dotted[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`);
  }
  const [head = '', tail] = address.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  if (tail === undefined) return groups(head);
  const [left, right] = [groups(head), groups(tail)];
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
}

/** An address that Node gives, as WIT has it. */
export function toWit(address: string): WitAddress {
  if (isIPv4(address)) return { tag: 'ipv4', val: address.split('.').map(Number) };
  return { tag: 'ipv6', val: groupsOf(address.split('%')[0] ?? '') };
}

export function toWitSocket(address: string, port: number): WitSocketAddress {
  const wit = toWit(address);
  if (wit.tag === 'ipv4') return { tag: 'ipv4', val: { port, address: wit.val } };
  return { tag: 'ipv6', val: { port, flowInfo: 0, address: wit.val, scopeId: 0 } };
}

/** The address in a socket address. */
export function addressOf({ tag, val }: WitSocketAddress): WitAddress {
  return { tag, val: val.address };
}

/** The text of an address, the same for every way to write it: what addresses are compared by. */
export function textOf({ tag, val }: WitAddress): string {
  if (tag === 'ipv4') return val.join('.');
  return new URL(`http://[${val.map((group) => group.toString(16)).join(':')}]`).hostname.slice(1, -1);
}

/** The one text of an IP address, or undefined where the text is none. */
export function canonical(address: string): string | undefined {
  return isIP(address) === 0 ? undefined : textOf(toWit(address));
}

/** The address that stands for all of a family's. */
export function isUnspecified({ val }: WitAddress): boolean {
  return val.every((part) => part === 0);
}

/** An address of one host, and not of nobody or of many; IPv4 in IPv6's clothes is refused by WASI too. */
export function isUnicast({ tag, val }: WitAddress): boolean {
  const [first = 0] = val;
  if (tag === 'ipv4') return first > 0 && first < 224;
  const isMapped = val.slice(0, 5).every((group) => group === 0) && val[5] === 0xffff;
  return first >> 8 !== 0xff && !isMapped && !isUnspecified({ tag, val });
}
