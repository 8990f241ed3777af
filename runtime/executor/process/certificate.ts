/**
 * The host's certificate for AutoMTLS: P-256, signed by itself, for `localhost`, and no authority: Go and rustls both
 * take that form, while rustls refuses an authority's certificate as a client's.
 *
 * Written here because Node makes no certificates, and the library that does (@peculiar/x509) brings twenty packages and a
 * global polyfill for this one fixed form, which is only ever written and never parsed.
 */
import { generateKeyPair, randomBytes, sign, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';

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
  const algorithm = sequence(oid('2a8648ce3d040302')); // ecdsa-with-SHA256
  const name = sequence(tlv(0x31, sequence(oid('550403'), tlv(0x0c, Buffer.from('localhost'))))); // commonName
  const purposes = sequence(oid('2b06010505070301'), oid('2b06010505070302')); // serverAuth, clientAuth
  const extensions = sequence(
    sequence(oid('551d13'), critical, octets(sequence())), // basicConstraints: no authority
    sequence(oid('551d0f'), critical, octets(tlv(0x03, Buffer.of(7, 0x80)))), // keyUsage: digitalSignature
    sequence(oid('551d25'), octets(purposes)), // extKeyUsage
    sequence(oid('551d11'), octets(sequence(tlv(0x82, Buffer.from('localhost'))))), // subjectAltName
  );
  const now = Date.now();
  const unsigned = sequence(
    tlv(0xa0, tlv(0x02, Buffer.of(2))), // version 3
    tlv(0x02, Buffer.of(1), randomBytes(15)),
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

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** One DER value: tag, length, content (up to 64 KiB). */
function tlv(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const size = content.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.of(tag, ...length), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tlv(0x30, ...parts);
}

function octets(content: Buffer): Buffer {
  return tlv(0x04, content);
}

/** By its encoded arcs in hexadecimal. */
function oid(arcs: string): Buffer {
  return tlv(0x06, Buffer.from(arcs, 'hex'));
}

/** UTCTime: `YYMMDDhhmmssZ`. */
function time(millis: number): Buffer {
  return tlv(0x17, Buffer.from(`${new Date(millis).toISOString().slice(2, 19).replace(/[-T:]/g, '')}Z`));
}

const critical = tlv(0x01, Buffer.of(0xff));
