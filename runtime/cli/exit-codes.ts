/** How the command ends: its exit codes, and the one place where an error becomes one of them. */
import { BulkheadError } from '../errors.ts';
import { CommandFailed } from './toolbox/progress.mjs';

/** Every exit code, with its meaning for `--help`. */
export const exitCodes = {
  ok: { code: 0, meaning: 'done' },
  failed: { code: 1, meaning: 'the job, the plugin or its build failed; doctor found something missing' },
  usage: { code: 2, meaning: 'the command line is wrong: an option, a file, arguments that match no schema' },
  environment: {
    code: 3,
    meaning: 'a tool is missing, the configuration is wrong, or a port, folder or database cannot be used',
  },
  unreachable: { code: 4, meaning: 'the server cannot be reached, is stopping, or did not answer in time' },
  refused: {
    code: 5,
    meaning: 'the server refused: nothing of that name, not allowed, not offered, full, or its own failure',
  },
  internal: { code: 70, meaning: 'a defect of Bulkhead' },
  interrupted: { code: 130, meaning: 'left by Ctrl-C' },
} as const;

/** An error of the command itself: one line that names the thing, what is wrong with it and what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;

  constructor(kind: keyof typeof exitCodes, message: string) {
    super(message);
    this.exitCode = exitCodes[kind].code;
  }
}

const systemErrors: ReadonlySet<string> = new Set([
  'EADDRINUSE',
  'EADDRNOTAVAIL',
  'EACCES',
  'EPERM',
  'ENOSPC',
  'EROFS',
  'ENOTDIR',
]);

/** The text for stderr and the exit code of anything thrown. */
export function describeError(thrown: unknown): { readonly text: string; readonly exitCode: number } {
  if (thrown instanceof CliError) return { text: thrown.message, exitCode: thrown.exitCode };
  if (thrown instanceof CommandFailed) return { text: thrown.message, exitCode: exitCodes.failed.code };
  if (thrown instanceof BulkheadError && thrown.code !== 'internal') {
    return { text: `${thrown.message} [${thrown.code}]`, exitCode: exitCodeOf(thrown) };
  }
  if (thrown instanceof Error && 'code' in thrown && systemErrors.has(String(thrown.code))) {
    return { text: thrown.message, exitCode: exitCodes.environment.code };
  }
  const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return { text: `a defect of Bulkhead, please report it: ${text}`, exitCode: exitCodes.internal.code };
}

function exitCodeOf(error: BulkheadError): number {
  if (error.blame === 'plugin') return exitCodes.failed.code;
  return error.blame === 'caller' ? exitCodes.usage.code : exitCodes.environment.code;
}
