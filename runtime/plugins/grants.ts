/**
 * What holds: what a plugin's manifest asks for and its operator grants. Both are needed, in each kind of its own:
 *
 * - `env`: the variables named by both, with the operator's values.
 * - `clock`: `fine` where both say so.
 * - `filesystem`: the directories with the same path in the plugin; the weaker access and the smaller quotas,
 *   where an operator who says none means the default ones.
 * - `http`: each pair of entries with the same scheme and port whose hosts have names in common: the narrower host,
 *   the methods that both list, private addresses where both allow them, the operator's authorities.
 * - `sockets`: as `http`, with the same protocol instead of scheme and methods.
 * - `listen`: the ports that both list, of the same protocol and address; where one stands for all addresses, at the
 *   other's.
 * - limits: without a word from either, the operator's `[limits]` or else the host's defaults hold. A manifest may
 *   ask for less; for more it gets as much as `[plugin.NAME.limits]` says, which also lowers what it did not ask.
 *   What `[worker.NAME.limits]` says stands for what the manifest asks, for that worker's jobs.
 *
 * An entry that comes to nothing is left out. What the operator grants and nobody asked for has no effect.
 */
import { isIP } from 'node:net';
import {
  type DirectoryGrant,
  defaultQuota,
  type Grants,
  type HttpGrant,
  type ListenGrant,
  listenText,
  type SocketGrant,
} from '../model/grant.ts';
import type { Limits } from '../model/limits.ts';
import { commonListen } from './ports.ts';

/** What an operator says of one plugin. */
export interface PluginGrants {
  /** The component's digest; another file of the same name is refused. */
  readonly digest?: string;
  readonly grants: Grants;
  /** The most that the manifest may ask for. */
  readonly limits: Partial<Limits>;
}

/** What one plugin may do, and why. */
export interface Permissions {
  readonly asked: Grants;
  readonly granted: Grants;
  readonly effective: Grants;
  readonly limits: {
    readonly asked: Partial<Limits>;
    /** The operator's maxima. */
    readonly granted: Partial<Limits>;
    readonly effective: Limits;
    /** What holds for the jobs of workers that have caps of their own, if they are of this plugin; by their names. */
    readonly workers: ReadonlyMap<string, Limits>;
  };
}

/** What is both asked for and granted. */
export function effectiveGrants(asked: Grants, granted: Grants): Grants {
  const env = Object.entries(granted.env ?? {}).filter(([name]) => Object.hasOwn(asked.env ?? {}, name));
  const filesystem = pairs(asked.filesystem, granted.filesystem, commonDirectory);
  const http = pairs(asked.http, granted.http, commonHttp);
  const sockets = pairs(asked.sockets, granted.sockets, commonSocket);
  const listen = pairs(asked.listen, granted.listen, commonListen);
  return {
    ...(env.length > 0 && { env: Object.fromEntries(env) }),
    ...(asked.clock === 'fine' && granted.clock === 'fine' && { clock: 'fine' }),
    ...(filesystem.length > 0 && { filesystem }),
    ...(http.length > 0 && { http }),
    ...(sockets.length > 0 && { sockets }),
    ...(listen.length > 0 && { listen }),
  };
}

/** `base` is what holds where neither the manifest nor the operator says anything of the plugin. */
export function effectiveLimits(asked: Partial<Limits>, granted: Partial<Limits>, base: Limits): Limits {
  const names = Object.keys(base) as (keyof Limits)[];
  const entries = names.map((name) => [name, Math.min(asked[name] ?? base[name], granted[name] ?? base[name])]);
  return Object.fromEntries(entries) as unknown as Limits;
}

/** What came of each kind that was asked for in vain, in a few words: `env HOME`. */
export function refusedRequests({ asked, effective }: Permissions): string[] {
  const lacks = <Item extends Described>(
    kind: string,
    wanted: readonly Item[] = [],
    got: readonly Item[] = [],
    same: Same<Item>,
  ) => wanted.filter((item) => !got.some((each) => same(item, each))).map((item) => `${kind} ${describe(item)}`);
  return [
    ...lacks('env', Object.keys(asked.env ?? {}), Object.keys(effective.env ?? {}), (left, right) => left === right),
    ...(asked.clock === 'fine' && effective.clock !== 'fine' ? ['clock fine'] : []),
    ...lacks('filesystem', asked.filesystem, effective.filesystem, (left, right) => left.guest === right.guest),
    ...lacks('http', asked.http, effective.http, (left, right) => commonHttp(left, right) !== undefined),
    ...lacks('sockets', asked.sockets, effective.sockets, (left, right) => commonSocket(left, right) !== undefined),
    ...lacks('listen', asked.listen, effective.listen, (left, right) => commonListen(left, right) !== undefined),
  ];
}

type Described = string | DirectoryGrant | HttpGrant | SocketGrant | ListenGrant;
type Same<Item> = (left: Item, right: Item) => boolean;

function describe(item: Described): string {
  if (typeof item === 'string') return item;
  if ('guest' in item) return item.guest;
  const protocol = 'protocol' in item && item.protocol === 'udp' ? 'udp ' : '';
  if ('address' in item) return `${protocol}${listenText(item)}`;
  return item.port === undefined ? item.host : `${protocol}${item.host}:${item.port}`;
}

/** What each pair has in common, without repeats. */
function pairs<Item>(
  asked: readonly Item[] = [],
  granted: readonly Item[] = [],
  common: (asked: Item, granted: Item) => Item | undefined,
): Item[] {
  const found = new Map<string, Item>();
  for (const left of asked) {
    for (const right of granted) {
      const both = common(left, right);
      if (both !== undefined) found.set(JSON.stringify(both), both);
    }
  }
  return [...found.values()];
}

function commonDirectory(asked: DirectoryGrant, granted: DirectoryGrant): DirectoryGrant | undefined {
  const { guest, host } = granted;
  if (asked.guest !== guest || host === undefined) return undefined;
  const access = asked.access === 'read-write' && granted.access === 'read-write' ? 'read-write' : 'read-only';
  const smaller = (quota: 'maxBytes' | 'maxFiles') =>
    Math.min(asked[quota] ?? Number.POSITIVE_INFINITY, granted[quota] ?? defaultQuota[quota]);
  return { guest, host, access, maxBytes: smaller('maxBytes'), maxFiles: smaller('maxFiles') };
}

function commonHttp(asked: HttpGrant, granted: HttpGrant): HttpGrant | undefined {
  const host = commonHost(asked.host, granted.host);
  const port = portOf(asked);
  if (host === undefined || asked.scheme !== granted.scheme || port !== portOf(granted)) return undefined;
  const allowed = methodsOf(granted);
  const methods = methodsOf(asked).filter((method) => allowed.includes(method));
  if (methods.length === 0) return undefined;
  const { authorities } = granted;
  const privateAddresses = bothPrivate(asked, granted);
  return { scheme: asked.scheme, host, port, methods, privateAddresses, ...(authorities && { authorities }) };
}

function commonSocket(asked: SocketGrant, granted: SocketGrant): SocketGrant | undefined {
  const { protocol = 'tcp', port } = asked;
  const host = commonHost(asked.host, granted.host);
  if (host === undefined || port !== granted.port || protocol !== (granted.protocol ?? 'tcp')) return undefined;
  return { protocol, host, port, privateAddresses: bothPrivate(asked, granted) };
}

function portOf({ scheme, port }: HttpGrant): number {
  return port ?? (scheme === 'https' ? 443 : 80);
}

function methodsOf({ methods }: HttpGrant): readonly string[] {
  return methods ?? ['GET', 'HEAD'];
}

function bothPrivate(asked: SocketGrant | HttpGrant, granted: SocketGrant | HttpGrant): boolean {
  return asked.privateAddresses === true && granted.privateAddresses === true;
}

/** The narrower of two host patterns, where one covers the other; there is no other way to have names in common. */
function commonHost(left: string, right: string): string | undefined {
  if (covers(left, right)) return right;
  return covers(right, left) ? left : undefined;
}

/** `*.x` covers every name that ends in `.x`, however many labels long, and `*.` followed by such a name; not x. */
function covers(wide: string, narrow: string): boolean {
  if (wide === narrow) return true;
  return wide.startsWith('*.') && isIP(narrow) === 0 && narrow.replace(/^\*\./, '').endsWith(wide.slice(1));
}
