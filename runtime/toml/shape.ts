/**
 * What a settings file may say, as data: one description from which the validator, its error messages, the JSON
 * Schema and the TypeScript types all come, so that they cannot differ.
 *
 * Closed by construction: a field that is not described is an error, and so is everything that is out of range.
 * The first problem is thrown; who reads the file adds where it stands.
 */

import { nearest } from './nearest.ts';

/** One kind of value. `about` is for whoever writes the file. A `secret` is never shown in messages. */
export type Shape =
  | {
      readonly kind: 'text';
      readonly about: string;
      readonly pattern?: string;
      readonly expected: string;
      readonly secret?: true;
    }
  | { readonly kind: 'whole'; readonly about: string; readonly least: number; readonly most: number }
  | { readonly kind: 'flag'; readonly about: string }
  | {
      readonly kind: 'choice';
      readonly about: string;
      readonly of: readonly (string | number)[];
      /** Instead of the choices themselves, where they do not say enough. */
      readonly expected?: string;
    }
  | { readonly kind: 'list'; readonly about: string; readonly of: Shape; readonly most: number }
  | {
      readonly kind: 'map';
      readonly about: string;
      readonly keys: string;
      readonly expected: string;
      readonly of: Shape;
    }
  | TableShape;

/** A table with these fields and no others. */
interface TableShape {
  readonly kind: 'table';
  readonly about: string;
  readonly required: readonly string[];
  readonly fields: Readonly<Record<string, Shape>>;
}

/** The type of a value that fits a shape. */
export type Infer<S> = S extends { kind: 'text' }
  ? string
  : S extends { kind: 'whole' }
    ? number
    : S extends { kind: 'flag' }
      ? boolean
      : S extends { kind: 'choice'; of: readonly (infer Choice)[] }
        ? Choice
        : S extends { kind: 'list'; of: infer Item }
          ? readonly Infer<Item>[]
          : S extends { kind: 'map'; of: infer Item }
            ? Readonly<Record<string, Infer<Item>>>
            : S extends { kind: 'table'; fields: infer Fields; required: readonly (infer Needed)[] }
              ? { readonly [Key in keyof Fields as Key extends Needed ? Key : never]: Infer<Fields[Key]> } & {
                  readonly [Key in keyof Fields as Key extends Needed ? never : Key]?: Infer<Fields[Key]>;
                }
              : never;

/** Keys of tables and places in lists, from the outside in. */
export type FieldPath = readonly (string | number)[];

/** A value that does not fit. */
export class FieldProblem extends Error {
  readonly path: FieldPath;
  readonly what: string;
  readonly expected: string;

  constructor(path: FieldPath, what: string, expected: string) {
    super(`${fieldName(path)}: ${what}; expected ${expected}`);
    this.path = path;
    this.what = what;
    this.expected = expected;
  }
}

/** The longest text, in UTF-16 units. */
const longestText = 4096;
/** The most keys of a map. */
const mostKeys = 1024;

/** `permissions.http[0].host`; keys that are no plain words are quoted, so that nothing else can pass for one. */
function fieldName(path: FieldPath): string {
  const parts = path.map((part, index) => {
    if (typeof part === 'number') return `[${part}]`;
    const text = /^[\w-]{1,64}$/.test(part) ? part : JSON.stringify(part.slice(0, 64));
    return index === 0 ? text : `.${text}`;
  });
  return parts.join('') || 'the file';
}

/** Throws a {@link FieldProblem} where the value is not one of {@link Infer} of the shape. */
export function check(value: unknown, shape: Shape, path: FieldPath = []): void {
  const expected = unmet(value, shape);
  if (expected !== undefined) {
    const isSecret = shape.kind === 'text' && shape.secret === true;
    throw new FieldProblem(path, isSecret ? 'it does not fit' : `it is ${shown(value)}`, expected);
  }
  if (shape.kind === 'list')
    for (const [index, item] of (value as []).entries()) check(item, shape.of, [...path, index]);
  if (shape.kind === 'map') checkMap(value as object, shape, path);
  if (shape.kind === 'table') checkTable(value as object, shape, path);
}

/** What was expected where the value itself, without what is in it, does not fit. */
function unmet(value: unknown, shape: Shape): string | undefined {
  switch (shape.kind) {
    case 'text':
      return isText(value, shape.pattern) ? undefined : shape.expected;
    case 'whole':
      return Number.isInteger(value) && Number(value) >= shape.least && Number(value) <= shape.most
        ? undefined
        : `a whole number from ${shape.least} to ${shape.most}`;
    case 'flag':
      return typeof value === 'boolean' ? undefined : 'true or false';
    case 'choice':
      return shape.of.some((choice) => choice === value)
        ? undefined
        : (shape.expected ?? shape.of.map((each) => JSON.stringify(each)).join(' or '));
    case 'list':
      if (!Array.isArray(value)) return 'a list';
      return value.length > shape.most ? `at most ${shape.most} entries` : undefined;
    case 'map':
    case 'table':
      return isTable(value) ? undefined : 'a table';
  }
}

function checkMap(value: object, shape: Shape & { kind: 'map' }, path: FieldPath): void {
  const entries = Object.entries(value);
  if (entries.length > mostKeys) throw new FieldProblem(path, `it has ${entries.length} keys`, `at most ${mostKeys}`);
  for (const [key, item] of entries) {
    if (!isText(key, shape.keys)) throw new FieldProblem([...path, key], 'a key that is not allowed', shape.expected);
    check(item, shape.of, [...path, key]);
  }
}

function checkTable(value: object, { fields, required }: TableShape, path: FieldPath): void {
  for (const [key, item] of Object.entries(value)) {
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (!field) throw unknownField([...path, key], key, Object.keys(fields));
    check(item, field, [...path, key]);
  }
  const missing = required.find((key) => !Object.hasOwn(value, key));
  if (missing !== undefined) throw new FieldProblem([...path, missing], 'it is missing', 'a value');
}

function unknownField(path: FieldPath, key: string, known: readonly string[]): FieldProblem {
  const meant = nearest(key, known);
  const what = meant === undefined ? 'an unknown field' : `an unknown field (did you mean ${meant}?)`;
  return new FieldProblem(path, what, `one of ${known.join(', ')}`);
}

function isTable(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** Text without control characters: it ends up in logs and on terminals. */
function isText(value: unknown, pattern: string | undefined): value is string {
  if (typeof value !== 'string' || value.length > longestText || /\p{Cc}/u.test(value)) return false;
  return pattern === undefined || new RegExp(pattern, 'u').test(value);
}

/** What was found, short enough for a line. Texts are quoted, so that they bring no control characters. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isTable(value)) return 'a table';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** The same description as a JSON Schema. */
export function jsonSchemaOf(shape: Shape): Record<string, unknown> {
  const description = shape.about;
  switch (shape.kind) {
    case 'text':
      return { description, type: 'string', maxLength: longestText, ...(shape.pattern && { pattern: shape.pattern }) };
    case 'whole':
      return { description, type: 'integer', minimum: shape.least, maximum: shape.most };
    case 'flag':
      return { description, type: 'boolean' };
    case 'choice':
      return { description, enum: shape.of };
    case 'list':
      return { description, type: 'array', maxItems: shape.most, items: jsonSchemaOf(shape.of) };
    case 'map':
      return {
        description,
        type: 'object',
        maxProperties: mostKeys,
        propertyNames: { pattern: shape.keys },
        additionalProperties: jsonSchemaOf(shape.of),
      };
    case 'table':
      return {
        description,
        type: 'object',
        additionalProperties: false,
        ...(shape.required.length > 0 && { required: shape.required }),
        properties: Object.fromEntries(Object.entries(shape.fields).map(([key, field]) => [key, jsonSchemaOf(field)])),
      };
  }
}
