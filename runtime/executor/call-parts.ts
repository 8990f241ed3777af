/** What the instances of every executor do alike. */
import { BulkheadError } from '../errors.ts';
import type { StreamEnd } from '../model/call.ts';
import type { OutputStream } from './executor.ts';

/** Why a call is to end whose signal was aborted. */
export function stopReason({ reason }: AbortSignal): BulkheadError {
  return reason instanceof BulkheadError ? reason : new BulkheadError('cancelled', 'the job was cancelled');
}

/** How a streaming call tells what becomes of it. */
export interface StreamTold {
  /** The plugin has begun. */
  begun(): void;
  /** After the last chunk. */
  ended(outcome: StreamEnd): void;
}

/** The output of a call whose chunks `read` gives, once it is read. */
export function outputStream(read: (told: StreamTold) => AsyncIterator<Uint8Array>): OutputStream {
  const begun = Promise.withResolvers<boolean>();
  const end = Promise.withResolvers<StreamEnd>();
  const told: StreamTold = {
    begun: () => begun.resolve(true),
    ended: (outcome) => {
      begun.resolve(false);
      end.resolve(outcome);
    },
  };
  return { begun: begun.promise, end: end.promise, [Symbol.asyncIterator]: () => read(told) };
}
