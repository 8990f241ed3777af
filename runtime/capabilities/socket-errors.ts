/** Node's errors in the words of wasi:sockets. Only codes that wasi-libc knows: it aborts on any other. */
import { WitError } from './capability.ts';
import { AddressRefused } from './egress.ts';

const codes = new Map<string, string>([
  ['ECONNREFUSED', 'connection-refused'],
  ['ECONNRESET', 'connection-reset'],
  ['EPIPE', 'connection-reset'],
  ['ECONNABORTED', 'connection-aborted'],
  ['ETIMEDOUT', 'timeout'],
  ['EHOSTUNREACH', 'remote-unreachable'],
  ['ENETUNREACH', 'remote-unreachable'],
  ['EADDRNOTAVAIL', 'remote-unreachable'],
  ['EADDRINUSE', 'address-in-use'],
  ['EMSGSIZE', 'datagram-too-large'],
  ['EACCES', 'access-denied'],
  ['EPERM', 'access-denied'],
  ['EMFILE', 'new-socket-limit'],
  ['ENFILE', 'new-socket-limit'],
  ['ENOTFOUND', 'name-unresolvable'],
  ['ENODATA', 'name-unresolvable'],
  ['EAI_NONAME', 'name-unresolvable'],
  ['EAI_NODATA', 'name-unresolvable'],
  ['ETIMEOUT', 'temporary-resolver-failure'],
  ['EAI_AGAIN', 'temporary-resolver-failure'],
  ['EAI_FAIL', 'permanent-resolver-failure'],
]);

/** An attempt took longer than it may. */
export class TimedOut extends Error {
  readonly code = 'ETIMEDOUT';
}

/** The wasi:sockets error code of what Node threw. */
export function socketCode(error: unknown): string {
  if (error instanceof AddressRefused) return 'access-denied';
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return codes.get(code) ?? 'unknown';
}

/** The same where binding failed. */
export function bindCode(error: unknown): string {
  const code = socketCode(error);
  return code === 'remote-unreachable' ? 'address-not-bindable' : code;
}

/** Throws an error code to the guest. */
export function refuse(code: string): never {
  throw new WitError(code);
}
