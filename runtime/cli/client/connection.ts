/** How the server is reached: flags beat the environment, and the environment beats the profile. */
import type { TlsOptions } from '../../api/client.ts';
import { CliError } from '../exit-codes.ts';
import { type ConnectionOptions, connectionEnv } from './options.ts';
import { type Profile, readProfile } from './profile-file.ts';
import { checkedToken, readSecretFile, readSmallFile } from './secrets.ts';

/** Where a server listens unless it was told otherwise. */
const defaultAddress = '127.0.0.1:9000';

/** A connection to be made. */
export interface Connection {
  /** HOST:PORT. */
  readonly address: string;
  readonly token?: string;
  readonly tls?: TlsOptions;
}

/** Puts options, environment and profile together. Throws with exit code 2 where they make no sense. */
export async function resolveConnection(options: ConnectionOptions): Promise<Connection> {
  const profile = await readProfile(told(options, 'profile'));
  const address = checkedAddress(told(options, 'address') ?? profile.address ?? defaultAddress);
  const token = tokenOf(options, profile);
  const tls = tlsOf(options, profile);
  const plaintext = options.plaintextToken ?? flag('BULKHEAD_PLAINTEXT_TOKEN') ?? profile.plaintextToken ?? false;
  if (token !== undefined && !tls && !plaintext && !isLoopback(address)) {
    throw new CliError(
      'usage',
      `${address}: the token would cross the network in the clear; use TLS (--tls), or allow it with --plaintext-token`,
    );
  }
  return { address, ...(token !== undefined && { token }), ...(tls && { tls }) };
}

/** The flag, or the environment. */
function told(options: ConnectionOptions, name: keyof typeof connectionEnv): string | undefined {
  return filled(options[name]) ?? filled(process.env[connectionEnv[name]]);
}

/** Nobody sets a variable to nothing on purpose. */
function filled(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function flag(name: string): boolean | undefined {
  const value = filled(process.env[name]);
  if (value === undefined) return undefined;
  if (/^(1|true|yes|on)$/i.test(value)) return true;
  if (/^(0|false|no|off)$/i.test(value)) return false;
  throw new CliError('usage', `${name}=${value}: it has to be 1 or 0`);
}

function checkedAddress(text: string): string {
  const match = /^(?:\[[\da-fA-F:.]+\]|[^:\s[\]/]+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[1]);
  if (match && port >= 1 && port <= 65_535) return text;
  throw new CliError('usage', `address '${text}': it has to be HOST:PORT, such as 127.0.0.1:9000 or [::1]:9000`);
}

function isLoopback(address: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\]):/i.test(address);
}

function tokenOf(options: ConnectionOptions, profile: Profile): string | undefined {
  if (options.tokenFile) return fromFile(options.tokenFile, '--token-file');
  const { BULKHEAD_TOKEN: plain, BULKHEAD_TOKEN_FILE: file } = process.env;
  if (plain && file) throw new CliError('usage', 'BULKHEAD_TOKEN and BULKHEAD_TOKEN_FILE are both set; unset one');
  if (plain) return checkedToken(plain, 'BULKHEAD_TOKEN');
  if (file) return fromFile(file, 'BULKHEAD_TOKEN_FILE');
  if (profile.tokenFile !== undefined) return fromFile(profile.tokenFile, "the profile's token_file");
  if (profile.token !== undefined) return checkedToken(profile.token, "the profile's token");
  if (profile.tokenEnv === undefined) return undefined;
  const value = process.env[profile.tokenEnv];
  if (value) return checkedToken(value, profile.tokenEnv);
  throw new CliError('usage', `the profile takes its token from ${profile.tokenEnv}, which is not set`);
}

function fromFile(path: string, source: string): string {
  return checkedToken(readSecretFile(path, source).toString('utf8'), `${source} ${path}`);
}

function tlsOf(options: ConnectionOptions, profile: Profile): TlsOptions | undefined {
  const files = {
    ca: told(options, 'tlsCa') ?? profile.tls?.ca,
    cert: told(options, 'tlsCert') ?? profile.tls?.cert,
    key: told(options, 'tlsKey') ?? profile.tls?.key,
  };
  const serverName = told(options, 'tlsServerName') ?? profile.tls?.serverName;
  const given = Object.values({ ...files, serverName }).some((value) => value !== undefined);
  if (!(options.tls ?? flag('BULKHEAD_TLS') ?? (profile.tls !== undefined || given))) return undefined;
  if ((files.cert === undefined) !== (files.key === undefined)) {
    throw new CliError('usage', 'a client certificate needs its key, and a key its certificate: give both or none');
  }
  return {
    ...(files.ca !== undefined && { ca: readSmallFile(files.ca, 'TLS authorities') }),
    ...(files.cert !== undefined && { cert: readSmallFile(files.cert, 'TLS certificate') }),
    ...(files.key !== undefined && { key: readSecretFile(files.key, 'TLS key') }),
    ...(serverName !== undefined && { serverName }),
  };
}
