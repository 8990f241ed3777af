/**
 * Errors as gRPC statuses. Only here do codes of the catalogue become numbers.
 *
 * Beside code and text an answer carries the trailer `bulkhead-error`: JSON of the error's code and
 * details, for programs. What the host itself got wrong is logged and not shown.
 */
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { BulkheadError } from '../errors.ts';
import type { LogSink } from '../telemetry/events.ts';

/** The trailer with code and details. */
const errorTrailer = 'bulkhead-error';

/** Longest text of an answer, so that it fits into HTTP/2 headers with room for the rest. */
const maxText = 4096;

const hidden = "the server failed to answer; the server's log has the details";

/** An error that a handler has put into gRPC's form itself. */
export class WireError extends Error {
  readonly error: ServiceError;

  constructor(error: ServiceError) {
    super(error.details);
    this.error = error;
  }
}

/** What a handler threw as what the client gets. `rpc` is for the log. */
export function toServiceError(thrown: unknown, rpc: string, log: LogSink): ServiceError {
  if (thrown instanceof WireError) return thrown.error;
  const error = BulkheadError.from(thrown);
  const isDefect = error.code === 'internal';
  if (isDefect) log({ level: 'error', message: 'a request failed', fields: { rpc, error: thrown } });
  const text = isDefect ? hidden : cut(error.message);
  const metadata = new Metadata();
  const facts = JSON.stringify({ code: error.code, details: isDefect ? {} : error.details });
  if (facts.length <= maxText) metadata.set(errorTrailer, ascii(facts));
  return Object.assign(new Error(text), { code: status[error.status], details: text, metadata });
}

function cut(text: string): string {
  return text.length <= maxText ? text : `${text.slice(0, maxText)}…`;
}

/** Header values have to be printable ASCII; JSON can say everything in it. */
function ascii(json: string): string {
  return json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
