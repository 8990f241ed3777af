/** One streaming call over gRPC, with all that a client can see of it: headers, items, status and trailers. */
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { WireSchema } from '../../runtime/api/schema.ts';
import type { JobId, JobResult, Messages, Services } from '../../runtime/model/messages.gen.ts';

const schema = new WireSchema();

/** How a call ended. */
export interface CallEnd {
  readonly code: number;
  readonly details: string;
  readonly trailers: Metadata;
}

export class OpenCall<Item> {
  readonly #client: Client;
  readonly #call: ReturnType<Client['makeBidiStreamRequest']>;
  readonly headers: Promise<Metadata>;
  readonly end: Promise<CallEnd>;
  readonly items: Item[] = [];
  #wake: () => void = () => {};

  constructor(port: number, service: keyof Services, method: string, headers: Readonly<Record<string, string>> = {}) {
    this.#client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    const { path, requestSerialize, responseDeserialize } = schema.service(service)[method] as never;
    const metadata = new Metadata();
    for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
    this.#call = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
    this.headers = new Promise((resolve) => this.#call.once('metadata', resolve));
    let failure: ServiceError | undefined;
    this.#call.on('error', (error: ServiceError) => {
      failure = error;
    });
    this.end = new Promise((resolve) =>
      this.#call.once('status', ({ code, details, metadata: trailers }) => {
        resolve({ code: failure?.code ?? code, details: failure?.details ?? details, trailers });
        this.#client.close();
        this.#wake();
      }),
    );
    this.#call.on('data', (item: Item) => {
      this.items.push(item);
      this.#wake();
    });
  }

  send(request: unknown): void {
    this.#call.write(request);
  }

  /** No more requests. */
  finish(): void {
    this.#call.end();
  }

  cancel(): void {
    this.#call.cancel();
  }

  /** Reads no more until {@link resume}. */
  pause(): void {
    this.#call.pause();
  }

  resume(): void {
    this.#call.resume();
  }

  /** Resolves when so many items have come. Rejects when the call ends before. */
  async count(items: number): Promise<void> {
    let over = false;
    void this.end.then(() => {
      over = true;
    });
    while (this.items.length < items) {
      if (over) throw new Error(`the call ended after ${this.items.length} items: ${JSON.stringify(await this.end)}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The job's id, from the header. */
  async jobId(): Promise<bigint> {
    return decode<JobId>('jobworkerp.data.JobId', (await this.headers).get('x-job-id-bin')[0]).value;
  }
}

/** A call with one request. */
export function openStream<Item>(
  port: number,
  service: keyof Services,
  method: string,
  request: unknown,
  headers?: Readonly<Record<string, string>>,
): OpenCall<Item> {
  const call = new OpenCall<Item>(port, service, method, headers);
  call.send(request);
  call.finish();
  return call;
}

function decode<T>(name: keyof Messages, bytes: unknown): T {
  if (!Buffer.isBuffer(bytes)) throw new Error(`there is no ${name} among the headers`);
  return schema.codec(name).decode(bytes) as T;
}

/** The result that a failed stream's trailers, or a listener's headers, carry. */
export function resultIn(metadata: Metadata): JobResult {
  return decode('jobworkerp.data.JobResult', metadata.get('x-job-result-bin')[0]);
}
