/**
 * Tells of every call from its headers to its status, and lets the job that it submits go on with its trace.
 *
 * An interceptor of grpc-js, so that refused calls are told of too. A call that grpc-js itself ends (the client is
 * gone, the message is too large) counts as CANCELLED; the deadline's end has its own status.
 */
import { ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';
import { traceparentKey } from '../model/trace.ts';
import type { CallWatch, EngineEvents } from '../telemetry/events.ts';

export function watchCalls(events: EngineEvents): ServerInterceptor {
  return ({ path }, call) => {
    let watch: CallWatch | undefined;
    const end = (name: string): void => {
      watch?.ended(name);
      watch = undefined;
    };
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, pass) => {
            const traceparent = metadata.get(traceparentKey)[0]?.toString();
            watch = events.callStarted({ method: path.slice(1), traceparent });
            if (watch?.traceparent !== undefined) metadata.set(traceparentKey, watch.traceparent);
            pass(metadata);
          },
          onReceiveMessage: (message, pass) => pass(message),
          onReceiveHalfClose: (pass) => pass(),
          onCancel: () => end(Number(call.getDeadline()) <= Date.now() ? 'DEADLINE_EXCEEDED' : 'CANCELLED'),
        }),
      sendStatus: (sent, next) => {
        end(status[sent.code ?? status.UNKNOWN] ?? 'UNKNOWN');
        next(sent);
      },
    });
  };
}
