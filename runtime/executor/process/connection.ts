/**
 * A gRPC connection to a plugin's process. It is closed with the process, and then every call on it has ended: a call
 * whose process is gone would otherwise be tried again by the channel.
 */
import {
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  type ClientOptions,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { service as health } from 'grpc-health-check';
import { certificateOf, type Identity } from './certificate.ts';
import type { Handshake } from './handshake.ts';
import type { WireMethod } from './wire.ts';

/** What a message may be larger than the output that it carries, in bytes. */
const envelope = 256 * 1024;

/** The name under which go-plugin's health service knows the plugin. */
const healthName = 'plugin';

interface Cancellable {
  cancel(): void;
}

export interface UnaryOptions {
  /** Milliseconds; not set: none. */
  readonly within?: number;
}

/** Whether a thrown value is a gRPC status other than OK. */
export function isStatus(thrown: unknown): thrown is ServiceError {
  return thrown instanceof Error && 'code' in thrown && 'details' in thrown && 'metadata' in thrown;
}

export class Connection {
  readonly #client: Client;
  readonly #calls = new Set<Cancellable>();
  #isClosed = false;

  /** Connects with the first call. `largest`: bytes of one answer. Throws where the plugin's certificate is none. */
  constructor(place: Handshake, identity: Identity, largest: number) {
    const { network, address, certificate } = place;
    const secure = certificate === undefined ? undefined : secureCredentials(certificate, identity);
    this.#client = new Client(
      network === 'unix' ? `unix:${address}` : address,
      secure ?? credentials.createInsecure(),
      channelOptions(largest),
    );
  }

  unary<Request, Response>(
    method: WireMethod<Request, Response>,
    request: Request,
    { within }: UnaryOptions = {},
  ): Promise<Response> {
    return this.#once(method.path, method.request.encode, method.response.decode, request, within);
  }

  /** Whether the plugin's health service says that it serves. */
  async isHealthy(within: number): Promise<boolean> {
    const check = health.Check;
    if (!check) throw new TypeError('grpc-health-check has no Check');
    const { path, requestSerialize, responseDeserialize } = check;
    const answer = await this.#once(path, requestSerialize, responseDeserialize, { service: healthName }, within);
    return 'status' in answer && answer.status === 'SERVING';
  }

  duplex<Request, Response>(method: WireMethod<Request, Response>): ClientDuplexStream<Request, Response> {
    const { path, request, response } = method;
    return this.#track(this.#client.makeBidiStreamRequest(path, request.encode, response.decode));
  }

  /** What the plugin sends upon one request. */
  subscribe<Request, Response>(
    method: WireMethod<Request, Response>,
    message: Request,
  ): ClientReadableStream<Response> {
    const { path, request, response } = method;
    return this.#track(this.#client.makeServerStreamRequest(path, request.encode, response.decode, message));
  }

  /** Ends every call with CANCELLED. */
  close(): void {
    this.#isClosed = true;
    for (const call of this.#calls) call.cancel();
    this.#client.close();
  }

  #once<Request, Response>(
    path: string,
    encode: (message: Request) => Buffer,
    decode: (bytes: Buffer) => Response,
    request: Request,
    within: number | undefined,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      const options = within === undefined ? {} : { deadline: Date.now() + within };
      const settle = (error: ServiceError | null, response?: Response): void => {
        this.#calls.delete(call);
        if (error) reject(error);
        else resolve(response as Response);
      };
      const call = this.#client.makeUnaryRequest(path, encode, decode, request, new Metadata(), options, settle);
      this.#add(call);
    });
  }

  #track<Call extends Cancellable & { once(event: 'status', listener: () => void): unknown }>(call: Call): Call {
    call.once('status', () => this.#calls.delete(call));
    this.#add(call);
    return call;
  }

  #add(call: Cancellable): void {
    this.#calls.add(call);
    if (this.#isClosed) call.cancel();
  }
}

function secureCredentials(certificate: string, { certificate: own, key }: Identity): ChannelCredentials {
  return credentials.createSsl(Buffer.from(certificateOf(certificate)), Buffer.from(key), Buffer.from(own));
}

function channelOptions(largest: number): ClientOptions {
  return {
    'grpc.max_receive_message_length': largest + envelope,
    'grpc.max_send_message_length': -1,
    'grpc.ssl_target_name_override': 'localhost',
    'grpc.default_authority': 'localhost',
    // The host's proxy is not for this, and a call must never be made twice.
    'grpc.enable_http_proxy': 0,
    'grpc.enable_retries': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.use_local_subchannel_pool': 1,
  };
}

/** The status by its name. */
export function statusName(code: number): string {
  return status[code] ?? `status ${code}`;
}
