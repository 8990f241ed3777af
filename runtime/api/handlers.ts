/**
 * Typed handlers for the services of `proto/`, and what lies between them and grpc-js.
 *
 * A handler takes a request and answers or throws; an RPC without one answers UNIMPLEMENTED with its
 * name, so that nothing is silently ignored.
 */
import type {
  handleBidiStreamingCall,
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  Metadata,
  ServerDuplexStream,
  ServerWritableStream,
  ServiceDefinition,
  ServiceError,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { BulkheadError } from '../errors.ts';
import type { Caller } from '../model/caller.ts';
import type { Rpc, Services } from '../model/messages.gen.ts';
import type { LogSink } from '../telemetry/events.ts';
import type { CallerOf } from './gate.ts';
import { toServiceError } from './status.ts';

/** The call that a handler answers. */
export interface CallContext {
  /** The request's headers. */
  readonly metadata: Metadata;
  /** Who calls. */
  readonly caller: Caller;
  /** Sends response headers, ahead of the answer. At most once. */
  sendMetadata(headers: Metadata): void;
  /** Calls back once if the client goes before it was answered. */
  onGone(listener: () => void): void;
}

type Items<T> = Iterable<T> | AsyncIterable<T>;
type Unary<Request, Response> = (request: Request, call: CallContext) => Promise<Response>;
type ServerStreaming<Request, Response> = (
  request: Request,
  call: CallContext,
) => Items<Response> | Promise<Items<Response>>;
type ClientStreaming<Request, Response> = (requests: AsyncIterable<Request>, call: CallContext) => Promise<Response>;
type BothStreaming<Request, Response> = (
  requests: AsyncIterable<Request>,
  call: CallContext,
) => Items<Response> | Promise<Items<Response>>;

/** The handlers of a service: as many of its RPCs as are offered. */
export type Handlers<S extends keyof Services> = {
  readonly [M in keyof Services[S]]?: Services[S][M] extends Rpc<
    infer Request,
    infer Response,
    infer Uploads,
    infer Streams
  >
    ? Streams extends true
      ? Uploads extends true
        ? BothStreaming<Request, Response>
        : ServerStreaming<Request, Response>
      : Uploads extends true
        ? ClientStreaming<Request, Response>
        : Unary<Request, Response>
    : never;
};

/** Handlers as the adaptors see them: which one takes what is a promise of {@link Handlers}. */
type UntypedHandlers = Readonly<
  Record<
    string,
    Unary<unknown, unknown> &
      ServerStreaming<unknown, unknown> &
      ClientStreaming<unknown, unknown> &
      BothStreaming<unknown, unknown>
  >
>;

/** All RPCs of a service for grpc-js: those that have a handler, and refusals for the rest. */
export function implement<S extends keyof Services>(
  definition: ServiceDefinition,
  handlers: Handlers<S>,
  log: LogSink,
  callerOf: CallerOf,
): UntypedServiceImplementation {
  const untyped = handlers as unknown as UntypedHandlers;
  const contextOf = contexts(callerOf);
  const implementation: UntypedServiceImplementation = {};
  for (const [name, { path, requestStream, responseStream }] of Object.entries(definition)) {
    const rpc = path.slice(1);
    const handler = untyped[name];
    if (!handler) implementation[name] = responseStream ? refuseStream(rpc, log) : refuse(rpc, log);
    else if (requestStream)
      implementation[name] = (responseStream ? bothStreaming : clientStreaming)(rpc, handler, log, contextOf);
    else implementation[name] = (responseStream ? streaming : unary)(rpc, handler, log, contextOf);
  }
  return implementation;
}

/** A call of grpc-js, whatever its kind. */
type AnyCall = { readonly metadata: Metadata; sendMetadata(headers: Metadata): void } & NodeJS.EventEmitter;

type ContextOf = (call: AnyCall) => CallContext;

function contexts(callerOf: CallerOf): ContextOf {
  return (call) => ({
    metadata: call.metadata,
    caller: callerOf(call.metadata),
    sendMetadata: (headers) => call.sendMetadata(headers),
    onGone: (listener) => void call.once('cancelled', listener),
  });
}

function unary(
  rpc: string,
  handler: Unary<unknown, unknown>,
  log: LogSink,
  contextOf: ContextOf,
): handleUnaryCall<unknown, unknown> {
  return (call, callback) => {
    handler(call.request, contextOf(call)).then(
      (response) => callback(null, response),
      (thrown: unknown) => callback(toServiceError(thrown, rpc, log)),
    );
  };
}

function streaming(
  rpc: string,
  handler: ServerStreaming<unknown, unknown>,
  log: LogSink,
  contextOf: ContextOf,
): handleServerStreamingCall<unknown, unknown> {
  return (call) => void sendAll(rpc, call, () => handler(call.request, contextOf(call)), log);
}

function clientStreaming(
  rpc: string,
  handler: ClientStreaming<unknown, unknown>,
  log: LogSink,
  contextOf: ContextOf,
): handleClientStreamingCall<unknown, unknown> {
  return (call, callback) => {
    handler(call, contextOf(call)).then(
      (response) => callback(null, response),
      (thrown: unknown) => {
        // What reading from a client that is gone fails of is nobody's fault.
        const gone = new BulkheadError('cancelled', 'the client went before it was answered');
        callback(toServiceError(call.cancelled ? gone : thrown, rpc, log));
      },
    );
  };
}

function bothStreaming(
  rpc: string,
  handler: BothStreaming<unknown, unknown>,
  log: LogSink,
  contextOf: ContextOf,
): handleBidiStreamingCall<unknown, unknown> {
  // The usual iterator would destroy the call when its requests end, with the answers that are still to come.
  const requestsOf = (call: ServerDuplexStream<unknown, unknown>) => call.iterator({ destroyOnReturn: false });
  return (call) => void sendAll(rpc, call, () => handler(requestsOf(call), contextOf(call)), log);
}

/** Sends what a handler yields, as fast as the client reads. A client that is gone ends the handler's iteration. */
async function sendAll(
  rpc: string,
  call: ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>,
  handle: () => Items<unknown> | Promise<Items<unknown>>,
  log: LogSink,
): Promise<void> {
  let stop: (() => void) | undefined;
  call.once('cancelled', () => stop?.());
  try {
    const items = await handle();
    const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
    // An iterator that waits for its next item is told at once; what it still answers is left out.
    stop = () => void iterator.return?.();
    for (let item = await iterator.next(); !item.done; item = await iterator.next()) {
      if (call.cancelled) return void (await iterator.return?.());
      if (!call.write(item.value)) await drained(call);
    }
    call.end();
  } catch (thrown) {
    if (!call.cancelled) call.emit('error', toServiceError(thrown, rpc, log));
  }
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
