/** Errors that admission throws in several places, so that they read the same everywhere. */
import { BulkheadError } from '../errors.ts';

/** A field that has to be set and is not. */
export function missing(field: string, hint = ''): BulkheadError {
  return new BulkheadError('field-missing', `${field} is required${hint}`, { details: { field } });
}

/** A field whose value is not allowed. `why` continues the field's name: `must be …`. */
export function invalid(field: string, why: string): BulkheadError {
  return new BulkheadError('field-invalid', `${field} ${why}`, { details: { field } });
}

/** A worker that is not there. */
export function noWorker(key: { readonly id: bigint } | { readonly name: string }): BulkheadError {
  const which = 'id' in key ? `with id ${key.id}` : `called '${key.name}'`;
  const details: Record<string, string> = 'id' in key ? { id: String(key.id) } : { name: key.name };
  return new BulkheadError('worker-not-found', `there is no worker ${which}`, { details });
}
