/**
 * The way out: which hosts a plugin may reach, and at which addresses.
 *
 * A name is resolved once, every address is checked, and the connection is made to an address that was checked:
 * what the name resolves to a moment later does not matter (DNS rebinding). A literal is checked the same way. The
 * environment (`HTTP_PROXY` and its like) has no say. What does not belong here: protocols, and what guests see.
 */
import type { HttpGrant, SocketGrant } from '../model/grant.ts';
import { canonical, isPublic } from './addresses.ts';
import type { InstanceContext } from './capability.ts';
import { createResolver, type ResolveName } from './name-resolver.ts';

const systemResolver = createResolver();

/** So many lookups of one instance are under way at a time. */
const mostLookups = 16;
const lookups = new WeakMap<InstanceContext, number>();

/** The resolver of one instance. One lookup too many fails as a resolver that is overrun does. */
export function resolverOf(context: InstanceContext): ResolveName {
  return async (name, signal) => {
    const pending = lookups.get(context) ?? 0;
    if (pending >= mostLookups) throw Object.assign(new Error('too many lookups at a time'), { code: 'EAI_AGAIN' });
    lookups.set(context, pending + 1);
    try {
      return await untilAborted((context.resolver ?? systemResolver)(name, signal), signal);
    } finally {
      lookups.set(context, (lookups.get(context) ?? 1) - 1);
    }
  };
}

/** What the promise answers; rejects with the signal's reason, if that comes first. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.finally(() => signal.removeEventListener('abort', abort)).then(resolve, reject);
  });
}

/** No address that the name or literal stands for may be connected to. */
export class AddressRefused extends Error {}

/** What a grant allows of the addresses behind a host. */
export interface AddressRule {
  readonly privateAddresses: boolean;
}

/**
 * The host as everything else here takes it: lower case, punycode, an IPv4 address in four decimal parts, IPv6 in
 * its one form without brackets, no dot at the end. Undefined where it is no host at all.
 */
export function canonicalHost(host: string): string | undefined {
  const literal = canonical(host);
  if (literal !== undefined) return literal;
  // Nothing that the URL's grammar would take for something else than the host.
  if (/[/?#@\\:%\s]/.test(host) && !/^\[[\da-fA-F:.]+\]$/.test(host)) return undefined;
  const parsed = URL.canParse(`http://${host}/`) ? new URL(`http://${host}/`).hostname : '';
  const name = parsed.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  return name === '' ? undefined : name;
}

/** `*.example.org` covers names below example.org, of any depth, and not example.org. */
function coversHost(pattern: string, host: string): boolean {
  if (!pattern.startsWith('*.')) return canonicalHost(pattern) === host;
  const suffix = canonicalHost(pattern.slice(2));
  return suffix !== undefined && canonical(host) === undefined && host.endsWith(`.${suffix}`);
}

const defaultPorts = { http: 80, https: 443 };
const defaultMethods: readonly string[] = ['GET', 'HEAD'];

/** What grants allow of an HTTP request. */
export interface HttpRule extends AddressRule {
  /** Certificates, in PEM, of which one has to vouch for the host; empty: a public authority has to. */
  readonly authorities: readonly string[];
}

/** What an HTTP request may be. */
export interface HttpTarget {
  readonly scheme: 'http' | 'https';
  /** Canonical: see {@link canonicalHost}. */
  readonly host: string;
  readonly port: number;
  /** In capitals, as it goes out. */
  readonly method: string;
}

/** What allows the request; undefined: nothing does. Where one grant names authorities, no others are trusted. */
export function httpRule(grants: readonly HttpGrant[] | undefined, target: HttpTarget): HttpRule | undefined {
  const covering = (grants ?? []).filter(
    ({ scheme, host, port, methods }) =>
      scheme === target.scheme &&
      (port ?? defaultPorts[scheme]) === target.port &&
      (methods ?? defaultMethods).includes(target.method) &&
      coversHost(host, target.host),
  );
  if (covering.length === 0) return undefined;
  return {
    privateAddresses: covering.some(({ privateAddresses }) => privateAddresses === true),
    authorities: covering.flatMap(({ authorities }) => authorities?.certificates ?? []),
  };
}

/** The grants that cover the host, whatever the port. `host` is canonical. */
export function socketGrants(grants: readonly SocketGrant[] | undefined, host: string): readonly SocketGrant[] {
  return (grants ?? []).filter((grant) => coversHost(grant.host, host));
}

/** Those of the addresses that the rule allows. Throws {@link AddressRefused} where none is left. */
function checkedAddresses(host: string, addresses: readonly string[], rule: AddressRule): readonly string[] {
  const allowed = addresses.filter((address) => rule.privateAddresses || isPublic(address));
  if (allowed.length === 0) throw new AddressRefused(`${host} (${addresses.join(', ')})`);
  return allowed;
}

/** The addresses that a host may be connected at: resolved now, once, each checked. Rejects as the resolver does. */
export async function addressesOf(
  host: string,
  rule: AddressRule,
  resolve: (host: string) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const literal = canonical(host);
  return checkedAddresses(host, literal === undefined ? await resolve(host) : [literal], rule);
}
