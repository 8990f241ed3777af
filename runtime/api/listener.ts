/**
 * The port: accepts connections, sees which protocol each one speaks, and hands it on.
 *
 * Without TLS the first bytes are looked at and put back: HTTP/2 begins with a fixed preface, all else is taken for
 * HTTP/1.1. With TLS the client says it in the handshake (ALPN). A client that offers nothing but HTTP/2 is no
 * browser, and its connection goes straight to gRPC; one that offers both may send anything over HTTP/2. Once it is
 * handed on, a connection costs nothing more here.
 */
import { lookup } from 'node:dns/promises';
import { BlockList, createServer, isIP, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket, type TlsOptions, Server as TlsServer } from 'node:tls';
import { BulkheadError } from '../errors.ts';
import type { LogSink } from '../telemetry/events.ts';
import { Rarely } from './rarely.ts';

/** Where connections go. Each owns what it is given, errors included. */
export interface Receivers {
  /** HTTP/2 for gRPC only. */
  grpc(socket: Socket): void;
  /** HTTP/2 for whatever a browser may send, and for gRPC as well. */
  anyHttp2(socket: Socket): void;
  http1(socket: Socket): void;
}

export interface ListenOptions {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** Refuses every address but those of this machine. */
  readonly loopbackOnly: boolean;
  /** Most connections at a time, for each address of the host; more are closed at once. */
  readonly maxConnections: number;
  readonly tls?: TlsOptions | undefined;
  readonly log: LogSink;
}

/** A port that is listened on. */
export interface Listener {
  readonly port: number;
  /** Another certificate, for connections from now on. */
  useTls(tls: TlsOptions): void;
  /** Takes no more connections, and closes those that were not handed on yet. */
  close(): void;
}

/** How long a client may take for its first bytes, or for its handshake, in milliseconds. */
const greetingMs = 10_000;
/** The system asks a silent peer whether it is still there: a dead one must not keep its connection for ever. */
const tcp = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 } as const;
/** What HTTP/2 begins with. No request of HTTP/1.1 does. */
const preface = Buffer.from('PRI * HTTP/2.0');

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether only this machine reaches the address. */
export function isLoopback(address: string): boolean {
  const version = isIP(address);
  return version !== 0 && loopback.check(address, version === 6 ? 'ipv6' : 'ipv4');
}

/** Listens on each address of the host. Throws `config-invalid` where they cannot be had. */
export async function listen(options: ListenOptions, receivers: Receivers): Promise<Listener> {
  const { host, port: wanted, log, maxConnections } = options;
  const shown = host.includes(':') ? `[${host}]:${wanted}` : `${host}:${wanted}`;
  const addresses = await addressesOf(host, shown);
  if (options.loopbackOnly) checkLoopback(addresses, shown);
  const dropped = new Rarely((fields) => log({ level: 'warn', message: 'connections were closed: too many', fields }));
  const greeting = new Set<Socket>();
  const servers: Server[] = [];
  const close = (): void => {
    for (const server of servers) server.close();
    for (const socket of greeting) socket.destroy();
  };
  let port = wanted;
  try {
    for (const address of addresses) {
      const server = options.tls ? tlsServer(options.tls, receivers, log) : plainServer(receivers, greeting);
      server.maxConnections = maxConnections;
      server.on('drop', (data) => dropped.say({ from: data?.remoteAddress, limit: maxConnections }));
      if (!(await bind(server, address, port, addresses.length > 1))) continue;
      servers.push(server);
      port = portOf(server);
    }
    if (servers.length === 0) throw new Error('this machine has no such address');
  } catch (error) {
    close();
    throw cannotListen(shown, error);
  }
  const useTls = (tls: TlsOptions): void => {
    for (const server of servers) if (server instanceof TlsServer) server.setSecureContext(tls);
  };
  return { port, useTls, close };
}

async function addressesOf(host: string, shown: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  try {
    const found = await lookup(host, { all: true });
    return [...new Set(found.map(({ address }) => address))];
  } catch (error) {
    throw cannotListen(shown, error);
  }
}

function checkLoopback(addresses: readonly string[], shown: string): void {
  if (addresses.every(isLoopback)) return;
  throw new BulkheadError(
    'config-invalid',
    `will not listen on ${shown} without tokens, because whoever reaches it could do everything: ` +
      'give tokens (--tokens FILE, or the environment variable AUTH_TOKEN), or listen on 127.0.0.1',
    { details: { address: shown } },
  );
}

/** False for an address that this machine does not have, where it is one of several. */
function bind(server: Server, host: string, port: number, isOneOfSeveral: boolean): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (isOneOfSeveral && /^(EADDRNOTAVAIL|EAFNOSUPPORT)$/.test(error.code ?? '')) resolve(false);
      else reject(error);
    });
    server.listen({ host, port }, () => resolve(true));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function cannotListen(shown: string, cause: unknown): BulkheadError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new BulkheadError('config-invalid', `cannot listen on ${shown}: ${why}`, {
    details: { address: shown },
    cause,
  });
}

function plainServer(receivers: Receivers, greeting: Set<Socket>): Server {
  return createServer(tcp, (socket) => {
    greeting.add(socket);
    const timer = setTimeout(() => socket.destroy(), greetingMs);
    const over = (): void => {
      clearTimeout(timer);
      greeting.delete(socket);
    };
    socket.on('error', ignored).once('close', over);
    firstBytes(socket, (isHttp2) => {
      over();
      if (isHttp2) receivers.grpc(socket);
      else receivers.http1(socket);
    });
  });
}

/** Calls back once it is clear what the connection begins with; the bytes are there to be read again. */
function firstBytes(socket: Socket, decide: (isHttp2: boolean) => void): void {
  let held: Buffer = Buffer.alloc(0);
  const look = (): void => {
    const bytes: Buffer | null = socket.read();
    if (bytes === null) return;
    held = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
    const length = Math.min(held.length, preface.length);
    const fits = preface.subarray(0, length).equals(held.subarray(0, length));
    if (fits && length < preface.length) return;
    socket.off('readable', look);
    socket.unshift(held);
    decide(fits);
  };
  socket.on('readable', look);
}

function tlsServer(tls: TlsOptions, receivers: Receivers, log: LogSink): Server {
  const failed = new Rarely((fields) => log({ level: 'warn', message: 'TLS handshakes failed', fields }));
  const grpcOnly = new WeakSet<object>();
  /** Node calls it on the socket. Were it not so, the connection would be one for anything over HTTP/2, and slower. */
  function choose(this: unknown, { protocols }: { readonly protocols: readonly string[] }): string | undefined {
    if (!protocols.includes('h2')) return protocols.includes('http/1.1') ? 'http/1.1' : undefined;
    if (this instanceof TLSSocket && !protocols.includes('http/1.1')) grpcOnly.add(this);
    return 'h2';
  }
  const server = createTlsServer({ ...tls, ...tcp, handshakeTimeout: greetingMs, ALPNCallback: choose }, (socket) => {
    socket.on('error', ignored);
    if (socket.alpnProtocol !== 'h2') receivers.http1(socket);
    else if (grpcOnly.has(socket)) receivers.grpc(socket);
    else receivers.anyHttp2(socket);
  });
  server.on('tlsClientError', (error, socket) => failed.say({ from: socket.remoteAddress, error: error.message }));
  return server;
}

/** Errors of a socket are heard by whoever reads it. */
function ignored(): void {}
