/**
 * Finds the line of a field in the text of a TOML file, for error messages. It reads no TOML, it only looks for
 * headers and keys at the beginnings of lines: a field that stands elsewhere has the line of the table around it.
 */
import type { FieldPath } from './shape.ts';

/** How much of a line is looked at, in UTF-16 units. */
const longestLine = 512;

/** The line of a field, counted from 1; of the nearest table around it where it stands on none of its own. */
export function lineOf(text: string, path: FieldPath): number {
  const lines = new FieldLines(text);
  for (let length = path.length; length > 0; length--) {
    const line = lines.at(path.slice(0, length));
    if (line !== undefined) return line;
  }
  return 1;
}

const keyPattern = /"((?:[^"\\]|\\.)*)"|'([^']*)'|([\w-]+)/g;

function keysOf(text: string): string[] {
  return [...text.matchAll(keyPattern)].map(([quoted, double, single, bare]) =>
    double === undefined ? (single ?? bare ?? '') : unescaped(quoted),
  );
}

/** TOML's escapes are JSON's, and a few more that keys have no use for. */
function unescaped(quoted: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted.slice(1, -1);
  }
}

/** The lines on which tables and keys begin. */
class FieldLines {
  /** By paths as JSON. */
  readonly #lines = new Map<string, number>();
  /** How many entries each list of tables has so far, by its path. */
  readonly #counts = new Map<string, number>();
  #table: FieldPath = [];
  /** The mark of the text over several lines that the line begins in. */
  #quote: string | undefined;

  constructor(text: string) {
    for (const [index, line] of text.split('\n').entries()) this.#take(line.slice(0, longestLine).trim(), index + 1);
  }

  at(path: FieldPath): number | undefined {
    return this.#lines.get(JSON.stringify(path));
  }

  #take(line: string, number: number): void {
    const isText = this.#quote !== undefined;
    for (const [mark] of line.matchAll(/"""|'''/g)) {
      if (this.#quote === undefined) this.#quote = mark;
      else if (this.#quote === mark) this.#quote = undefined;
    }
    if (isText) return;
    const header = /^(\[\[?)([^[\]]+)\]/.exec(line);
    const key = /^((?:"(?:[^"\\]|\\.)*"|'[^']*'|[\w.\s-])+?)=/.exec(line);
    if (header) this.#enter(keysOf(header[2] ?? ''), header[1] === '[[', number);
    else if (key) this.#note([...this.#table, ...keysOf(key[1] ?? '')], number);
  }

  #enter(keys: readonly string[], isList: boolean, number: number): void {
    if (isList) {
      const list = JSON.stringify([...this.#placed(keys.slice(0, -1)), ...keys.slice(-1)]);
      this.#counts.set(list, (this.#counts.get(list) ?? 0) + 1);
    }
    this.#table = this.#placed(keys);
    this.#note(this.#table, number);
  }

  #note(path: FieldPath, number: number): void {
    const key = JSON.stringify(path);
    if (!this.#lines.has(key)) this.#lines.set(key, number);
  }

  /** A header's path with its places: its lists of tables mean their last entries. */
  #placed(keys: readonly string[]): FieldPath {
    const path: (string | number)[] = [];
    for (const key of keys) {
      path.push(key);
      const count = this.#counts.get(JSON.stringify(path));
      if (count !== undefined) path.push(count - 1);
    }
    return path;
  }
}
