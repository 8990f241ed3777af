/**
 * A typed gRPC client for all services of `proto/`, for the quickstart, benchmarks and tests.
 *
 * Requests may leave out any field; answers are complete. Failed calls reject with the ServiceError of
 * grpc-js (`code`, `details`, `metadata`).
 */
import { Client, type ClientOptions, credentials, Metadata, type MethodDefinition } from '@grpc/grpc-js';
import type { Rpc, Services } from '../model/messages.gen.ts';
import { WireSchema } from './schema.ts';

/** A message of which any part may be left out. */
export type Init<T> = T extends Uint8Array | bigint | string | number | boolean
  ? T
  : T extends readonly (infer E)[]
    ? readonly Init<E>[]
    : { readonly [K in keyof T]?: Init<T[K]> };

type RpcName<S extends keyof Services, Streams extends boolean> = {
  [M in keyof Services[S]]: Services[S][M] extends Rpc<infer _Q, infer _A, false, Streams> ? M : never;
}[keyof Services[S]] &
  string;

type RequestOf<T> = T extends Rpc<infer Request, infer _A, boolean, boolean> ? Request : never;
type ResponseOf<T> = T extends Rpc<infer _Q, infer Response, boolean, boolean> ? Response : never;

/** What may be said about a call beside its request. */
export interface CallOptions {
  /** Text headers; those whose names end with `-bin` are bytes. */
  readonly headers?: Readonly<Record<string, string | Buffer>>;
  /** Milliseconds until the client gives up; not set: never. */
  readonly timeoutMs?: number;
}

/** An answer with the headers that came before it. */
export interface Answer<T> {
  readonly message: T;
  readonly headers: Metadata;
}

/** One connection. Close it when done. */
export class WireClient {
  readonly #client: Client;
  readonly #schema: WireSchema;
  readonly #methods = new Map<string, MethodDefinition<unknown, unknown>>();

  /** `address` is host and port. Connects with the first call. Give several clients one schema to share. */
  constructor(address: string, schema: WireSchema = new WireSchema(), options: ClientOptions = {}) {
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      ...options,
    });
    this.#schema = schema;
  }

  /** Calls an RPC that answers once. */
  async unary<S extends keyof Services, M extends RpcName<S, false>>(
    service: S,
    method: M,
    request: Init<RequestOf<Services[S][M]>>,
    options: CallOptions = {},
  ): Promise<ResponseOf<Services[S][M]>> {
    return (await this.answer(service, method, request, options)).message;
  }

  /** As {@link unary}, with the response headers. */
  answer<S extends keyof Services, M extends RpcName<S, false>>(
    service: S,
    method: M,
    request: Init<RequestOf<Services[S][M]>>,
    options: CallOptions = {},
  ): Promise<Answer<ResponseOf<Services[S][M]>>> {
    const { path, requestSerialize, responseDeserialize } = this.#method(service, method);
    return new Promise((resolve, reject) => {
      let headers = new Metadata();
      const call = this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadataOf(options),
        deadlineOf(options),
        (error, message) => {
          if (error) reject(error);
          else resolve({ message: message as ResponseOf<Services[S][M]>, headers });
        },
      );
      call.on('metadata', (received: Metadata) => {
        headers = received;
      });
    });
  }

  /** Calls an RPC that answers with a stream. Leaving the loop early cancels the call. */
  async *stream<S extends keyof Services, M extends RpcName<S, true>>(
    service: S,
    method: M,
    request: Init<RequestOf<Services[S][M]>>,
    options: CallOptions = {},
  ): AsyncGenerator<ResponseOf<Services[S][M]>> {
    const { path, requestSerialize, responseDeserialize } = this.#method(service, method);
    const call = this.#client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadataOf(options),
      deadlineOf(options),
    );
    try {
      for await (const message of call) yield message as ResponseOf<Services[S][M]>;
    } finally {
      call.cancel();
    }
  }

  close(): void {
    this.#client.close();
  }

  #method(service: keyof Services, method: string): MethodDefinition<unknown, unknown> {
    const key = `${service}/${method}`;
    const known = this.#methods.get(key);
    if (known) return known;
    const found = this.#schema.service(service)[method];
    if (!found) throw new TypeError(`there is no RPC ${key}`);
    this.#methods.set(key, found);
    return found;
  }
}

function metadataOf({ headers = {} }: CallOptions): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
  return metadata;
}

function deadlineOf({ timeoutMs }: CallOptions): { readonly deadline?: number } {
  return timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
}
