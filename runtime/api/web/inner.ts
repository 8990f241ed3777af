/**
 * The way from HTTP to the gRPC server: HTTP/2 in memory, so that a call from a browser meets the same gate,
 * deadlines, limits and handlers as any other.
 *
 * Each connection of a client has one of its own. What one client does not read cannot hold up another, and what is
 * under way ends with the connection it came by.
 */
import type { EventEmitter } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { type Duplex, duplexPair } from 'node:stream';

/** Takes connections for the gRPC server. */
export interface Injector {
  injectConnection(connection: Duplex): void;
}

/** See above. */
export class InnerConnections {
  readonly #injector: Injector;
  readonly #sessions = new WeakMap<object, ClientHttp2Session>();

  constructor(injector: Injector) {
    this.#injector = injector;
  }

  /** The session for a client's connection (a socket, or a session over one), which ends with it. */
  of(connection: EventEmitter): ClientHttp2Session {
    const known = this.#sessions.get(connection);
    if (known && !known.closed && !known.destroyed) return known;
    const [ours, theirs] = duplexPair();
    this.#injector.injectConnection(theirs);
    const session = connect('http://inner', { createConnection: () => ours, maxSessionMemory: 1000 });
    // Its streams hear of it.
    session.on('error', () => undefined);
    connection.once('close', () => session.destroy());
    this.#sessions.set(connection, session);
    return session;
  }
}
