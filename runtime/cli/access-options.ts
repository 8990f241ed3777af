/** Options of `serve` that say who may connect, and call. */
import { Option } from 'commander';
import type { AppOptions } from '../app.ts';
import { CliError } from './exit-codes.ts';
import { collectWords, count } from './values.ts';

/** Their values, as commander gives them. */
export interface AccessFlags {
  readonly tokens?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsClientCa?: string;
  readonly webOrigin?: readonly string[];
  readonly maxConnections: number;
  /** Seconds. */
  readonly keepAlive: number;
}

type AccessSettings = Pick<AppOptions, 'access' | 'tls' | 'webOrigins' | 'connectionLimits'>;

export function accessOptions(): Option[] {
  return [
    new Option('--tokens <FILE>', 'TOML file that says who may call, and what').env('BULKHEAD_TOKENS'),
    new Option('--tls-cert <FILE>', 'PEM file with the certificate; needs --tls-key').env('BULKHEAD_TLS_CERT'),
    new Option('--tls-key <FILE>', "PEM file with the certificate's private key").env('BULKHEAD_TLS_KEY'),
    new Option('--tls-client-ca <FILE>', 'PEM file with an authority; clients have to bring its certificate').env(
      'BULKHEAD_TLS_CLIENT_CA',
    ),
    new Option('--web-origin <ORIGIN>', 'web pages that may call, as https://app.example.com; may be repeated')
      .env('BULKHEAD_WEB_ORIGINS')
      .argParser(collectWords),
    new Option('--max-connections <N>', 'connections at a time')
      .env('BULKHEAD_MAX_CONNECTIONS')
      .argParser(count)
      .default(4096),
    new Option('--keep-alive <SECONDS>', 'how often a client is asked whether it is still there')
      .env('BULKHEAD_KEEP_ALIVE')
      .argParser(count)
      .default(60),
  ];
}

/** Flags, and the environment variable `AUTH_TOKEN`, as the app takes them. A secret has no flag: `ps` shows flags. */
export function accessSettings(flags: AccessFlags): AccessSettings {
  const { tokens: tokensFile, webOrigin: webOrigins, maxConnections, keepAlive } = flags;
  const { AUTH_TOKEN: adminToken } = process.env;
  const tls = tlsFiles(flags);
  return {
    access: { ...(tokensFile !== undefined && { tokensFile }), ...(adminToken !== undefined && { adminToken }) },
    connectionLimits: { connections: maxConnections, keepAliveMs: keepAlive * 1000 },
    ...(webOrigins && { webOrigins }),
    ...(tls && { tls }),
  };
}

/** Files that belong together. */
function tlsFiles({ tlsCert, tlsKey, tlsClientCa }: AccessFlags): AppOptions['tls'] {
  if (tlsCert === undefined && tlsKey === undefined && tlsClientCa === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined)
    throw new CliError('usage', `--tls-${tlsCert === undefined ? 'cert' : 'key'} is missing: TLS needs both of them`);
  return { certFile: tlsCert, keyFile: tlsKey, ...(tlsClientCa !== undefined && { clientCaFile: tlsClientCa }) };
}
