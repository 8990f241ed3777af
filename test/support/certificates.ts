/** Certificates for tests: an authority of their own, and what it signs, as PEM texts. */
import forge from 'node-forge';

/** A certificate and its key. */
export interface Certified {
  readonly cert: string;
  readonly key: string;
}

/** Signs certificates. */
export interface Authority extends Certified {
  /** For a server of these hosts (names or addresses), or for a client. `days` until it ends; negative: it has. */
  sign(name: string, options?: { readonly hosts?: readonly string[]; readonly days?: number }): Certified;
}

const day = 24 * 60 * 60 * 1000;
let serial = 1;

/** A new one, which nothing knows. */
export function newAuthority(name: string): Authority {
  const keys = forge.pki.rsa.generateKeyPair(2048);
  const subject = [{ name: 'commonName', value: name }];
  const own = certificate(keys.publicKey, subject, subject, 30, [
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, critical: true },
  ]);
  own.sign(keys.privateKey, forge.md.sha256.create());
  return {
    ...pem(own, keys.privateKey),
    sign: (common, { hosts = [], days = 30 } = {}) => {
      const theirs = forge.pki.rsa.generateKeyPair(2048);
      const altNames = hosts.map((host) => (/^[\d.:]+$/.test(host) ? { type: 7, ip: host } : { type: 2, value: host }));
      const extensions = altNames.length === 0 ? [] : [{ name: 'subjectAltName', altNames }];
      const signed = certificate(theirs.publicKey, [{ name: 'commonName', value: common }], subject, days, extensions);
      signed.sign(keys.privateKey, forge.md.sha256.create());
      return pem(signed, theirs.privateKey);
    },
  };
}

function certificate(
  publicKey: forge.pki.rsa.PublicKey,
  subject: forge.pki.CertificateField[],
  issuer: forge.pki.CertificateField[],
  days: number,
  extensions: object[],
): forge.pki.Certificate {
  const made = forge.pki.createCertificate();
  made.publicKey = publicKey;
  made.serialNumber = (serial++).toString(16).padStart(2, '0');
  made.validity.notBefore = new Date(Date.now() - 60 * day);
  made.validity.notAfter = new Date(Date.now() + days * day);
  made.setSubject(subject);
  made.setIssuer(issuer);
  made.setExtensions(extensions);
  return made;
}

function pem(made: forge.pki.Certificate, key: forge.pki.rsa.PrivateKey): Certified {
  return { cert: forge.pki.certificateToPem(made), key: forge.pki.privateKeyToPem(key) };
}
