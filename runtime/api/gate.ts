/**
 * The gate: asks access about each call when its headers are there, before any of its request is read, and knows
 * the caller from then on. A server without tokens has none: its calls go straight to their handlers.
 */
import { type Metadata, ServerInterceptingCall, type ServerInterceptor, type ServiceDefinition } from '@grpc/grpc-js';
import { type Access, type Pass, tokenHeader } from '../access/access.ts';
import { demandOf } from '../access/rights.ts';
import { BulkheadError } from '../errors.ts';
import { type Caller, localCaller } from '../model/caller.ts';
import type { LogSink } from '../telemetry/events.ts';
import { Rarely } from './rarely.ts';
import { toServiceError } from './status.ts';

/** Who makes the call with these headers. */
export type CallerOf = (metadata: Metadata) => Caller;

/** See above. One for each server. */
export class Gate {
  /** For grpc-js; none where access is open. */
  readonly interceptors: ServerInterceptor[];
  readonly #access: Access;
  readonly #log: LogSink;
  readonly #strangers: Rarely;
  /** By the headers that grpc-js hands on to the handler. */
  readonly #callers = new WeakMap<Metadata, Caller>();
  readonly #sizes = new WeakMap<object, number>();

  constructor(access: Access, log: LogSink) {
    this.#access = access;
    this.#log = log;
    this.#strangers = new Rarely((fields) =>
      log({ level: 'warn', message: 'calls without a token were refused', fields }),
    );
    this.interceptors = access.isOpen ? [] : [this.#interceptor()];
  }

  /** Throws where a call got past the gate, which none can. */
  readonly callerOf: CallerOf = (metadata) => {
    const caller = this.#access.isOpen ? localCaller : this.#callers.get(metadata);
    if (!caller) throw new BulkheadError('internal', 'a call has no caller');
    return caller;
  };

  /** The definition, with an eye on how large its requests are. */
  measured(definition: ServiceDefinition): ServiceDefinition {
    if (this.#access.isOpen) return definition;
    const entries = Object.entries(definition).map(([name, method]) => {
      const requestDeserialize = (bytes: Buffer): unknown => {
        const message: unknown = method.requestDeserialize(bytes);
        if (typeof message === 'object' && message !== null) this.#sizes.set(message, bytes.length);
        return message;
      };
      return [name, { ...method, requestDeserialize }];
    });
    return Object.fromEntries(entries) as ServiceDefinition;
  }

  #interceptor(): ServerInterceptor {
    return ({ path }, call) => {
      const rpc = path.slice(1);
      const refuse = (thrown: unknown): void => {
        const { code, details, metadata } = toServiceError(thrown, rpc, this.#log);
        call.sendStatus({ code, details, metadata });
      };
      let pass: Pass | undefined;
      return new ServerInterceptingCall(call, {
        start: (next) =>
          next({
            onReceiveMetadata: (metadata, go) => {
              try {
                pass = this.#enter(rpc, metadata, call.getPeer());
              } catch (thrown) {
                refuse(thrown);
                return;
              }
              go(metadata);
            },
            onReceiveMessage: (message: unknown, go) => {
              const tooLarge = this.#tooLarge(pass, message);
              if (tooLarge) refuse(tooLarge);
              else go(message);
            },
            // However a call ends, grpc-js says so.
            onCancel: () => pass?.leave(),
          }),
      });
    };
  }

  #enter(rpc: string, metadata: Metadata, peer: string): Pass {
    const presented = metadata.get(tokenHeader).map(String);
    try {
      const pass = this.#access.enter(demandOf(rpc), presented);
      this.#callers.set(metadata, pass.caller);
      return pass;
    } catch (thrown) {
      if (thrown instanceof BulkheadError && thrown.code === 'unauthenticated') this.#strangers.say({ rpc, peer });
      throw thrown;
    }
  }

  #tooLarge(pass: Pass | undefined, message: unknown): BulkheadError | undefined {
    const most = pass?.maxMessageBytes;
    if (most === undefined || typeof message !== 'object' || message === null) return undefined;
    const size = this.#sizes.get(message) ?? 0;
    if (size <= most) return undefined;
    const token = pass?.caller.name ?? '';
    return new BulkheadError('message-too-large', `the request has ${size} bytes; token '${token}' may send ${most}`, {
      details: { token, size, limit: most },
    });
  }
}
