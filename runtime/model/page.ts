/** The limits of lists: how much of one a request may ask for. */
import { BulkheadError } from '../errors.ts';

/** Most rows that a request may ask for. */
const maxLimit = 1000;

/** Most rows that a request may skip. */
const maxOffset = 10_000n;

/** The rows from `offset` on, `limit` at most (not set: all). Throws `field-invalid` for values out of range. */
export function cutPage<T>(rows: readonly T[], limit: number | undefined, offset: bigint | undefined): T[] {
  if (limit !== undefined && (limit < 0 || limit > maxLimit)) throw outOfRange('limit', maxLimit, limit);
  if (offset !== undefined && (offset < 0n || offset > maxOffset)) throw outOfRange('offset', maxOffset, offset);
  const start = Number(offset ?? 0n);
  return rows.slice(start, limit === undefined ? undefined : start + limit);
}

function outOfRange(field: string, most: number | bigint, got: number | bigint): BulkheadError {
  return new BulkheadError('field-invalid', `${field} must be 0 to ${most}, got ${got}`, { details: { field } });
}
