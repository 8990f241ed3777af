/**
 * Reads a TOML or JSON file against a shape. Every complaint is one line: file, line, field, what is wrong, what was
 * expected. In TOML a value's line is found by looking at the text; one inside of an inline table has its table's line.
 */
import { readFile, stat } from 'node:fs/promises';
import { BulkheadError, type ErrorCode } from '../errors.ts';
import { lineOf } from './lines.ts';
import { check, type FieldPath, FieldProblem, type Infer, type Shape } from './shape.ts';
import { type ParsedText, TextProblem } from './text.ts';

/** The largest file that is read, in bytes. */
const largestFile = 64 * 1024;
/** How deep values may nest; the deepest of ours is five. */
const deepest = 16;

/** A file that was read. */
export interface SettingsFile<Content> {
  readonly path: string;
  readonly content: Content;
  /** The error for a field that is wrong in a way that its shape does not say. */
  problem(path: FieldPath, what: string, expected: string): BulkheadError;
}

/** How a file is written. */
export type Spelling = 'toml' | 'json';

/** Reads a file, `shown` in complaints. Throws `code` for one that cannot be read, is no TOML or does not fit. */
export async function readSettings<S extends Shape>(
  path: string,
  shape: S,
  code: ErrorCode,
  shown: string = path,
  spelling: Spelling = 'toml',
): Promise<SettingsFile<Infer<S>>> {
  const file = await readUntyped(path, shape, code, shown, spelling);
  return { ...file, content: file.content as Infer<S> };
}

/** As {@link readSettings}, for a shape that is put together at run time. */
export async function readUntyped(
  path: string,
  shape: Shape,
  code: ErrorCode,
  shown: string = path,
  spelling: Spelling = 'toml',
): Promise<SettingsFile<unknown>> {
  const text = await readBounded(path, code);
  const place = (line: number, message: string) => new BulkheadError(code, `${shown}:${line}: ${message}`);
  const { value: content, lineOf } = await parse(text, spelling).catch((error: unknown) => {
    throw error instanceof TextProblem ? place(error.line, error.message) : error;
  });
  const problem = ({ path: at, message }: FieldProblem) => place(lineOf(at), message);
  try {
    check(content, shape);
  } catch (error) {
    throw error instanceof FieldProblem ? problem(error) : error;
  }
  return { path, content, problem: (at, what, expected) => problem(new FieldProblem(at, what, expected)) };
}

/** The parsers are loaded when they are needed: every command of the command line knows this file, few read one. */
async function parse(text: string, spelling: Spelling): Promise<ParsedText> {
  if (spelling === 'json') return (await import('./json.ts')).parseJson(text, deepest);
  const toml = await import('smol-toml');
  try {
    return { value: toml.parse(text, { maxDepth: deepest }), lineOf: (path) => lineOf(text, path) };
  } catch (error) {
    if (!(error instanceof toml.TomlError)) throw error;
    const why = (error.message.split('\n')[0] ?? '').replace('Invalid TOML document: ', '');
    throw new TextProblem(error.line, `no TOML: ${why} (column ${error.column})`);
  }
}

async function readBounded(path: string, code: ErrorCode): Promise<string> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new BulkheadError(code, `${path} is no file`);
    if (found.size > largestFile) {
      throw new BulkheadError(code, `${path} has ${found.size} bytes; at most ${largestFile} are read`);
    }
    return new TextDecoder('utf8', { fatal: true }).decode(await readFile(path));
  } catch (error) {
    if (error instanceof BulkheadError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new BulkheadError(code, `${path} cannot be read: ${why}`, { cause: error });
  }
}
