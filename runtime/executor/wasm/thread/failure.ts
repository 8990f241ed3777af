/** What went wrong in a guest, told in the words of the catalogue. */

import type { PanicReport } from '../../../capabilities/capability.ts';
import { GuestExit } from '../../../capabilities/cli.ts';
import { BulkheadError } from '../../../errors.ts';
import { EndedByHost } from './boundary.ts';

/** An error that the plugin returned, as the glue gives it. */
export interface GuestFailure {
  readonly message: string;
  readonly causes: readonly string[];
}

function isGuestFailure(value: unknown): value is GuestFailure {
  return typeof value === 'object' && value !== null && 'message' in value && 'causes' in value;
}

/** The failure of a `result<_, failure>` export, if `thrown` is how the glue throws one. */
export function guestFailureOf(thrown: unknown): GuestFailure | undefined {
  if (!(thrown instanceof Error) || !('payload' in thrown)) return undefined;
  return isGuestFailure(thrown.payload) ? thrown.payload : undefined;
}

/** The longest text of a plugin's that an error carries, in UTF-16 units: it travels in headers and log lines. */
const longestText = 8192;

function clipped(text: string, most = longestText): string {
  return text.length <= most ? text : `${text.slice(0, most)}… (${text.length - most} more characters)`;
}

/** `message: cause: cause`, the way anyhow prints a chain with `{:#}`. */
export function textOf(failure: GuestFailure): string {
  return clipped([failure.message, ...failure.causes].join(': '));
}

function panicText(report: PanicReport): string {
  const place = report.file === '' ? '' : ` at ${clipped(report.file, 512)}:${report.line}:${report.column}`;
  return `the plugin panicked${place}: ${clipped(report.message)}`;
}

/**
 * Anything but an error the plugin returned: the instance is lost.
 * `panic` is what the SDK's hook reported; `stderr` the last lines, for guests that were not built with it.
 */
export function fatalError(thrown: unknown, panic: PanicReport | undefined, stderr: readonly string[]): BulkheadError {
  if (thrown instanceof EndedByHost) {
    return thrown.cause instanceof BulkheadError ? thrown.cause : fatalError(thrown.cause, panic, stderr);
  }
  if (thrown instanceof GuestExit) {
    return new BulkheadError('plugin-exited', thrown.message, { details: { exitCode: thrown.code } });
  }
  if (panic) {
    const { line, column } = panic;
    const file = clipped(panic.file, 512);
    return new BulkheadError('plugin-panicked', panicText(panic), { details: { file, line, column } });
  }
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const said = stderr.length === 0 ? '' : `; it last wrote: ${clipped(stderr.join(' | '))}`;
  return new BulkheadError('plugin-trapped', `the plugin trapped: ${reason}${said}`, { cause: thrown });
}
