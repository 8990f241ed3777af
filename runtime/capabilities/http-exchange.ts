/**
 * One HTTP exchange: request, redirects, response. Each hop is checked like the request itself.
 *
 * Everything that waits has a timer, an exchange ends with its hold, and nothing of it outlives the instance.
 */
import type { IncomingMessage } from 'node:http';
import { type InstanceContext, type Source, StreamEnd, type StreamFailure } from './capability.ts';
import type { ConnectionHold } from './connection-hold.ts';
import type { RequestBody } from './http-body.ts';
import { HttpFailure, httpFailureOf } from './http-errors.ts';
import { makeHop, type Timeouts } from './http-hop.ts';
import { type BodyState, type RequestHead, redirected } from './http-redirect.ts';
import { ReadableSource } from './node-streams.ts';
import { Patience } from './patience.ts';

/** So many redirects are followed. */
const mostRedirects = 10;

/** Nobody sees it: what was dropped has no one left to tell. One for all, because a stack trace is dear. */
const dropped = new HttpFailure('connection-terminated');

/** A failure as a stream tells it. */
function streamFailure({ message, code }: HttpFailure): StreamFailure {
  return { message, detail: { http: code } };
}

/** What an exchange is made of. */
interface ExchangeParts {
  readonly instance: InstanceContext;
  /** The exchange's from here on. */
  readonly hold: ConnectionHold;
  readonly head: RequestHead;
  readonly body: RequestBody | undefined;
  readonly timeouts: Timeouts;
}

export class Exchange {
  readonly #parts: ExchangeParts;
  readonly #patience = new Patience<HttpFailure>((failure) => this.fail(failure));
  #failure: HttpFailure | undefined;
  #response: IncomingMessage | undefined;
  #received = 0;
  /** Settles with the response's head, or the failure. It never rejects. */
  readonly settled: Promise<void>;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
    parts.hold.signal.addEventListener('abort', () => this.#patience.stop(), { once: true });
    parts.body?.once('error', (error) => this.fail(httpFailureOf(error)));
    this.settled = this.#run().catch((error: unknown) => this.fail(httpFailureOf(error)));
  }

  /** The response's head, once it is there. Throws the {@link HttpFailure}. */
  get response(): IncomingMessage | undefined {
    if (this.#failure) throw this.#failure;
    return this.#response;
  }

  /** Why the response broke off; `error` is what was noticed of it. */
  failureOf(error: Error): HttpFailure {
    if (this.#failure) return this.#failure;
    const failure = httpFailureOf(error);
    return failure.code.tag === 'connection-terminated' ? new HttpFailure('HTTP-response-incomplete') : failure;
  }

  /** Ends it: the connection is closed, and who waits sees the failure. */
  fail(failure: HttpFailure): void {
    this.#failure ??= failure;
    this.#patience.stop();
    this.#parts.body?.fail(this.#failure);
    this.#parts.hold.end(this.#failure);
  }

  /** The guest let go of it: what has not come is not wanted, what has is freed. */
  abandon(): void {
    this.fail(dropped);
  }

  /** The body of the response, to be asked for once. */
  source(response: IncomingMessage): Source {
    return new ReadableSource(response, {
      failure: (error) => streamFailure(this.failureOf(error)),
      onBytes: (count) => {
        const failure = this.#receive(count);
        if (failure) throw new StreamEnd(streamFailure(failure));
      },
      onWaiting: () => this.#expectBytes(),
      onProgress: () => this.#patience.done(),
    });
  }

  /** Reads what is left of the body, and throws it away. */
  drain(response: IncomingMessage): void {
    if (response.readableEnded || response.destroyed) return;
    this.#expectBytes();
    response.on('data', (chunk: Uint8Array) => {
      this.#patience.done();
      if (!this.#receive(chunk.byteLength)) this.#expectBytes();
    });
    response.once('close', () => this.#patience.done());
    response.resume();
  }

  async #run(): Promise<void> {
    const { instance, hold, timeouts } = this.#parts;
    const hop = { instance, timeouts, patience: this.#patience, signal: hold.signal };
    let { head, body } = this.#parts;
    for (let hops = 0; ; hops++) {
      const response = await makeHop(hop, head, body);
      const next = redirected(head, this.#stateOf(body), response.statusCode ?? 0, response.headers.location);
      if (!next) {
        this.#response = response;
        return;
      }
      response.socket?.destroy();
      if (hops === mostRedirects) throw new HttpFailure('loop-detected');
      head = next;
      body = undefined;
    }
  }

  #stateOf(body: RequestBody | undefined): BodyState {
    if (!body) return 'none';
    if (!body.writableFinished) return 'unfinished';
    return body.bytes === 0 ? 'none' : 'whole';
  }

  #expectBytes(): void {
    this.#patience.expect(this.#parts.timeouts.betweenBytes, () => new HttpFailure('connection-read-timeout'));
  }

  /** Counts what came in; the failure, once it is too much. */
  #receive(count: number): HttpFailure | undefined {
    this.#received += count;
    const { responseBytes } = this.#parts.instance.limits;
    if (this.#received <= responseBytes) return undefined;
    const failure = new HttpFailure('HTTP-response-body-size', BigInt(responseBytes));
    this.fail(failure);
    return failure;
  }
}
