/**
 * Messages as JSON Schema (2020-12): what `json-in.ts` takes, and what `json-out.ts` gives.
 *
 * Every message type is there once, in `$defs`, because types may contain themselves and each other. A schema that
 * comes out longer than {@link longestSchema} is given up for one that allows everything: it comes from a stranger's
 * text and goes into answers.
 */
import protobuf from 'protobufjs';
import { hasPresence } from '../model/codec.ts';

/** Whether JSON goes to the plugin or comes from it. */
export type Direction = 'in' | 'out';

type Schema = Readonly<Record<string, unknown>>;

/** In UTF-16 units. */
const longestSchema = 256 * 1024;

/** The text of a message's schema. */
export function jsonSchemaOf(type: protobuf.Type, direction: Direction): string {
  const defs = new Map<protobuf.Type, Schema>();
  const root = messageSchema(type, direction, type, defs);
  const named = [...defs].map(([each, schema]) => [nameOf(each), schema] as const);
  const text = JSON.stringify({ ...root, ...(named.length > 0 && { $defs: Object.fromEntries(named) }) });
  return text.length <= longestSchema ? text : '{"type":"object"}';
}

/** A JSON Schema of the plugin's own making, if it is one: the text goes on as it is. */
export function ownSchema(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    const schema: unknown = JSON.parse(text);
    return typeof schema === 'object' && schema !== null && !Array.isArray(schema) ? text : undefined;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}

function messageSchema(
  type: protobuf.Type,
  direction: Direction,
  root: protobuf.Type,
  defs: Map<protobuf.Type, Schema>,
): Schema {
  const refer = (inner: protobuf.Type): Schema => {
    if (inner === root) return { $ref: '#' };
    if (!defs.has(inner)) {
      defs.set(inner, {}); // before its fields: it may contain itself
      defs.set(inner, messageSchema(inner, direction, root, defs));
    }
    return { $ref: `#/$defs/${nameOf(inner)}` };
  };
  const fields = type.fieldsArray.map((field) => [field.name, fieldSchema(field, direction, refer)] as const);
  // What has no presence is always there in what comes out, and may always be left out of what goes in.
  const always = direction === 'out' ? type.fieldsArray.filter((field) => !hasPresence(field)) : [];
  return {
    type: 'object',
    ...(type.comment && { description: type.comment }),
    properties: Object.fromEntries(fields),
    ...(always.length > 0 && { required: always.map(({ name }) => name) }),
    additionalProperties: false,
  };
}

type Refer = (type: protobuf.Type) => Schema;

function fieldSchema(field: protobuf.Field, direction: Direction, refer: Refer): Schema {
  const element = elementSchema(field, direction, refer);
  const description = field.comment ? { description: field.comment } : {};
  if (field.map) return { ...description, type: 'object', additionalProperties: element };
  if (field.repeated) return { ...description, type: 'array', items: element };
  return { ...description, ...element };
}

function elementSchema({ type, resolvedType }: protobuf.Field, direction: Direction, refer: Refer): Schema {
  if (resolvedType instanceof protobuf.Type) return refer(resolvedType);
  if (resolvedType instanceof protobuf.Enum) return enumSchema(Object.keys(resolvedType.values), direction);
  if (type === 'string') return { type: 'string' };
  if (type === 'bool') return { type: 'boolean' };
  if (type === 'bytes') return { type: 'string', contentEncoding: 'base64' };
  if (type !== 'double' && type !== 'float') return integerSchema(type, direction);
  const notFinite = { enum: ['NaN', 'Infinity', '-Infinity'] };
  return direction === 'in' ? { type: 'number' } : { anyOf: [{ type: 'number' }, notFinite] };
}

/** Numbers that the schema does not know may come out. */
function enumSchema(names: readonly string[], direction: Direction): Schema {
  const known = { enum: names };
  return direction === 'in' ? known : { anyOf: [known, { type: 'integer' }] };
}

/** 64 bits are more than a number of JSON can be trusted with: they come as text, and may go as text. */
function integerSchema(type: string, direction: Direction): Schema {
  const unsigned = type.startsWith('u') || type.startsWith('fixed');
  if (type.endsWith('64')) {
    const pattern = unsigned ? '^[0-9]+$' : '^-?[0-9]+$';
    return { type: direction === 'in' ? ['integer', 'string'] : 'string', pattern };
  }
  const [minimum, maximum] = unsigned ? [0, 2 ** 32 - 1] : [-(2 ** 31), 2 ** 31 - 1];
  return { type: 'integer', minimum, maximum };
}

function nameOf(type: protobuf.Type): string {
  return type.fullName.replace(/^\./, '');
}
