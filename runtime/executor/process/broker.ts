/**
 * go-plugin's broker: further connections between host and process, each by an id that both know.
 *
 * Either side may wait for one and the other dial it; where it is to be had goes over one stream of the first
 * connection. What is served or dialled is under the same certificates, in the same folder.
 */
import { join } from 'node:path';
import { type ClientDuplexStream, Server, ServerCredentials } from '@grpc/grpc-js';
import { BulkheadError } from '../../errors.ts';
import type { ConnInfo } from '../../model/messages.gen.ts';
import { certificateOf, type Identity } from './certificate.ts';
import { Connection } from './connection.ts';
import type { Handshake } from './handshake.ts';
import { wire } from './wire.ts';

/** How long the other side may take to say where it waits, in milliseconds. */
const dialWithin = 5000;
/** Connections that were told of and not yet dialled. */
const mostWaiting = 256;

export interface BrokerParts {
  readonly identity: Identity;
  /** Where sockets of the host's are made. */
  readonly folder: string;
  readonly largest: number;
  /** The plugin's certificate, as in its handshake. */
  readonly certificate: string | undefined;
  /** Checks where a plugin says that it listens. */
  readPlace(network: string, address: string, certificate: string | undefined): Handshake;
}

export class Broker {
  readonly #parts: BrokerParts;
  readonly #stream: ClientDuplexStream<ConnInfo, ConnInfo>;
  /** Told of and not yet asked for, by id. */
  readonly #told = new Map<number, ConnInfo>();
  readonly #asked = new Map<number, (info: ConnInfo) => void>();
  readonly #opened: { close(): void }[] = [];
  #lastId = 0;

  constructor(connection: Connection, parts: BrokerParts) {
    this.#parts = parts;
    this.#stream = connection.duplex(wire().broker);
    this.#stream.on('data', (info: ConnInfo) => this.#take(info));
    // It ends with the process; whoever waits for a connection has its own time.
    this.#stream.on('error', () => undefined);
  }

  /** An id that the host has not used yet, to be told to the plugin. */
  nextId(): number {
    return ++this.#lastId;
  }

  /** The connection that the plugin serves under that id. Throws `plugin-failed` where it does not in time. */
  async dial(id: number): Promise<Connection> {
    const { network, address } = await this.#whereIs(id);
    const { identity, largest, certificate, readPlace } = this.#parts;
    const connection = new Connection(readPlace(network, address, certificate), identity, largest);
    this.#opened.push(connection);
    return connection;
  }

  /** Serves under that id: `register` adds the services. Resolves when the plugin was told. */
  async serve(id: number, register: (server: Server) => void): Promise<void> {
    const server = new Server({ 'grpc.max_receive_message_length': this.#parts.largest });
    register(server);
    const address = join(this.#parts.folder, `host${id}`);
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(`unix:${address}`, this.#credentials(), (error) => (error ? reject(error) : resolve()));
    });
    this.#opened.push({ close: () => server.forceShutdown() });
    this.#stream.write({ service_id: id, network: 'unix', address });
  }

  /** Ends all that was served and dialled. */
  close(): void {
    for (const opened of this.#opened.splice(0)) opened.close();
  }

  #credentials(): ServerCredentials {
    const { identity, certificate } = this.#parts;
    if (certificate === undefined) return ServerCredentials.createInsecure();
    const pair = { cert_chain: Buffer.from(identity.certificate), private_key: Buffer.from(identity.key) };
    return ServerCredentials.createSsl(Buffer.from(certificateOf(certificate)), [pair], true);
  }

  #take(info: ConnInfo): void {
    const asked = this.#asked.get(info.service_id);
    if (asked) asked(info);
    else if (this.#told.size < mostWaiting) this.#told.set(info.service_id, info);
  }

  async #whereIs(id: number): Promise<ConnInfo> {
    const told = this.#told.get(id);
    if (told) {
      this.#told.delete(id);
      return told;
    }
    const answer = Promise.withResolvers<ConnInfo>();
    const timer = setTimeout(() => {
      answer.reject(
        new BulkheadError('plugin-failed', `the plugin serves no connection ${id} within ${dialWithin} ms`),
      );
    }, dialWithin);
    this.#asked.set(id, answer.resolve);
    try {
      return await answer.promise;
    } finally {
      clearTimeout(timer);
      this.#asked.delete(id);
    }
  }
}
