/** What of the settings is about who may connect, and call. */
import type { AppOptions } from '../app.ts';
import type { Values } from '../config/resolve.ts';
import { CliError } from './exit-codes.ts';

type AccessOptions = Pick<AppOptions, 'access' | 'tls' | 'webOrigins' | 'connectionLimits'>;

/** Beside the settings there is the environment variable `AUTH_TOKEN`: `ps` and files of settings show no secrets. */
export function accessOptions(values: Values): AccessOptions {
  const { 'access.tokens': tokensFile, 'access.web_origins': webOrigins } = values;
  const { AUTH_TOKEN: adminToken } = process.env;
  const tls = tlsFiles(values);
  return {
    access: { ...(tokensFile !== undefined && { tokensFile }), ...(adminToken !== undefined && { adminToken }) },
    connectionLimits: {
      connections: values['server.max_connections'],
      streams: values['server.max_streams'],
      keepAliveMs: values['server.keep_alive_ms'],
      keepAliveTimeoutMs: values['server.keep_alive_timeout_ms'],
    },
    ...(webOrigins && { webOrigins }),
    ...(tls && { tls }),
  };
}

/** Files that belong together. */
function tlsFiles(values: Values): AppOptions['tls'] {
  const { 'tls.cert': certFile, 'tls.key': keyFile, 'tls.client_ca': clientCaFile } = values;
  if (certFile === undefined && keyFile === undefined && clientCaFile === undefined) return undefined;
  if (certFile === undefined || keyFile === undefined) {
    const missing = certFile === undefined ? 'tls.cert (--tls-cert)' : 'tls.key (--tls-key)';
    throw new CliError('usage', `${missing} is not set: TLS needs a certificate and its key`);
  }
  return { certFile, keyFile, ...(clientCaFile !== undefined && { clientCaFile }) };
}
