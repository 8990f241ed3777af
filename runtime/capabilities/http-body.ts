/**
 * The body of a request, from the guest's first byte on: that may be before there is a connection, and then it waits
 * here, bounded. What was declared as its length is kept to, because a byte more would begin a request of its own
 * on the wire, past every rule.
 */
import type { ClientRequest } from 'node:http';
import { Writable } from 'node:stream';
import { type Sink, StreamEnd } from './capability.ts';
import { HttpFailure, httpFailureOf } from './http-errors.ts';
import { WritableSink } from './node-streams.ts';

/** How the exchange follows its body. */
interface BodyWatch {
  /** The guest hands over more. */
  onWrite(): void;
  /** All that was handed over is out. */
  onOut(): void;
}

export class RequestBody extends Writable {
  readonly #declared: number | undefined;
  readonly #most: number;
  #target: ClientRequest | undefined;
  #held: (() => void) | undefined;
  #failure: HttpFailure | undefined;
  #trailers: [string, string][] = [];
  #watch: BodyWatch | undefined;
  /** Bytes that the guest handed over. */
  bytes = 0;

  /** `declared`: its `content-length`; `most`: the cap. */
  constructor(declared: number | undefined, most: number) {
    super({ highWaterMark: 65_536 });
    this.#declared = declared;
    this.#most = most;
    // The sink tells the guest; nobody else need know.
    this.on('error', () => undefined);
  }

  /** The one stream into it. */
  sink(): Sink {
    return new WritableSink(this, {
      failure: (error) => {
        const { code, message } = this.#failure ?? httpFailureOf(error);
        return { message, detail: { http: code } };
      },
      onBytes: (count) => {
        const failure = this.#sizeFailure(this.bytes + count);
        if (failure) {
          this.fail(failure);
          throw new StreamEnd({ message: failure.message, detail: { http: failure.code } });
        }
        this.bytes += count;
        this.#watch?.onWrite();
      },
      onProgress: () => this.#watch?.onOut(),
    });
  }

  /** The guest wrote all of it. Throws where that is not what it declared. */
  finish(trailers: [string, string][]): void {
    if (this.#failure) throw this.#failure;
    if (this.#declared !== undefined && this.bytes !== this.#declared) {
      const failure = new HttpFailure('HTTP-request-body-size', BigInt(this.bytes));
      this.fail(failure);
      throw failure;
    }
    this.#trailers = trailers;
    this.end();
  }

  /** It will never be whole. */
  fail(failure: HttpFailure): void {
    this.#failure ??= failure;
    this.destroy(failure);
  }

  /** It goes out with this request. */
  attach(target: ClientRequest, watch: BodyWatch): void {
    this.#target = target;
    this.#watch = watch;
    this.#held?.();
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    this.#whenAttached((target) => target.write(chunk, done));
  }

  override _final(done: () => void): void {
    this.#whenAttached((target) => {
      if (this.#trailers.length > 0) target.addTrailers(this.#trailers);
      target.end(done);
    });
  }

  #whenAttached(act: (target: ClientRequest) => void): void {
    if (this.#target) act(this.#target);
    else this.#held = () => this.#target && act(this.#target);
  }

  #sizeFailure(bytes: number): HttpFailure | undefined {
    if (bytes > this.#most) return new HttpFailure('HTTP-request-body-size', BigInt(this.#most));
    const isTooLong = this.#declared !== undefined && bytes > this.#declared;
    return isTooLong ? new HttpFailure('HTTP-request-body-size', BigInt(bytes)) : undefined;
  }
}
