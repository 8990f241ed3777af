/** The limits of lists: how much of one a request may ask for. */
import { BulkheadError } from '../errors.ts';

/** Most rows that a request may ask for. */
export const mostRows = 1000;

/** Most rows that a request may skip. */
const maxOffset = 10_000n;

/** Part of a list. */
export interface Page {
  readonly limit: number;
  readonly offset: number;
}

/** What a request asks for, `fallback` where it sets no limit. Throws `field-invalid` for values out of range. */
export function pageOf(limit: number | undefined, offset: bigint | undefined, fallback: number): Page {
  if (limit !== undefined && (limit < 0 || limit > mostRows)) throw outOfRange('limit', mostRows, limit);
  if (offset !== undefined && (offset < 0n || offset > maxOffset)) throw outOfRange('offset', maxOffset, offset);
  return { limit: limit ?? fallback, offset: Number(offset ?? 0n) };
}

/** The rows from `offset` on, `limit` at most (not set: all). Throws `field-invalid` for values out of range. */
export function cutPage<T>(rows: readonly T[], limit: number | undefined, offset: bigint | undefined): T[] {
  const page = pageOf(limit, offset, rows.length);
  return rows.slice(page.offset, page.offset + page.limit);
}

function outOfRange(field: string, most: number | bigint, got: number | bigint): BulkheadError {
  return new BulkheadError('field-invalid', `${field} must be 0 to ${most}, got ${got}`, { details: { field } });
}
