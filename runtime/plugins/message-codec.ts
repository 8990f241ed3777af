/**
 * Checks and converts messages of a schema by walking tables; see `schemas.ts` for the promises.
 *
 * The check reads the wire format itself and builds nothing, because it stands in the way of every
 * job. Conversion is for people and tools, and goes through the ordinary codec.
 */
import { isUtf8 } from 'node:buffer';
import protobuf from 'protobufjs';
import { CodecBook } from '../model/codec.ts';
import { fromJson } from './json-in.ts';
import { toJson } from './json-out.ts';
import { type Direction, jsonSchemaOf } from './json-schema.ts';
import type { MessageCodec } from './schemas.ts';
import { skipField, WireCursor } from './wire-cursor.ts';

const maxDepth = 100;

/** What the check needs to know of a message type. */
interface Shape {
  readonly name: string;
  readonly fields: Map<number, FieldShape>;
}

interface FieldShape {
  readonly name: string;
  readonly wireType: number;
  /** Numbers of a repeated field may come packed, as one length-delimited field. */
  readonly packable: boolean;
  readonly text: boolean;
  readonly inside?: Shape;
}

const wireTypeNames = ['a varint', '64 bits', 'a length-delimited field', 'a group', 'the end of a group', '32 bits'];

/** The codec of a message type. */
export function compileMessage(type: protobuf.Type): MessageCodec {
  const shape = shapeOf(type, new Map());
  const codec = new CodecBook().of<Record<string, unknown>>(type);
  const check = (bytes: Uint8Array): void => checkMessage(shape, new WireCursor(bytes), bytes.length, 0);
  return {
    name: shape.name,
    check,
    toJson: (bytes) => {
      check(bytes);
      return toJson(type, codec.decode(bytes));
    },
    fromJson: (value) => codec.encode(fromJson(type, value)),
    jsonSchema: lazily((direction) => jsonSchemaOf(type, direction)),
  };
}

/** The text is made when somebody asks, and kept. */
function lazily(make: (direction: Direction) => string): (direction: Direction) => string {
  const made = new Map<Direction, string>();
  return (direction) => {
    const text = made.get(direction) ?? make(direction);
    made.set(direction, text);
    return text;
  };
}

function shapeOf(type: protobuf.Type, known: Map<protobuf.Type, Shape>): Shape {
  const found = known.get(type);
  if (found) return found;
  const shape: Shape = { name: type.fullName.replace(/^\./, ''), fields: new Map() };
  known.set(type, shape);
  for (const field of type.fieldsArray) {
    field.resolve();
    shape.fields.set(field.id, fieldShape(field, known));
  }
  return shape;
}

function fieldShape(field: protobuf.Field, known: Map<protobuf.Type, Shape>): FieldShape {
  const value = elementShape(field.name, field.type, field.resolvedType, known);
  if (!(field instanceof protobuf.MapField)) return { ...value, packable: field.repeated && value.wireType !== 2 };
  const entry: Shape = { name: `${field.name} entry`, fields: new Map() };
  entry.fields.set(1, elementShape('key', field.keyType, null, known));
  entry.fields.set(2, { ...value, name: 'value' });
  return { name: field.name, wireType: 2, packable: false, text: false, inside: entry };
}

function elementShape(
  name: string,
  type: string,
  resolved: protobuf.Type | protobuf.Enum | null,
  known: Map<protobuf.Type, Shape>,
): FieldShape {
  if (resolved instanceof protobuf.Type)
    return { name, wireType: 2, packable: false, text: false, inside: shapeOf(resolved, known) };
  const wireType = resolved ? 0 : protobuf.types.basic[type as keyof typeof protobuf.types.basic];
  if (wireType === undefined) throw new TypeError(`field '${name}' has the unknown type ${type}`);
  return { name, wireType, packable: false, text: type === 'string' };
}

function checkMessage(shape: Shape, cursor: WireCursor, end: number, depth: number): void {
  if (depth > maxDepth) throw new RangeError(`messages are nested more than ${maxDepth} deep`);
  while (cursor.at < end) {
    const tag = cursor.varint32(end);
    const wireType = tag & 7;
    const field = shape.fields.get(tag >>> 3);
    if (tag >>> 3 === 0) throw new Error(`field number 0 in ${shape.name}`);
    if (!field) skipField(cursor, tag, end, depth);
    else if (wireType === 2 && (field.wireType === 2 || field.packable))
      checkDelimited(shape, field, cursor, end, depth);
    else if (wireType === field.wireType) skipField(cursor, tag, end, depth);
    else
      throw new Error(
        `field '${field.name}' of ${shape.name} is ${wireTypeNames[field.wireType]}, but the bytes have ${wireTypeNames[wireType] ?? 'nonsense'}`,
      );
  }
}

function checkDelimited(shape: Shape, field: FieldShape, cursor: WireCursor, end: number, depth: number): void {
  const inner = cursor.delimited(end, field.name);
  if (field.inside) checkMessage(field.inside, cursor, inner, depth + 1);
  else if (field.packable) while (cursor.at < inner) skipField(cursor, field.wireType, inner, depth);
  else if (field.text && !isUtf8(cursor.bytes.subarray(cursor.at, inner)))
    throw new Error(`field '${field.name}' of ${shape.name} is not UTF-8`);
  cursor.at = inner;
}
