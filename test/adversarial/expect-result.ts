/** Holds what came of a hostile job against what must come of it. */
import { expect } from 'vitest';
import type { LogMessage } from '../../runtime/executor/wasm/messages.ts';
import type { Limits } from '../../runtime/model/limits.ts';
import type { Outcome, Result } from './attack.ts';

/** The longest text of an error that a submitter may get, in UTF-16 units: it travels in trailers. */
const longestError = 16_384;

export function expectResult(result: Result, expected: Outcome): void {
  const { error } = result;
  expect(error?.code, error?.message.slice(0, 500)).toBe(expected.code);
  expect(error?.message.length ?? 0).toBeLessThanOrEqual(longestError);
  if (expected.message) expect(error?.message).toMatch(expected.message);
  if (expected.output instanceof RegExp) expect(result.output).toMatch(expected.output);
  else if (expected.output !== undefined) expect(result.output).toBe(expected.output);
  if (expected.chunks !== undefined) expect(result.chunks).toBe(expected.chunks);
  if (expected.metadata) expect(result.metadata).toEqual(expected.metadata);
  if (expected.taken !== undefined) expect(result.taken).toBe(expected.taken);
}

/** No more was logged than the cap allows in the time, the second begun before and the one begun last included. */
export function expectFewLogs(logged: readonly LogMessage[], limits: Limits, tookMs: number): void {
  const lines = logged.flatMap((message) => message.lines);
  const bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line.message) + Buffer.byteLength(line.target), 0);
  expect(bytes, 'bytes logged').toBeLessThanOrEqual(limits.logBytesPerSecond * (Math.ceil(tookMs / 1000) + 2));
}
