/**
 * Typed handlers for the services of `proto/`, and what lies between them and grpc-js.
 *
 * A handler takes a request and answers or throws; an RPC without one answers UNIMPLEMENTED with its
 * name, so that nothing is silently ignored.
 */
import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  Metadata,
  ServiceDefinition,
  ServiceError,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { BulkheadError } from '../errors.ts';
import type { Caller } from '../model/caller.ts';
import type { Rpc, Services } from '../model/messages.gen.ts';
import type { LogSink } from '../telemetry/events.ts';
import type { Identify } from './gate.ts';
import { toServiceError } from './status.ts';

/** The call that a handler answers. */
export interface CallContext {
  /** The request's headers. */
  readonly metadata: Metadata;
  /** Who calls. */
  readonly caller: Caller;
  /** Sends response headers, ahead of the answer. At most once. */
  sendMetadata(headers: Metadata): void;
}

type Unary<Request, Response> = (request: Request, call: CallContext) => Promise<Response>;
type ServerStreaming<Request, Response> = (
  request: Request,
  call: CallContext,
) => Iterable<Response> | Promise<Iterable<Response>>;

/** The handlers of a service: as many of its RPCs as are offered. */
export type Handlers<S extends keyof Services> = {
  readonly [M in keyof Services[S]]?: Services[S][M] extends Rpc<infer Request, infer Response, false, infer Streams>
    ? Streams extends true
      ? ServerStreaming<Request, Response>
      : Unary<Request, Response>
    : never;
};

/** Handlers as the adaptors see them: which one takes what is a promise of {@link Handlers}. */
type UntypedHandlers = Readonly<Record<string, Unary<unknown, unknown> | ServerStreaming<unknown, unknown>>>;

/** All RPCs of a service for grpc-js: those that have a handler, and refusals for the rest. */
export function implement<S extends keyof Services>(
  definition: ServiceDefinition,
  handlers: Handlers<S>,
  log: LogSink,
  identify: Identify,
): UntypedServiceImplementation {
  const untyped = handlers as UntypedHandlers;
  const implementation: UntypedServiceImplementation = {};
  for (const [name, { path, requestStream, responseStream }] of Object.entries(definition)) {
    const rpc = path.slice(1);
    const handler = untyped[name];
    if (!handler) implementation[name] = responseStream ? refuseStream(rpc, log) : refuse(rpc, log);
    else if (requestStream) throw new TypeError(`${rpc}: no adaptor for streamed requests yet`);
    else
      implementation[name] = responseStream
        ? streaming(rpc, handler as ServerStreaming<unknown, unknown>, log, identify)
        : unary(rpc, handler as Unary<unknown, unknown>, log, identify);
  }
  return implementation;
}

function unary(
  rpc: string,
  handler: Unary<unknown, unknown>,
  log: LogSink,
  identify: Identify,
): handleUnaryCall<unknown, unknown> {
  return (call, callback) => {
    handler(call.request, identify(call)).then(
      (response) => callback(null, response),
      (thrown: unknown) => callback(toServiceError(thrown, rpc, log)),
    );
  };
}

function streaming(
  rpc: string,
  handler: ServerStreaming<unknown, unknown>,
  log: LogSink,
  identify: Identify,
): handleServerStreamingCall<unknown, unknown> {
  return async (call) => {
    try {
      for (const item of await handler(call.request, identify(call))) {
        if (call.cancelled) return;
        if (!call.write(item)) await drained(call);
      }
      call.end();
    } catch (thrown) {
      call.emit('error', toServiceError(thrown, rpc, log));
    }
  };
}

/** Resolves when the client can take more, or is gone. */
function drained(call: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      call.off('drain', done).off('cancelled', done).off('close', done);
      resolve();
    };
    call.on('drain', done).on('cancelled', done).on('close', done);
  });
}

function refuse(rpc: string, log: LogSink): handleUnaryCall<unknown, unknown> {
  return (_call, callback) => callback(refusal(rpc, log));
}

function refuseStream(rpc: string, log: LogSink): handleBidiStreamingCall<unknown, unknown> {
  return (call) => {
    call.emit('error', refusal(rpc, log));
  };
}

function refusal(rpc: string, log: LogSink): ServiceError {
  return toServiceError(
    new BulkheadError('unimplemented', `${rpc} is not offered by this version of Bulkhead`, { details: { rpc } }),
    rpc,
    log,
  );
}
