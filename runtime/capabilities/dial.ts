/** Makes connections to addresses that were checked, and to nothing else: a name never comes this far. */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';

/** Who the other side has to be. */
interface TlsPeer {
  /** The name or address that its certificate must be for. */
  readonly host: string;
  /** Certificates, in PEM, of which one has to vouch for it; empty: those that Node trusts. */
  readonly authorities: readonly string[];
}

/** What to connect to. */
export interface Dial {
  /** An IP address. */
  readonly address: string;
  readonly port: number;
  /** Speak TLS, and have the other side prove who it is. */
  readonly tls?: TlsPeer | undefined;
  /** The other side's end of sending is not ours. */
  readonly allowHalfOpen?: boolean;
  /** Ends the attempt, and the connection if it was made: for as long as the instance holds it. */
  readonly signal: AbortSignal;
}

/** Neither a lookup nor a proxy: the one address, and that is an IP address. */
function open({ address, port, tls, allowHalfOpen = false }: Dial): Socket {
  if (isIP(address) === 0) throw new Error(`not an IP address: ${address}`);
  const target = { host: address, port };
  if (tls === undefined) return connectTcp({ ...target, allowHalfOpen });
  return connectTls({
    ...target,
    // An address is no name to ask for: the certificate is checked against the address itself then.
    servername: isIP(tls.host) === 0 ? tls.host : '',
    ...(tls.authorities.length > 0 && { ca: [...tls.authorities] }),
    ALPNProtocols: ['http/1.1'],
    // Explicit, because an environment variable can turn it off.
    rejectUnauthorized: true,
  });
}

/**
 * At once, and with nothing left for the kernel to send: the other side is told by a reset. Only a plain connection
 * whose sending side is open can be reset: with one that is shut down libuv answers EINVAL, its handle stays, and
 * the thread can never be ended (Node 26.10).
 */
export function cut(socket: Socket): void {
  const canReset = !socket.connecting && !socket.destroyed && !socket.writableEnded && !(socket instanceof TLSSocket);
  if (canReset) socket.resetAndDestroy();
  else socket.destroy();
}

/** The signal cuts the connection, for as long as it is open. */
export function cutWith(socket: Socket, signal: AbortSignal): void {
  const abort = () => cut(socket);
  signal.addEventListener('abort', abort, { once: true });
  socket.once('close', () => signal.removeEventListener('abort', abort));
}

/**
 * A connection, established. Rejects with Node's error, or the signal's reason. The signal cuts the connection also
 * later, for as long as it is open.
 */
export function dial(target: Dial): Promise<Socket> {
  const { signal, tls } = target;
  return new Promise((resolve, reject) => {
    if (signal.aborted) throw signal.reason;
    const socket = open(target);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    cutWith(socket, signal);
    // For good: an error may come when nobody else listens.
    socket.on('error', reject);
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

/** Tries the addresses one after the other. Rejects with the error of the last. */
export async function dialFirst(addresses: readonly string[], target: Omit<Dial, 'address'>): Promise<Socket> {
  let last: unknown = new Error('no address');
  for (const address of addresses) {
    try {
      return await dial({ ...target, address });
    } catch (error) {
      last = error;
      if (target.signal.aborted) break;
    }
  }
  throw last;
}
