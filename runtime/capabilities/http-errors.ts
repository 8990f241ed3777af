/** What goes wrong with HTTP, in the words of wasi:http. */
import { AddressRefused } from './egress.ts';

/** An `error-code` as WIT has it. */
export interface ErrorCode {
  readonly tag: string;
  readonly val?: unknown;
}

/** An exchange failed, with the code that the guest is to see. */
export class HttpFailure extends Error {
  readonly code: ErrorCode;

  constructor(tag: string, val?: unknown) {
    super(tag);
    this.code = val === undefined ? { tag } : { tag, val };
  }
}

function dnsError(rcode: string): HttpFailure {
  return new HttpFailure('DNS-error', { rcode, infoCode: undefined });
}

const byCode = new Map<string, () => HttpFailure>([
  ['ECONNREFUSED', () => new HttpFailure('connection-refused')],
  ['ECONNRESET', () => new HttpFailure('connection-terminated')],
  ['ECONNABORTED', () => new HttpFailure('connection-terminated')],
  ['EPIPE', () => new HttpFailure('connection-terminated')],
  ['ETIMEDOUT', () => new HttpFailure('connection-timeout')],
  ['EHOSTUNREACH', () => new HttpFailure('destination-IP-unroutable')],
  ['ENETUNREACH', () => new HttpFailure('destination-IP-unroutable')],
  ['EADDRNOTAVAIL', () => new HttpFailure('destination-IP-unroutable')],
  ['EMFILE', () => new HttpFailure('connection-limit-reached')],
  ['ENOTFOUND', () => dnsError('NXDOMAIN')],
  ['ENODATA', () => dnsError('NODATA')],
  ['ETIMEOUT', () => new HttpFailure('DNS-timeout')],
  ['EAI_AGAIN', () => dnsError('SERVFAIL')],
  ['HPE_HEADER_OVERFLOW', () => new HttpFailure('HTTP-response-header-section-size')],
  ['HPE_INVALID_TRANSFER_ENCODING', () => new HttpFailure('HTTP-response-transfer-coding')],
  ['HPE_UNEXPECTED_CONTENT_LENGTH', () => new HttpFailure('HTTP-protocol-error')],
]);

/** Codes of OpenSSL's verifier: those of a certificate that proves nothing. */
const certificate = /CERT|SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|HOSTNAME_MISMATCH|INVALID_CA|CRL/;

/** The failure that Node's error is. What is unknown becomes `internal-error`, without a text of the host's. */
export function httpFailureOf(error: unknown): HttpFailure {
  if (error instanceof HttpFailure) return error;
  if (error instanceof AddressRefused) return new HttpFailure('destination-IP-prohibited');
  if (!(error instanceof Error)) return new HttpFailure('internal-error');
  const code = 'code' in error ? String(error.code) : '';
  const known = byCode.get(code)?.();
  if (known) return known;
  if (code.startsWith('HPE_')) return new HttpFailure('HTTP-protocol-error');
  if (certificate.test(code)) return new HttpFailure('TLS-certificate-error');
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') || code === 'EPROTO') {
    return new HttpFailure('TLS-protocol-error');
  }
  return new HttpFailure('internal-error', code === '' ? undefined : code);
}
