/**
 * wasi:http, outgoing: requests to granted hosts, with streamed bodies. What was not granted answers
 * `HTTP-request-denied`, what resolves to addresses that it may not reach `destination-IP-prohibited`. Redirects are
 * followed by the host, each checked like a request of its own.
 */
import { type Capability, type InstanceContext, type Io, WitError } from './capability.ts';
import { ConnectionHold } from './connection-hold.ts';
import { HttpFailure } from './http-errors.ts';
import { Exchange } from './http-exchange.ts';
import { createFields } from './http-fields.ts';
import { ruleFor, type Timeouts } from './http-hop.ts';
import { createIncoming } from './http-incoming.ts';
import { createOutgoing } from './http-outgoing.ts';

type Outgoing = ReturnType<typeof createOutgoing>;

/** What the guest asks for, in nanoseconds, within the operator's maximum, in milliseconds. */
function timeoutsOf(context: InstanceContext, options: InstanceType<Outgoing['RequestOptions']> | undefined): Timeouts {
  const { networkMs: most } = context.limits;
  const millis = (nanos: bigint | undefined) =>
    nanos === undefined ? most : Math.min(most, Math.ceil(Number(nanos) / 1e6));
  return {
    connect: millis(options?.connectTimeout()),
    firstByte: millis(options?.firstByteTimeout()),
    betweenBytes: millis(options?.betweenBytesTimeout()),
  };
}

function createHandle(context: InstanceContext, io: Io, incoming: ReturnType<typeof createIncoming>) {
  type Request = InstanceType<Outgoing['OutgoingRequest']>;
  type Options = InstanceType<Outgoing['RequestOptions']>;
  return (request: Request, options: Options | undefined): object => {
    const timeouts = timeoutsOf(context, options);
    options?.[Symbol.dispose]();
    try {
      const { head, body } = request.take();
      ruleFor(context, head);
      const hold = ConnectionHold.take(context, io);
      if (!hold) throw new HttpFailure('connection-limit-reached');
      return new incoming.FutureIncomingResponse(new Exchange({ instance: context, hold, head, body, timeouts }));
    } catch (error) {
      throw error instanceof HttpFailure ? new WitError(error.code) : error;
    }
  };
}

export const http: Capability = {
  name: 'http',
  interfaces: ['wasi:http/types', 'wasi:http/outgoing-handler'],
  create(context, io) {
    const Fields = createFields(context, io);
    const outgoing = createOutgoing(context, io, Fields);
    const incoming = createIncoming(io, Fields);
    return {
      'wasi:http/types': {
        Fields,
        ...outgoing,
        ...incoming,
        // Of incoming requests no instance ever exists; the glue needs the names.
        IncomingRequest: class IncomingRequest {},
        OutgoingResponse: class OutgoingResponse {},
        ResponseOutparam: class ResponseOutparam {},
        httpErrorCode: (error: object) => (io.detailOf(error) as { http?: unknown } | undefined)?.http,
      },
      'wasi:http/outgoing-handler': { handle: createHandle(context, io, incoming) },
    };
  },
};
