/**
 * A typed gRPC client for all services of `proto/`, for the command line, the quickstart, benchmarks and tests.
 *
 * Requests may leave out any field; answers are complete. Failed calls reject with the ServiceError of
 * grpc-js (`code`, `details`, `metadata`).
 */
import { Client, type ClientOptions, credentials, Metadata, type MethodDefinition } from '@grpc/grpc-js';
import type { JobResult, Rpc, Services } from '../model/messages.gen.ts';
import { type CallFailure, callFailure, jobIdOf, resultOf } from './call-failure.ts';
import { AnswerStream, DuplexStream, leaveOn, sendAll } from './call-stream.ts';
import { secureChannel, type TlsOptions } from './client-tls.ts';
import { WireSchema } from './schema.ts';

export type { AnswerStream, CallFailure, DuplexStream, TlsOptions };

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

type DuplexName<S extends keyof Services> = {
  [M in keyof Services[S]]: Services[S][M] extends Rpc<infer _Q, infer _A, true, true> ? M : never;
}[keyof Services[S]] &
  string;

type SendingName<S extends keyof Services> = {
  [M in keyof Services[S]]: Services[S][M] extends Rpc<infer _Q, infer _A, true, false> ? M : never;
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
  /** Aborting it leaves the call, which then rejects with CANCELLED. */
  readonly signal?: AbortSignal;
}

/** What all calls of a client have in common. */
export interface WireClientOptions {
  /** Not set: no encryption. */
  readonly tls?: TlsOptions;
  /** Headers of every call. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Options of grpc-js. */
  readonly channel?: ClientOptions;
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
  readonly #headers: Readonly<Record<string, string>>;
  readonly #methods = new Map<string, MethodDefinition<unknown, unknown>>();

  /**
   * `address` is host and port. Connects with the first call. Give several clients one schema to share.
   * Throws an Error of Node where the TLS texts are no certificates or keys.
   */
  constructor(address: string, schema: WireSchema = new WireSchema(), options: WireClientOptions = {}) {
    const { tls, headers = {}, channel } = options;
    const secure = tls && secureChannel(address, tls);
    this.#client = new Client(address, secure?.credentials ?? credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      ...secure?.options,
      ...channel,
    });
    this.#schema = schema;
    this.#headers = headers;
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
        this.#metadata(options),
        deadlineOf(options),
        (error, message) => {
          if (error) reject(error);
          else resolve({ message: message as ResponseOf<Services[S][M]>, headers });
        },
      );
      call.on('metadata', (received: Metadata) => {
        headers = received;
      });
      leaveOn(options.signal, call);
    });
  }

  /** Calls an RPC that answers with a stream. Leaving the loop early cancels the call. */
  async *stream<S extends keyof Services, M extends RpcName<S, true>>(
    service: S,
    method: M,
    request: Init<RequestOf<Services[S][M]>>,
    options: CallOptions = {},
  ): AsyncGenerator<ResponseOf<Services[S][M]>> {
    yield* this.open(service, method, request, options);
  }

  /** As {@link stream}, begun at once, with the response headers. Read it or cancel it. */
  open<S extends keyof Services, M extends RpcName<S, true>>(
    service: S,
    method: M,
    request: Init<RequestOf<Services[S][M]>>,
    options: CallOptions = {},
  ): AnswerStream<ResponseOf<Services[S][M]>> {
    const { path, requestSerialize, responseDeserialize } = this.#method(service, method);
    const call = this.#client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize as (bytes: Buffer) => ResponseOf<Services[S][M]>,
      request,
      this.#metadata(options),
      deadlineOf(options),
    );
    leaveOn(options.signal, call);
    return new AnswerStream(call);
  }

  /** Calls an RPC with streams both ways. Read it or cancel it. */
  duplex<S extends keyof Services, M extends DuplexName<S>>(
    service: S,
    method: M,
    options: CallOptions = {},
  ): DuplexStream<Init<RequestOf<Services[S][M]>>, ResponseOf<Services[S][M]>> {
    const { path, requestSerialize, responseDeserialize } = this.#method(service, method);
    const call = this.#client.makeBidiStreamRequest(
      path,
      requestSerialize as (message: Init<RequestOf<Services[S][M]>>) => Buffer,
      responseDeserialize as (bytes: Buffer) => ResponseOf<Services[S][M]>,
      this.#metadata(options),
      deadlineOf(options),
    );
    leaveOn(options.signal, call);
    return new DuplexStream(call);
  }

  /** Calls an RPC that takes a stream and answers once. An answer that comes early ends the sending. */
  send<S extends keyof Services, M extends SendingName<S>>(
    service: S,
    method: M,
    requests: Iterable<Init<RequestOf<Services[S][M]>>> | AsyncIterable<Init<RequestOf<Services[S][M]>>>,
    options: CallOptions = {},
  ): Promise<ResponseOf<Services[S][M]>> {
    const { path, requestSerialize, responseDeserialize } = this.#method(service, method);
    const answer = Promise.withResolvers<ResponseOf<Services[S][M]>>();
    const call = this.#client.makeClientStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      this.#metadata(options),
      deadlineOf(options),
      (error, message) => {
        if (error) answer.reject(error);
        else answer.resolve(message as ResponseOf<Services[S][M]>);
      },
    );
    leaveOn(options.signal, call);
    return sendAll(requests, call, answer.promise);
  }

  /** What the server's health service says of the server as a whole: `SERVING`, `NOT_SERVING`, … */
  health(options: CallOptions = {}): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        '/grpc.health.v1.Health/Check',
        () => Buffer.alloc(0),
        healthStatus,
        undefined,
        this.#metadata(options),
        deadlineOf(options),
        (error, answer) => (error ? reject(error) : resolve(answer ?? 'UNKNOWN')),
      );
    });
  }

  /** What a call rejected with, in plain words; undefined for anything else that was thrown. */
  failure(thrown: unknown): CallFailure | undefined {
    return callFailure(thrown, this.#schema);
  }

  /** The job's id that response headers carry. */
  jobId(headers: Metadata): bigint | undefined {
    return jobIdOf(headers, this.#schema);
  }

  /** The JobResult that response headers carry. */
  jobResult(headers: Metadata): JobResult | undefined {
    return resultOf(headers, this.#schema);
  }

  close(): void {
    this.#client.close();
  }

  #metadata({ headers = {} }: CallOptions): Metadata {
    const metadata = new Metadata();
    for (const [key, value] of Object.entries({ ...this.#headers, ...headers })) metadata.set(key, value);
    return metadata;
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

/** Reads a HealthCheckResponse: one enum, in the field 1. */
function healthStatus(bytes: Buffer): string {
  const value = bytes[0] === 0x08 ? bytes[1] : 0;
  return ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'][value ?? 0] ?? 'UNKNOWN';
}

function deadlineOf({ timeoutMs }: CallOptions): { readonly deadline?: number } {
  return timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
}
