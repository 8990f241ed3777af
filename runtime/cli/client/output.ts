/**
 * What a command says: results on stdout, everything about them on stderr.
 *
 * In a pipe there is nothing but the results. Notes, spinners and colours are for terminals, and NO_COLOR
 * takes the colours away from those as well.
 */
import type { Writable } from 'node:stream';
import { styleText } from 'node:util';
import { jsonText, visible } from './text.ts';

/** Writes to stdout; resolves when there is room for more. */
export function print(data: string | Uint8Array): Promise<void> {
  return write(process.stdout, data);
}

/** Writes one value as a line of JSON. */
export function printJson(value: unknown): Promise<void> {
  return print(`${jsonText(value)}\n`);
}

function write(stream: Writable, data: string | Uint8Array): Promise<void> {
  if (stream.write(data)) return Promise.resolve();
  return new Promise((resolve) => stream.once('drain', resolve));
}

/** Says something about the results to whoever sits at the terminal, and to nobody else. */
export function note(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${styleText('dim', visible(text), { stream: process.stderr })}\n`);
}

/** Cells of a table: text, or a number to be aligned at its right. */
type Cell = string | number | bigint;

/** Prints rows below their titles, two spaces apart; the titles only where there are no rows. */
export async function printTable(titles: readonly string[], rows: readonly (readonly Cell[])[]): Promise<void> {
  const texts = rows.map((row) => row.map((cell) => visible(String(cell))));
  const stringWidth = await widthOf(texts.flat());
  const widths = titles.map((title, at) => Math.max(title.length, ...texts.map((row) => stringWidth(row[at] ?? ''))));
  const isNumber = titles.map((_, at) => rows.length > 0 && rows.every((row) => typeof row[at] !== 'string'));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => {
        const space = ' '.repeat((widths[at] ?? 0) - stringWidth(cell));
        return isNumber[at] ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd();
  const head = styleText('bold', line(titles), { stream: process.stdout });
  await print(`${[head, ...texts.map(line)].join('\n')}\n`);
}

/** Measures texts in columns of a terminal. Loading what knows how wide letters are takes longer than the rest. */
async function widthOf(texts: readonly string[]): Promise<(text: string) => number> {
  if (texts.every((text) => /^[ -~]*$/.test(text))) return (text) => text.length;
  return (await import('string-width')).default;
}

/** Prints facts, one a line, their names in one column. A text of several lines, or one that begins with a line's end, goes below its name. */
export function printFacts(facts: readonly (readonly [name: string, value: Cell])[]): Promise<void> {
  const width = Math.max(...facts.map(([name]) => name.length));
  const lines = facts.map(([name, value]) => {
    const text = String(value);
    if (!text.includes('\n')) return `${name.padEnd(width)}  ${visible(text)}`;
    const indent = `${/^ */.exec(name)?.[0]}    `;
    return [
      name,
      ...text
        .trim()
        .split('\n')
        .map((each) => `${indent}${visible(each)}`.trimEnd()),
    ].join('\n');
  });
  return print(`${lines.join('\n')}\n`);
}
