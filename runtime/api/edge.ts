/**
 * The server's edge: one port, and what comes in by it on its way to the gRPC server or to what answers HTTP.
 */
import type { TlsOptions } from 'node:tls';
import { type Server, ServerCredentials } from '@grpc/grpc-js';
import type { Access } from '../access/access.ts';
import type { LogSink } from '../telemetry/events.ts';
import { isLoopback, type Listener, listen } from './listener.ts';
import { WebFront } from './web/front.ts';
import type { HttpRoute } from './web/routes.ts';

/** How much the network may ask of the server, whoever it is. */
export interface ConnectionLimits {
  /** Connections at a time; more are closed at once. */
  readonly connections: number;
  /** Calls at a time over one connection; a client has to wait with more. */
  readonly streams: number;
  /** How often a client is asked whether it is still there, in milliseconds. */
  readonly keepAliveMs: number;
  /** How long it may take to answer that, in milliseconds, before its connection and its calls end. */
  readonly keepAliveTimeoutMs: number;
}

/** What holds where nothing is said. */
export const defaultConnectionLimits: ConnectionLimits = {
  connections: 4096,
  streams: 4096,
  keepAliveMs: 60_000,
  keepAliveTimeoutMs: 20_000,
};

export interface EdgeOptions {
  /** Host and port, as in `127.0.0.1:9000` or `[::]:9000`; port 0: a free one. */
  readonly address: string;
  readonly tls?: TlsOptions | undefined;
  readonly limits: ConnectionLimits;
  readonly webOrigins?: readonly string[] | undefined;
  readonly routes?: readonly HttpRoute[] | undefined;
  readonly requestStreams: ReadonlySet<string>;
  readonly maxRequestBytes: number;
  readonly access: Access;
  readonly log: LogSink;
}

/** An open port. */
export interface Edge extends Listener {
  /** Takes no more connections and HTTP requests; to be called before the gRPC server stops. */
  close(): void;
  /** Closes all that is left; to be called when the gRPC server has stopped. */
  end(): void;
}

/** Throws `config-invalid` where the address cannot be had, or must not be without tokens, and for bad origins. */
export async function openEdge(server: Server, options: EdgeOptions): Promise<Edge> {
  const { address, access, limits, tls, log, webOrigins: origins = [], routes = [] } = options;
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[(.*)\]$/, '$1');
  // Encryption, where there is any, ends at the listener.
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const front = new WebFront({ ...options, injector, origins, routes });
  const listener = await listen(
    {
      ...{ host, port: Number(address.slice(at + 1)) },
      ...{ loopbackOnly: access.isOpen, maxConnections: limits.connections, tls, log },
    },
    {
      grpc: (socket) => injector.injectConnection(socket),
      anyHttp2: (socket) => front.http2(socket),
      http1: (socket) => front.http1(socket),
    },
  );
  sayHowOpen(host, options);
  return {
    ...listener,
    close: () => {
      listener.close();
      front.stop();
    },
    end: () => front.end(),
  };
}

/** What an operator should know who did not read the manual. */
function sayHowOpen(host: string, { access, tls, log }: EdgeOptions): void {
  if (access.isOpen) {
    const message = 'there are no tokens: everybody on this machine may do everything, and nobody else is listened to';
    log({ level: 'info', message });
  } else if (!tls && host !== 'localhost' && !isLoopback(host)) {
    log({ level: 'warn', message: 'there is no encryption: tokens can be read by whoever sees the network' });
  }
}
