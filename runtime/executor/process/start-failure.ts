/**
 * Why a process did not become a plugin: one error for each cause, that names it and says what to do.
 *
 * What will not change by itself (the file, the protocol) is `plugin-refused`; what may (it crashed, it was late) is
 * `plugin-start-failed`. `details.reason` is for programs.
 */
import { BulkheadError, type ErrorDetails } from '../../errors.ts';

/** Causes that another try does not change. */
type Refusal =
  | 'not-a-file'
  | 'not-private'
  | 'not-executable'
  | 'wrong-architecture'
  | 'not-a-program'
  | 'magic-cookie'
  | 'protocol-version'
  | 'handshake-malformed'
  | 'not-a-runner';

/** Causes that may be gone the next time. */
type Failure = 'spawn' | 'handshake-late' | 'ended' | 'not-healthy' | 'crash-loop';

export type StartReason = Refusal | Failure;

const mayPass: ReadonlySet<StartReason> = new Set<Failure>([
  'spawn',
  'handshake-late',
  'ended',
  'not-healthy',
  'crash-loop',
]);

/** What is known beside the text. */
export interface StartFacts {
  readonly details?: ErrorDetails;
  readonly cause?: unknown;
}

export function startFailure(reason: StartReason, text: string, { details, cause }: StartFacts = {}): BulkheadError {
  return new BulkheadError(mayPass.has(reason) ? 'plugin-start-failed' : 'plugin-refused', text, {
    details: { ...details, reason },
    ...(cause !== undefined && { cause }),
  });
}
