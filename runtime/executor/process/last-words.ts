/**
 * What a process wrote on stderr, as far as it explains its end: the last lines, and the panic, Go's or Rust's.
 *
 * Of several panics the first counts: those that follow (a second one while the first unwinds, the runtime's own "cannot
 * unwind") say less.
 */

/** How many of the last lines an error quotes. */
const quotedLines = 5;
/** How many lines of a panic and its trace are kept. */
const traceLines = 60;
/** Of one line, in UTF-16 units. */
const longestLine = 1024;

const panicBegins = /^(?:panic: |thread '.*' (?:\(\d+\) )?panicked at )/;
const fatalBegins = /^(?:fatal error: |fatal runtime error: |SIG[A-Z]+: |thread '.*' (?:\(\d+\) )?has overflowed)/;

export interface Panic {
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

export class LastWords {
  #lines: string[] = [];
  #trace: string[] = [];

  /** Forgets what was written: another job begins. */
  reset(): void {
    this.#lines = [];
    this.#trace = [];
  }

  write(line: string): void {
    const text = line.slice(0, longestLine);
    if (this.#trace.length === 0 ? panicBegins.test(text) : this.#trace.length < traceLines) this.#trace.push(text);
    if (text.trim() === '') return;
    this.#lines.push(text);
    // A trace is longer than what is quoted: the line that says what happened stays in front.
    if (this.#lines.length > quotedLines) this.#lines.splice(fatalBegins.test(this.#lines[0] as string) ? 1 : 0, 1);
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  get panic(): Panic | undefined {
    const [first, ...rest] = this.#trace;
    if (first === undefined) return undefined;
    return first.startsWith('panic: ') ? goPanic(first, rest) : rustPanic(first, rest);
  }
}

function goPanic(first: string, rest: readonly string[]): Panic {
  const end = rest.findIndex((line) => line === '' || line.startsWith('[signal ') || line.startsWith('\tpanic: '));
  const more = rest.slice(0, end < 0 ? rest.length : end).map((line) => line.trim());
  const message = [first.slice('panic: '.length).replace(/ \[recovered.*\]$/, ''), ...more].join('\n');
  return { message, ...goPlace(rest) };
}

/** The first frame that is not Go's own: function and place on two lines. */
function goPlace(lines: readonly string[]): Pick<Panic, 'file' | 'line'> {
  const start = lines.findIndex((line) => /^goroutine \d+ .*:$/.test(line));
  for (let at = start + 1; start >= 0 && at + 1 < lines.length; at += 2) {
    const [frame = '', place = ''] = [lines[at], lines[at + 1]];
    const found = /^\t(.+):(\d+)(?: |$)/.exec(place);
    if (!found) return {};
    if (!/^(panic|runtime\.\S+)\(/.test(frame)) return { file: found[1] as string, line: Number(found[2]) };
  }
  return {};
}

function rustPanic(first: string, rest: readonly string[]): Panic {
  const old = /panicked at '(.*)', (.+):(\d+):(\d+)$/.exec(first);
  if (old) return { message: old[1] as string, file: old[2] as string, line: Number(old[3]), column: Number(old[4]) };
  const place = /panicked at (.+):(\d+):(\d+):$/.exec(first);
  const end = rest.findIndex((line) => /^(note: |stack backtrace:|thread '|fatal runtime error)/.test(line));
  const message = rest
    .slice(0, end < 0 ? rest.length : end)
    .join('\n')
    .trimEnd();
  if (!place) return { message: message || first };
  return { message, file: place[1] as string, line: Number(place[2]), column: Number(place[3]) };
}
