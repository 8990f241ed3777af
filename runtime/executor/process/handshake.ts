/**
 * The handshake of go-plugin: what a process is given in its environment, and the one line by which it answers,
 * `core|app|network|address|protocol|certificate`.
 */
import { isAbsolute, relative } from 'node:path';
import { startFailure } from './start-failure.ts';

/** Agreed between host and plugin; it tells a plugin that is started by hand from one that a host starts. */
export const magicCookie = { key: 'BULKHEAD_PLUGIN', value: 'bulkhead.process.v1' } as const;
/** The version of the handshake itself. */
const coreVersion = 1;
/** The version of `bulkhead.process.v1` as go-plugin counts it. */
const appVersion = 1;

/** Variables of the host that a process sees too. All others are kept from it. */
const passedOn = ['PATH', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'SystemRoot'];

/** Where a plugin listens. */
export interface Handshake {
  readonly network: 'unix' | 'tcp';
  readonly address: string;
  /** The plugin's certificate, base64 of DER; not set: no encryption. */
  readonly certificate?: string;
}

export interface EnvironmentParts {
  /** The process's own folder, for its sockets and temporary files. */
  readonly folder: string;
  /** The host's certificate, in PEM. */
  readonly certificate: string;
  /** What the operator grants. */
  readonly granted: Readonly<Record<string, string>>;
}

/** The whole environment of a process. `PLUGIN_MULTIPLEX_GRPC` is not in it: the broker's connections are their own. */
export function environmentOf({ folder, certificate, granted }: EnvironmentParts): Record<string, string> {
  const passed = passedOn.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(passed),
    ...granted,
    TMPDIR: folder,
    [magicCookie.key]: magicCookie.value,
    PLUGIN_PROTOCOL_VERSIONS: String(appVersion),
    PLUGIN_UNIX_SOCKET_DIR: folder,
    PLUGIN_MIN_PORT: '10000',
    PLUGIN_MAX_PORT: '25000',
    PLUGIN_CLIENT_CERT: certificate,
  };
}

/** Reads the line. `folder` is where a socket must be. Throws what is wrong with it. */
export function readHandshake(line: string, folder: string): Handshake {
  const [core = '', app = '', network = '', address = '', protocol = 'netrpc', certificate = ''] = line
    .trim()
    .split('|');
  if (!/^\d+$/.test(core) || !/^\d+$/.test(app) || address === '')
    throw startFailure(
      'handshake-malformed',
      `its first line is no handshake (core|app|network|address|protocol): ${JSON.stringify(line.slice(0, 200))}; a plugin must print nothing before it`,
    );
  if (Number(core) !== coreVersion) throw otherVersion('of the handshake', core, coreVersion);
  if (Number(app) !== appVersion) throw otherVersion('of bulkhead.process', app, appVersion);
  if (protocol !== 'grpc') throw refused(`it speaks ${protocol}, not grpc: give its ServeConfig a GRPCServer`);
  return { ...place(network, address, folder, certificate !== ''), ...(certificate !== '' && { certificate }) };
}

function otherVersion(what: string, plugin: string, host: number): Error {
  return startFailure(
    'protocol-version',
    `protocol version mismatch ${what}: plugin=${plugin}, host=${host}: build it for version ${host}`,
    { details: { plugin: Number(plugin), host } },
  );
}

function refused(text: string): Error {
  return startFailure('handshake-malformed', text);
}

/** A socket in the process's own folder, or an encrypted port of this machine: nobody else can speak there. */
function place(network: string, address: string, folder: string, isEncrypted: boolean): Handshake {
  if (network === 'unix') {
    const inside = relative(folder, address);
    if (isAbsolute(address) && inside !== '' && !inside.startsWith('..') && !isAbsolute(inside))
      return { network, address };
    throw refused(`its socket ${address} is not in the folder that it was given (PLUGIN_UNIX_SOCKET_DIR)`);
  }
  if (network !== 'tcp') throw refused(`it listens on ${network}; known are unix and tcp`);
  if (!/^(127(\.\d+){3}|\[::1\]|localhost):\d+$/.test(address))
    throw refused(`it listens on ${address}, which is not this machine alone: listen on 127.0.0.1`);
  if (!isEncrypted) throw refused('it listens on TCP without a certificate: others on this machine could call it');
  return { network, address };
}
