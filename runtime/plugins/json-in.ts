/**
 * JSON as messages, as the JSON mapping of Protocol Buffers has it: either spelling of field names,
 * 64-bit integers as strings or numbers, bytes as base64, enums by name or number.
 * Each fault names its place (`items[2].price: …`), because people write this JSON by hand.
 */
import protobuf from 'protobufjs';

/** A value of `JSON.parse` as the fields of a message. Throws an Error that names the path. */
export function fromJson(type: protobuf.Type, value: unknown, path = ''): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(path, 'an object', value);
  const fields: Record<string, unknown> = {};
  for (const [key, each] of Object.entries(value)) {
    const field = fieldNamed(type, key);
    const place = path === '' ? key : `${path}.${key}`;
    if (!field) throw new Error(`${place}: ${nameOf(type)} has no such field; it has: ${names(type)}`);
    if (each !== null) fields[field.name] = fieldValue(field, each, place);
  }
  return fields;
}

function nameOf(type: protobuf.Type): string {
  return type.fullName.replace(/^\./, '');
}

function names(type: protobuf.Type): string {
  return type.fieldsArray.map((field) => field.name).join(', ') || 'none';
}

function fieldNamed(type: protobuf.Type, key: string): protobuf.Field | undefined {
  return type.fieldsArray.find((field) => field.name === key || camel(field.name) === key);
}

function camel(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase());
}

function fieldValue(field: protobuf.Field, value: unknown, path: string): unknown {
  if (field instanceof protobuf.MapField) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(path, 'an object', value);
    const entries = Object.entries(value).map(([key, each]) => [key, element(field, each, `${path}.${key}`)] as const);
    return Object.fromEntries(entries);
  }
  if (!field.repeated) return element(field, value, path);
  if (!Array.isArray(value)) throw wrong(path, 'a list', value);
  return value.map((each: unknown, index) => element(field, each, `${path}[${index}]`));
}

function element(field: protobuf.Field, value: unknown, path: string): unknown {
  const resolved = field.resolvedType;
  if (resolved instanceof protobuf.Type) return fromJson(resolved, value, path);
  if (resolved instanceof protobuf.Enum) return enumValue(resolved, value, path);
  switch (field.type) {
    case 'string':
      if (typeof value !== 'string') throw wrong(path, 'a string', value);
      return value;
    case 'bool':
      if (typeof value !== 'boolean') throw wrong(path, 'true or false', value);
      return value;
    case 'bytes':
      return bytesValue(value, path);
    case 'double':
    case 'float':
      return floatValue(value, path);
    default:
      return integer(field.type, value, path);
  }
}

function enumValue(type: protobuf.Enum, value: unknown, path: string): number {
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  const found = typeof value === 'string' ? type.values[value] : undefined;
  if (found === undefined) throw wrong(path, `one of ${Object.keys(type.values).join(', ')}`, value);
  return found;
}

function bytesValue(value: unknown, path: string): Uint8Array {
  if (typeof value !== 'string' || !/^[\w+/-]*={0,2}$/.test(value)) throw wrong(path, 'base64', value);
  return Buffer.from(value, 'base64');
}

function floatValue(value: unknown, path: string): number {
  if (typeof value === 'number') return value;
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
  throw wrong(path, 'a number', value);
}

function integer(type: string, value: unknown, path: string): number | bigint {
  const bits = type.endsWith('64') ? 64 : 32;
  const unsigned = type.startsWith('u') || type.startsWith('fixed');
  const expected = `${unsigned ? 'an unsigned' : 'a'} ${bits}-bit integer`;
  const text = typeof value === 'number' && Number.isInteger(value) ? BigInt(value).toString() : value;
  if (typeof text !== 'string' || !/^-?\d+$/.test(text)) throw wrong(path, expected, value);
  const big = BigInt(text);
  if ((unsigned ? BigInt.asUintN(bits, big) : BigInt.asIntN(bits, big)) !== big) throw wrong(path, expected, value);
  return bits === 64 ? big : Number(big);
}

function wrong(path: string, expected: string, value: unknown): Error {
  const got = JSON.stringify(value) ?? typeof value;
  return new Error(
    `${path === '' ? 'the message' : path}: expected ${expected}, got ${got.length > 60 ? `${got.slice(0, 60)}…` : got}`,
  );
}
