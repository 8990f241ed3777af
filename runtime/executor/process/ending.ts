/** How a process ended, told in the words of the catalogue. To be asked after its `close`, when all it wrote was read. */
import { BulkheadError } from '../../errors.ts';
import type { LastWords, Panic } from './last-words.ts';

/** The longest text of a plugin's that an error carries, in UTF-16 units. */
const longestText = 8192;

/** What the system says of a process that has ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

function clipped(text: string, most = longestText): string {
  return text.length <= most ? text : `${text.slice(0, most)}… (${text.length - most} more characters)`;
}

/** What a runtime writes before it ends a process by itself: no call of `exit()`. */
const fatalLine = /^(?:fatal error: .*|SIG[A-Z]+: .*)$/;

/** The error of a job whose process ended under it. */
export function endingError(exit: Exit, words: LastWords): BulkheadError {
  const { panic, lines } = words;
  if (panic) return panicError(panic, exit);
  const fatal = lines.find((line) => fatalLine.test(line));
  const said = lines.length === 0 ? '' : `; it last wrote: ${clipped(lines.join(' | '))}`;
  if (exit.signal) {
    const details = { signal: exit.signal };
    return new BulkheadError('plugin-trapped', `the plugin's process was ended by ${exit.signal}${said}`, { details });
  }
  const details = { exitCode: exit.code ?? -1 };
  if (fatal) return new BulkheadError('plugin-trapped', `the plugin's process ended: ${fatal}`, { details });
  return new BulkheadError('plugin-exited', `the plugin called exit(${exit.code})${said}`, { details });
}

/** The error that a plugin answered. */
export function failureOf(message: string): BulkheadError {
  return new BulkheadError('plugin-failed', clipped(message));
}

function panicError({ message, file, line, column }: Panic, exit: Exit): BulkheadError {
  const numbers = column === undefined ? `${line}` : `${line}:${column}`;
  const place = file === undefined ? '' : ` at ${clipped(file, 512)}:${numbers}`;
  const details = {
    ...(file !== undefined && { file: clipped(file, 512) }),
    ...(line !== undefined && { line }),
    ...(column !== undefined && { column }),
    ...(exit.signal ? { signal: exit.signal } : { exitCode: exit.code ?? -1 }),
  };
  return new BulkheadError('plugin-panicked', `the plugin panicked${place}: ${clipped(message)}`, { details });
}
