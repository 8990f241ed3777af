/**
 * X.509 certificates for tests of TLS, made anew by each run: Node reads them, but cannot make them, and files in
 * the repository would expire. ECDSA on P-256, no more fields than TLS needs.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import { toWit } from '../../runtime/capabilities/addresses.ts';
import {
  bool,
  distinguishedName,
  integer,
  octets,
  oid,
  pem,
  sequence,
  time,
  tlv,
} from '../../runtime/executor/process/der.ts';

/** PEM texts. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface Authority extends Certificate {
  /** A certificate of this authority for a host name, an IP address, or a client; and for others beside it. */
  issue(name: string, ...others: readonly string[]): Certificate;
  /** One that has ended. */
  issueEnded(name: string): Certificate;
}

/** An authority that trusts itself. */
export function createAuthority(name: string): Authority {
  const keys = keyPair();
  const made = certificate({ names: [name], issuer: name, keys, signer: keys.privateKey, isAuthority: true });
  return {
    ...made,
    issue: (...names) =>
      certificate({ names, issuer: name, keys: keyPair(), signer: keys.privateKey, isAuthority: false }),
    issueEnded: (ended) => {
      const wanted = { names: [ended] as const, issuer: name, keys: keyPair(), signer: keys.privateKey };
      return certificate({ ...wanted, isAuthority: false, until: Date.now() - 60 * 60 * 1000 });
    },
  };
}

interface Wanted {
  /** The first is the subject's. */
  readonly names: readonly [string, ...string[]];
  readonly issuer: string;
  readonly keys: ReturnType<typeof keyPair>;
  readonly signer: KeyObject;
  readonly isAuthority: boolean;
  /** Milliseconds since 1970; not set: for a day. */
  readonly until?: number;
}

function keyPair() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function certificate({ names, issuer, keys, signer, isAuthority, until }: Wanted): Certificate {
  const algorithm = sequence(oid(1, 2, 840, 10045, 4, 3, 2)); // ecdsa-with-SHA256
  const extensions = [
    sequence(oid(2, 5, 29, 19), bool(true), octets(sequence(...(isAuthority ? [bool(true)] : [])))), // basicConstraints
    ...(isAuthority ? [] : [sequence(oid(2, 5, 29, 17), octets(sequence(...names.map(alternativeName))))]), // subjectAltName
  ];
  const day = 24 * 60 * 60 * 1000;
  const unsigned = sequence(
    tlv(0xa0, integer(Buffer.of(2))), // version 3
    integer(Buffer.concat([Buffer.of(1), randomBytes(8)])),
    algorithm,
    distinguishedName(issuer),
    sequence(time(Date.now() - day), time(until ?? Date.now() + day)),
    distinguishedName(names[0]),
    keys.publicKey.export({ format: 'der', type: 'spki' }),
    tlv(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', unsigned, signer);
  const bytes = sequence(unsigned, algorithm, tlv(0x03, Buffer.of(0), signature));
  return { cert: pem(bytes), key: keys.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString() };
}

function alternativeName(name: string): Buffer {
  if (isIP(name) === 0) return tlv(0x82, Buffer.from(name));
  const { tag, val } = toWit(name);
  return tlv(0x87, Buffer.from(tag === 'ipv4' ? val : val.flatMap((group) => [group >> 8, group & 0xff])));
}
