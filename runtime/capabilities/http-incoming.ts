/**
 * What a guest receives: the resources `future-incoming-response`, `incoming-response`, `incoming-body` and
 * `future-trailers` of wasi:http. The exchange is handed on from one to the next; the one that has it when it is
 * dropped ends it.
 */
import type { IncomingMessage } from 'node:http';
import { type Io, WitError } from './capability.ts';
import type { ErrorCode } from './http-errors.ts';
import { HttpFailure } from './http-errors.ts';
import type { Exchange } from './http-exchange.ts';
import { entriesOf, type FieldsClass } from './http-fields.ts';
import { Settled } from './signal.ts';

type Fields = InstanceType<FieldsClass>;
type Result<T> = { readonly tag: 'ok'; readonly val: T } | { readonly tag: 'err'; readonly val?: ErrorCode };

/** A future's answer: once, and then an error without words. */
class Once<T> {
  #isTold = false;

  take(make: () => T): Result<Result<T>> {
    if (this.#isTold) return { tag: 'err' };
    this.#isTold = true;
    try {
      return { tag: 'ok', val: { tag: 'ok', val: make() } };
    } catch (error) {
      if (!(error instanceof HttpFailure)) throw error;
      return { tag: 'ok', val: { tag: 'err', val: error.code } };
    }
  }
}

/** Makes the classes of one instance. */
export function createIncoming(io: Io, Fields: FieldsClass) {
  /** What holds an exchange, until it hands it on. */
  class Holder extends io.Resource {
    #exchange: Exchange | undefined;

    constructor(exchange: Exchange) {
      super();
      this.#exchange = exchange;
    }
    get exchange(): Exchange {
      if (!this.#exchange) throw new WitError(undefined);
      return this.#exchange;
    }
    handOn(): Exchange {
      const { exchange } = this;
      this.#exchange = undefined;
      return exchange;
    }
    override [Symbol.dispose](): void {
      this.#exchange?.abandon();
      super[Symbol.dispose]();
    }
  }

  class FutureTrailers extends Holder {
    readonly #response: IncomingMessage;
    readonly #ended: Settled;
    readonly #answer = new Once<Fields | undefined>();

    constructor(exchange: Exchange, response: IncomingMessage) {
      super(exchange);
      this.#response = response;
      const isOver = response.readableEnded || response.destroyed;
      this.#ended = new Settled(
        isOver
          ? Promise.resolve()
          : new Promise<void>((resolve) => {
              response.once('end', resolve);
              response.once('close', resolve);
            }),
      );
      exchange.drain(response);
    }
    subscribe(): object {
      return io.pollable(this.#ended);
    }
    get(): Result<Result<Fields | undefined>> | undefined {
      if (!this.#ended.ready()) return undefined;
      return this.#answer.take(() => {
        if (!this.#response.complete) throw this.exchange.failureOf(new Error('the response broke off'));
        const entries = entriesOf(this.#response.rawTrailers);
        return entries.length === 0 ? undefined : new Fields(Fields.listOf(entries));
      });
    }
  }

  class IncomingBody extends Holder {
    readonly #response: IncomingMessage;
    #isTaken = false;

    constructor(exchange: Exchange, response: IncomingMessage) {
      super(exchange);
      this.#response = response;
    }
    stream(): object {
      if (this.#isTaken) throw new WitError(undefined);
      this.#isTaken = true;
      return io.input(this.exchange.source(this.#response));
    }
    static finish(self: IncomingBody): FutureTrailers {
      const exchange = self.handOn();
      self[Symbol.dispose]();
      return new FutureTrailers(exchange, self.#response);
    }
  }

  class IncomingResponse extends Holder {
    readonly #response: IncomingMessage;
    readonly #headers: Fields['list'];

    constructor(exchange: Exchange, response: IncomingMessage) {
      super(exchange);
      this.#response = response;
      this.#headers = Fields.listOf(entriesOf(response.rawHeaders));
    }
    status(): number {
      return this.#response.statusCode ?? 0;
    }
    headers(): Fields {
      return new Fields(this.#headers);
    }
    consume(): IncomingBody {
      return new IncomingBody(this.handOn(), this.#response);
    }
    override [Symbol.dispose](): void {
      this.#headers.free();
      super[Symbol.dispose]();
    }
  }

  class FutureIncomingResponse extends Holder {
    readonly #settled: Settled;
    readonly #answer = new Once<IncomingResponse>();

    constructor(exchange: Exchange) {
      super(exchange);
      this.#settled = new Settled(exchange.settled);
    }
    subscribe(): object {
      return io.pollable(this.#settled);
    }
    get(): Result<Result<IncomingResponse>> | undefined {
      if (!this.#settled.ready()) return undefined;
      return this.#answer.take(() => {
        const { response } = this.exchange;
        if (!response) throw new HttpFailure('internal-error');
        return new IncomingResponse(this.handOn(), response);
      });
    }
  }
  return { FutureIncomingResponse, FutureTrailers, IncomingBody, IncomingResponse };
}
