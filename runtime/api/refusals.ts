/** Errors that several services throw, so that they read the same everywhere. */
import { BulkheadError } from '../errors.ts';

/** A field that has to be set and is not. */
export function missing(field: string): BulkheadError {
  return new BulkheadError('field-missing', `${field} is required`, { details: { field } });
}

/** A worker that is not there. `which`: `called 'x'`. */
export function noWorker(which: string): BulkheadError {
  return new BulkheadError('worker-not-found', `there is no worker ${which}`);
}
