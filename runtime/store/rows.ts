/** Conversions between SQLite's values and ours. */
import type { SQLOutputValue } from 'node:sqlite';
import type { RetryPolicy } from '../model/messages.gen.ts';

/** A row as `node:sqlite` gives it, integers as bigint. */
export type Row = Readonly<Record<string, SQLOutputValue>>;

/** What a statement takes for a named parameter. */
export type Parameters = Record<string, string | bigint | number | null | Uint8Array>;

/** SQLite's number for a broken UNIQUE constraint. */
export const uniqueViolated = 2067;

/** An INTEGER column that holds an id. */
export const big = (row: Row, column: string): bigint => row[column] as bigint;
/** An INTEGER column that is small enough for a number. */
export const int = (row: Row, column: string): number => Number(row[column]);
/** An INTEGER column that holds 0 or 1. */
export const flag = (row: Row, column: string): boolean => row[column] === 1n;
/** A TEXT column. */
export const text = (row: Row, column: string): string => row[column] as string;
/** A BLOB column. */
export const blob = (row: Row, column: string): Uint8Array => row[column] as Uint8Array;

/** A retry policy as a TEXT value. */
export function policyText(policy: RetryPolicy | undefined): string | null {
  return policy ? JSON.stringify(policy) : null;
}

/** The inverse of {@link policyText}, as a field to spread. */
export function policyField<K extends string>(row: Row, key: K): { [P in K]?: RetryPolicy } {
  const value = row.retry_policy;
  return typeof value === 'string' ? ({ [key]: JSON.parse(value) as RetryPolicy } as { [P in K]?: RetryPolicy }) : {};
}
