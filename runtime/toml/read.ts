/**
 * Reads a TOML file against a shape. Every complaint is one line: file, line, field, what is wrong, what was
 * expected. A value's line is found by looking at the text; one inside of an inline table has its table's line.
 */
import { readFile, stat } from 'node:fs/promises';
import { BulkheadError, type ErrorCode } from '../errors.ts';
import { lineOf } from './lines.ts';
import { check, type FieldPath, FieldProblem, type Infer, type Shape } from './shape.ts';

/** The largest file that is read, in bytes. */
const largestFile = 64 * 1024;
/** How deep values may nest; the deepest of ours is five. */
const deepest = 16;

/** A file that was read. */
export interface TomlFile<Content> {
  readonly path: string;
  readonly content: Content;
  /** The error for a field that is wrong in a way that its shape does not say. */
  problem(path: FieldPath, what: string, expected: string): BulkheadError;
}

/** Reads a file, `shown` in complaints. Throws `code` for one that cannot be read, is no TOML or does not fit. */
export async function readToml<S extends Shape>(
  path: string,
  shape: S,
  code: ErrorCode,
  shown: string = path,
): Promise<TomlFile<Infer<S>>> {
  const file = await readUntyped(path, shape, code, shown);
  return { ...file, content: file.content as Infer<S> };
}

/** As {@link readToml}, for a shape that is put together at run time. */
export async function readUntyped(
  path: string,
  shape: Shape,
  code: ErrorCode,
  shown: string = path,
): Promise<TomlFile<unknown>> {
  const text = await readBounded(path, code);
  // Every command of the command line knows this file; few ever read TOML.
  const { parse, TomlError } = await import('smol-toml');
  const place = (line: number, message: string) => new BulkheadError(code, `${shown}:${line}: ${message}`);
  const problem = ({ path: at, message }: FieldProblem) => place(lineOf(text, at), message);
  try {
    const content: unknown = parse(text, { maxDepth: deepest });
    check(content, shape);
    return {
      path,
      content,
      problem: (at, what, expected) => problem(new FieldProblem(at, what, expected)),
    };
  } catch (error) {
    if (error instanceof FieldProblem) throw problem(error);
    if (!(error instanceof TomlError)) throw error;
    const why = (error.message.split('\n')[0] ?? '').replace('Invalid TOML document: ', '');
    throw place(error.line, `no TOML: ${why} (column ${error.column})`);
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
