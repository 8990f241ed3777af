/**
 * Certificate, key and the authority of clients, from PEM files. What is wrong with them is said at the start, by
 * file; the certificate and the key have to belong together. A key that others can read is used, with a note:
 * platforms that mount certificates mount them so.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { BulkheadError } from '../errors.ts';
import { readPrivateFile } from './private-file.ts';

/** Paths of PEM files. */
export interface TlsFiles {
  /** The server's certificate, and those up to its authority after it. */
  readonly certFile: string;
  /** The certificate's private key, not encrypted. */
  readonly keyFile: string;
  /** Authorities whose certificates clients have to bring; not set: they bring none. */
  readonly clientCaFile?: string;
}

/** What `tls.createServer` takes. */
export interface TlsContext {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
  readonly requestCert: boolean;
  readonly rejectUnauthorized: boolean;
  readonly minVersion: 'TLSv1.2';
}

/** Reads and checks the files. `notes` are lines for the operator. Throws `config-invalid`. */
export async function readTls({
  certFile,
  keyFile,
  clientCaFile,
}: TlsFiles): Promise<{ readonly tls: TlsContext; readonly notes: readonly string[] }> {
  const cert = await readPem('the certificate', certFile);
  const { text: key, notes } = await readPrivateFile('the key', keyFile, true);
  const ca = clientCaFile === undefined ? undefined : await readPem("the clients' authority", clientCaFile);
  const [own] = certificates('the certificate', certFile, cert);
  if (!own.checkPrivateKey(privateKey(keyFile, key)))
    throw refusal('the key', keyFile, `it does not belong to the certificate ${certFile}`);
  if (ca !== undefined && clientCaFile !== undefined) certificates("the clients' authority", clientCaFile, ca);
  const tls: TlsContext = {
    cert,
    key,
    ...(ca !== undefined && { ca }),
    requestCert: ca !== undefined,
    rejectUnauthorized: ca !== undefined,
    minVersion: 'TLSv1.2',
  };
  try {
    createSecureContext(tls);
  } catch (error) {
    throw refusal('the certificate', certFile, reason(error), error);
  }
  return { tls, notes: [...notes, ...dates(certFile, own)] };
}

async function readPem(what: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw refusal(what, path, reason(error), error);
  }
}

/** All certificates of a PEM text, one at least. */
function certificates(what: string, path: string, text: string): [X509Certificate, ...X509Certificate[]] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    const [first, ...rest] = blocks.map((block) => new X509Certificate(block));
    if (first) return [first, ...rest];
  } catch (error) {
    throw refusal(what, path, `it holds a certificate that cannot be read (${reason(error)})`, error);
  }
  throw refusal(what, path, 'it holds no certificate (-----BEGIN CERTIFICATE-----)');
}

function privateKey(path: string, text: string): KeyObject {
  if (text.includes('ENCRYPTED'))
    throw refusal('the key', path, 'it is encrypted, and nobody is asked for its password');
  try {
    return createPrivateKey(text);
  } catch (error) {
    throw refusal('the key', path, `it holds no private key in PEM (${reason(error)})`, error);
  }
}

function dates(path: string, { validFromDate, validToDate }: X509Certificate): string[] {
  const now = Date.now();
  if (validToDate.getTime() < now) return [`the certificate ${path} expired on ${validToDate.toISOString()}`];
  return validFromDate.getTime() > now ? [`the certificate ${path} holds from ${validFromDate.toISOString()} on`] : [];
}

function refusal(what: string, path: string, why: string, cause?: unknown): BulkheadError {
  return new BulkheadError('config-invalid', `${what} ${path} is not used: ${why}`, { details: { path }, cause });
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
