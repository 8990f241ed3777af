/**
 * Parses the Protocol Buffers text of one schema and finds its root message.
 *
 * The text is a stranger's. What this host does not serve (imports, groups, extensions, names that
 * mean something to JavaScript) is refused here, so that later steps need not think of it.
 */
import protobuf from 'protobufjs';

/** Longest schema text, in UTF-16 units. */
const maxText = 1 << 20;

/**
 * Most fields of one text. The parser's time grows with the square of a message's fields, and it runs where the host
 * answers everybody.
 */
const maxFields = 2000;

/** How many fields a text can have at most, counted up to one more than it may have: each has an equals sign. */
function fieldsOf(text: string): number {
  let count = 0;
  for (let at = text.indexOf('='); at >= 0 && count <= maxFields; at = text.indexOf('=', at + 1)) count++;
  return count;
}

/** What parsing a text may cost, in squares of fields; bounded, because a longer text is not parsed. */
export function effortOf(text: string): number {
  return fieldsOf(text) ** 2;
}

/** What is wrong with a schema text. `message` is one clause, without the place. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
  /** Counted from 1; missing where the fault has no one line. */
  readonly line?: number;
  /** The line's text, trimmed and cut to 120 characters. */
  readonly source?: string;

  constructor(message: string, text: string, line?: number) {
    super(message);
    if (line === undefined) return;
    this.line = line;
    const source = text.split('\n')[line - 1]?.trim().slice(0, 120);
    if (source) this.source = source;
  }
}

/** The root message: the first top-level one of the text. Throws {@link SchemaError}. */
export function parseSchema(text: string): protobuf.Type {
  if (text.length > maxText) throw new SchemaError(`the text is longer than ${maxText} characters`, text);
  if (fieldsOf(text) > maxFields)
    throw new SchemaError(`the text has more than ${maxFields} fields (equals signs are counted)`, text);
  if (text.includes('__proto__'))
    throw new SchemaError("nothing may be called '__proto__'", text, lineOf(text, '__proto__'));
  const root = parse(text);
  const type = firstMessage(root);
  if (!type) throw new SchemaError('the text has no message', text);
  for (const each of allTypes(root)) refuseUnserved(each, text);
  return type;
}

function parse(text: string): protobuf.Root {
  try {
    // Comments are descriptions in JSON Schema.
    const parsed = protobuf.parse(text, { keepCase: true, alternateCommentMode: true });
    const imported = [...(parsed.imports ?? []), ...(parsed.weakImports ?? [])][0];
    if (imported !== undefined) {
      throw new SchemaError(`imports '${imported}': a schema has to stand alone`, text, lineOf(text, imported));
    }
    parsed.root.resolveAll();
    return parsed.root;
  } catch (thrown) {
    if (thrown instanceof SchemaError) throw thrown;
    throw translate(thrown, text);
  }
}

/** protobufjs says the line of a syntax error in its message, and the name of a type it cannot find. */
function translate(thrown: unknown, text: string): SchemaError {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const line = /\s*\((?:[^()]*, )?line (\d+)\)$/.exec(message);
  if (line) return new SchemaError(message.slice(0, line.index), text, Number(line[1]));
  return new SchemaError(message, text, lineOfFault(message, text));
}

/** protobufjs gives no line for faults that it finds after reading: the line is where the name or number last stands. */
function lineOfFault(message: string, text: string): number | undefined {
  const name = /^(?:no such|duplicate name)[^']*'\.?([\w.]+)'/.exec(message)?.[1];
  if (name !== undefined) return lineOf(text, name);
  const id = /^(?:duplicate id|id) (\d+)/.exec(message)?.[1];
  if (id === undefined) return undefined;
  const at = text.split('\n').findLastIndex((line) => new RegExp(`=\\s*${id}\\s*[;[]`).test(line));
  return at < 0 ? undefined : at + 1;
}

function lineOf(text: string, part: string): number | undefined {
  const at = text.split('\n').findLastIndex((line) => line.includes(part));
  return at < 0 ? undefined : at + 1;
}

function firstMessage(space: protobuf.NamespaceBase): protobuf.Type | undefined {
  for (const child of space.nestedArray) {
    if (child instanceof protobuf.Type) return child;
    const inside = child instanceof protobuf.Namespace ? firstMessage(child) : undefined;
    if (inside) return inside;
  }
  return undefined;
}

function* allTypes(space: protobuf.NamespaceBase): Generator<protobuf.Type> {
  for (const child of space.nestedArray) {
    if (child instanceof protobuf.Type) yield child;
    if (child instanceof protobuf.Namespace) yield* allTypes(child);
  }
}

function refuseUnserved(type: protobuf.Type, text: string): void {
  for (const field of type.fieldsArray) {
    if (field.delimited)
      throw new SchemaError(`field '${field.name}' is a group, which is not served`, text, lineOf(text, field.name));
  }
}
