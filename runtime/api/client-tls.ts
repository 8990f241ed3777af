/** TLS of a client: what it shows, whom it trusts, and what the server has to be called. */
import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { type ChannelCredentials, type ClientOptions, credentials, type VerifyOptions } from '@grpc/grpc-js';

/** How a connection is encrypted. PEM texts. */
export interface TlsOptions {
  /** Authorities that the server's certificate may come from; not set: those that Node knows. */
  readonly ca?: Buffer;
  /** The client's own certificate, for servers that ask for one; needs a key. */
  readonly cert?: Buffer;
  readonly key?: Buffer;
  /** The name that the server's certificate has to be for; not set: the host of the address. */
  readonly serverName?: string;
}

/** What is sent as the server's name (SNI), which must not be an address, where the server is named by one. */
const nameForAddresses = 'localhost';

/** For a Client of grpc-js. Throws an Error of Node where a text is no certificate or key. */
export function secureChannel(
  address: string,
  { ca, cert, key, serverName }: TlsOptions,
): { readonly credentials: ChannelCredentials; readonly options: ClientOptions } {
  const ssl = (verify?: VerifyOptions) => credentials.createSsl(ca ?? null, key ?? null, cert ?? null, verify);
  if (serverName !== undefined) {
    const options = { 'grpc.ssl_target_name_override': serverName, 'grpc.default_authority': serverName };
    return { credentials: ssl(), options };
  }
  const host = address.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) === 0) return { credentials: ssl(), options: {} };
  // grpc-js would send the address as the name, which Node refuses.
  const verify = { checkServerIdentity: (_name: string, peer: PeerCertificate) => checkServerIdentity(host, peer) };
  return { credentials: ssl(verify), options: { 'grpc.ssl_target_name_override': nameForAddresses } };
}
