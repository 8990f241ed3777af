/**
 * What a plugin may reach of the host. Deny by default: a field that is not there grants nothing.
 *
 * The same shape says what a plugin's manifest asks for and what the operator grants; what holds is what both say
 * ({@link ../plugins/grants.ts}).
 */

/** A directory that the plugin sees under a name of its own. */
export interface DirectoryGrant {
  /** The path in the plugin, absolute: `/data`. */
  readonly guest: string;
  /** The directory of the host. Only the operator names one; a manifest leaves it out. */
  readonly host?: string;
  readonly access: 'read-only' | 'read-write';
  /** Bytes that the plugin may have in it, its files' sizes added up. */
  readonly maxBytes?: number;
  readonly maxFiles?: number;
}

/** The quotas of a directory where the operator sets none. */
export const defaultQuota = { maxBytes: 256 * 1024 * 1024, maxFiles: 10_000 } as const;

/** Where a plugin may send HTTP requests. */
export interface HttpGrant {
  readonly scheme: 'http' | 'https';
  /** A host name, a name with a leading `*.`, or an IP address. */
  readonly host: string;
  /** Default: the scheme's. */
  readonly port?: number;
  /** Default: GET and HEAD. */
  readonly methods?: readonly string[];
  /** The host may resolve to addresses that are not public (loopback, private, link-local, …). */
  readonly privateAddresses?: boolean;
  /** Who may vouch for the host, instead of the public authorities. Only the operator names a file. */
  readonly authorities?: Authorities;
}

/** Certificates to trust: the file that they came from, and what it held when the operator's grants were read. */
export interface Authorities {
  readonly file: string;
  /** In PEM. */
  readonly certificates: string;
}

/** How sockets speak. */
export type Protocol = 'tcp' | 'udp';

/** Where a plugin may open TCP connections, or which peers it may exchange UDP datagrams with. */
export interface SocketGrant {
  /** Default: `tcp`. */
  readonly protocol?: Protocol;
  /** As in {@link HttpGrant}. */
  readonly host: string;
  readonly port: number;
  readonly privateAddresses?: boolean;
}

/** Where a plugin may wait for TCP connections of others, or for UDP datagrams of the peers in its `sockets`. */
export interface ListenGrant {
  /** Default: `tcp`. */
  readonly protocol?: Protocol;
  /** An IP address of the host; `0.0.0.0` and `::` stand for all of a family. */
  readonly address: string;
  /** The only port, or the first of several. */
  readonly port: number;
  readonly lastPort?: number;
}

/** `127.0.0.1:80`, `[::1]:8000-8010`. */
export function listenText({ address, port, lastPort = port }: ListenGrant): string {
  return `${address.includes(':') ? `[${address}]` : address}:${lastPort === port ? port : `${port}-${lastPort}`}`;
}

export interface Grants {
  /** Environment variables. A manifest asks for names (with empty values); the operator gives values. */
  readonly env?: Readonly<Record<string, string>>;
  /** `fine`: clocks with the host's resolution instead of a millisecond's. */
  readonly clock?: 'coarse' | 'fine';
  readonly filesystem?: readonly DirectoryGrant[];
  readonly http?: readonly HttpGrant[];
  readonly sockets?: readonly SocketGrant[];
  readonly listen?: readonly ListenGrant[];
}

export const noGrants: Grants = {};
