/**
 * Streams of a client: what the server answers piece by piece, and what goes to it meanwhile.
 *
 * The events of grpc-js are listened to from the first moment on, so that a stream that fails before anybody
 * reads it is an error of its reader and not of the process. Both directions wait for whoever is slower.
 */
import type { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientWritableStream,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';

/** Sends all of it, and resolves with the one answer; an answer that comes early ends the sending. */
export async function sendAll<Response>(
  requests: Iterable<unknown> | AsyncIterable<unknown>,
  call: ClientWritableStream<unknown>,
  answer: Promise<Response>,
): Promise<Response> {
  const abort = new AbortController();
  const sent = pipeline(Readable.from(requests), call, { signal: abort.signal });
  const answered = answer.finally(() => abort.abort());
  // Whatever ends the sending ends the call, and its status says why.
  await Promise.all([answered, sent.catch(() => call.cancel())]);
  return answered;
}

/** The answers of a call. To be read once, from its beginning. */
export class AnswerStream<Response> implements AsyncIterable<Response> {
  /** The response headers; empty ones where the call failed without any. Never rejects. */
  readonly headers: Promise<Metadata>;
  readonly #call: ClientReadableStream<Response>;
  #failure: ServiceError | undefined;
  #ended = false;

  constructor(call: ClientReadableStream<Response>) {
    this.#call = call;
    this.headers = new Promise((resolve) => {
      call.on('metadata', resolve);
      call.on('status', () => resolve(new Metadata()));
    });
    call.on('error', (error: ServiceError) => {
      this.#failure ??= error;
    });
    call.on('end', () => {
      this.#ended = true;
    });
  }

  /** Leaves the call: the server learns of it, the reader gets CANCELLED. */
  cancel(): void {
    this.#call.cancel();
  }

  /** Every message, then the end; throws the ServiceError of a call that failed. Leaving early cancels the call. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Response> {
    try {
      while (true) {
        const message = this.#call.read() as Response | null;
        if (message !== null) yield message;
        else if (this.#failure) throw this.#failure;
        else if (this.#ended) return;
        else await anyOf(this.#call, ['readable', 'end', 'error']);
      }
    } finally {
      this.#call.cancel();
    }
  }
}

/** A call that sends while it reads. */
export class DuplexStream<Request, Response> extends AnswerStream<Response> {
  readonly #call: ClientDuplexStream<Request, Response>;
  #over = false;

  constructor(call: ClientDuplexStream<Request, Response>) {
    super(call);
    this.#call = call;
    call.on('status', () => {
      this.#over = true;
    });
  }

  /** Sends a message and waits until there is room for the next. False: the call is over, nobody takes it. */
  async send(message: Request): Promise<boolean> {
    if (this.#over) return false;
    if (!this.#call.write(message)) await anyOf(this.#call, ['drain', 'status']);
    return !this.#over;
  }

  /** Nothing more will be sent. */
  end(): void {
    this.#call.end();
  }
}

/** Cancels the call with the signal, and forgets the signal with the call. */
export function leaveOn(signal: AbortSignal | undefined, call: EventEmitter & { cancel(): void }): void {
  if (!signal) return;
  const cancel = (): void => call.cancel();
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel);
  call.once('status', () => signal.removeEventListener('abort', cancel));
}

/** Resolves with the first of the events. */
function anyOf(emitter: EventEmitter, events: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of events) emitter.off(event, done);
      resolve();
    };
    for (const event of events) emitter.on(event, done);
  });
}
