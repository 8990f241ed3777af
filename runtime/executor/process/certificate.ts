/**
 * The host's certificate for AutoMTLS: P-256, signed by itself, for `localhost`, and no authority: Go and rustls both
 * take that form, while rustls refuses an authority's certificate as a client's.
 *
 * Written here because Node makes no certificates, and the library that does (@peculiar/x509) brings twenty packages and a
 * global polyfill for this one fixed form, which is only ever written and never parsed.
 */
import { generateKeyPair, randomBytes, sign, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import { bool, distinguishedName, integer, octets, oid, pem, sequence, time, tlv } from './der.ts';

/** PEM texts. */
export interface Identity {
  readonly certificate: string;
  readonly key: string;
}

/** How long it is good for: longer than any server runs. */
const validDays = 3650;
const dayMs = 24 * 60 * 60 * 1000;

/** A new key, and a certificate for it. One serves all processes of an executor: they get the certificate, never the key. */
export async function makeIdentity(): Promise<Identity> {
  const keys = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(oid(1, 2, 840, 10045, 4, 3, 2)); // ecdsa-with-SHA256
  const name = distinguishedName('localhost');
  const purposes = sequence(oid(1, 3, 6, 1, 5, 5, 7, 3, 1), oid(1, 3, 6, 1, 5, 5, 7, 3, 2)); // serverAuth, clientAuth
  const extensions = sequence(
    sequence(oid(2, 5, 29, 19), bool(true), octets(sequence())), // basicConstraints: no authority
    sequence(oid(2, 5, 29, 15), bool(true), octets(tlv(0x03, Buffer.of(7, 0x80)))), // keyUsage: digitalSignature
    sequence(oid(2, 5, 29, 37), octets(purposes)), // extKeyUsage
    sequence(oid(2, 5, 29, 17), octets(sequence(tlv(0x82, Buffer.from('localhost'))))), // subjectAltName
  );
  const now = Date.now();
  const unsigned = sequence(
    tlv(0xa0, integer(Buffer.of(2))), // version 3
    integer(Buffer.concat([Buffer.of(1), randomBytes(15)])),
    algorithm,
    name,
    sequence(time(now - dayMs), time(now + validDays * dayMs)),
    name,
    keys.publicKey.export({ format: 'der', type: 'spki' }),
    tlv(0xa3, extensions),
  );
  const signature = tlv(0x03, Buffer.of(0), sign('sha256', unsigned, keys.privateKey));
  return {
    certificate: pem(sequence(unsigned, algorithm, signature)),
    key: keys.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}

/** The plugin's certificate as the handshake line has it, in PEM. Throws where it is none. */
export function certificateOf(base64: string): string {
  return pem(new X509Certificate(Buffer.from(base64, 'base64')).raw);
}
