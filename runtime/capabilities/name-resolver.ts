/**
 * Resolves names without the threads that the whole process shares.
 *
 * `getaddrinfo` keeps one of libuv's threads until it answers, and libuv lends it two of four: two names whose servers
 * do not answer keep everybody else's lookups waiting for seconds (measured: 10 s for two, 80 s for sixteen). So
 * servers are asked by c-ares, in the thread's own event loop, and each lookup by a channel of its own, so that it can
 * be ended and waits for no other: 1.3 ms beside two hundred that hang; a channel costs 40 µs.
 */
import { Resolver } from 'node:dns/promises';
import type { InstanceContext } from './capability.ts';
import { LocalNames } from './local-names.ts';

export type ResolveName = NonNullable<InstanceContext['resolver']>;

/** Where answers come from; nothing said: as the machine is set up. */
export interface NameSources {
  readonly hostsFile?: string;
  readonly resolvConf?: string;
  /** `address` or `address:port`. */
  readonly servers?: readonly string[];
}

/** How long a server has to answer, in milliseconds (at the first try; c-ares doubles it for each further one). */
const serverMs = 2000;
const tries = 3;
/** So many addresses of a name are looked at. */
const mostAddresses = 64;
/** The name is not there, has no such addresses, or cannot be one: that is an answer. */
const answers: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME']);

function failure(code: 'ENOTFOUND' | 'EAI_AGAIN' | 'ETIMEOUT', name: string): Error {
  return Object.assign(new Error(`lookup of ${name}: ${code}`), { code });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** The addresses of a full name, IPv4 first; none: it has none. Rejects where no server said so. */
async function ask(name: string, servers: readonly string[] | undefined, signal: AbortSignal): Promise<string[]> {
  const resolver = new Resolver({ timeout: serverMs, tries });
  if (servers) resolver.setServers(servers);
  const stop = () => resolver.cancel();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const outcomes = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    const found = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []));
    const failed = outcomes
      .flatMap((outcome) => (outcome.status === 'rejected' ? codeOf(outcome.reason) : []))
      .find((code) => !answers.has(code));
    if (found.length > 0 || failed === undefined) return found.slice(0, mostAddresses);
    throw failure(failed === 'ETIMEOUT' ? failed : 'EAI_AGAIN', name);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Makes a resolver. It rejects with `ENOTFOUND`, `ETIMEOUT` or `EAI_AGAIN` as code. */
export function createResolver(sources: NameSources = {}): ResolveName {
  const { hostsFile = '/etc/hosts', resolvConf = '/etc/resolv.conf', servers } = sources;
  const local = new LocalNames(hostsFile, resolvConf);
  return async (name, signal) => {
    const known = local.addressesOf(name);
    if (known) return known;
    for (const meaning of local.meaningsOf(name)) {
      if (signal.aborted) break;
      const found = await ask(meaning, servers, signal);
      if (found.length > 0) return found;
    }
    throw failure('ENOTFOUND', name);
  };
}
