/**
 * Messages of the wire as flat JSON: what `--json` prints.
 *
 * Fields have the names of `proto/`. Ids are strings, because they need 64 bits; all other numbers, times in
 * milliseconds since 1970 among them, are numbers. Enums are names. A message of id and data is one object.
 */
import protobuf from 'protobufjs';
import type { WireSchema } from '../../api/schema.ts';
import type { Messages } from '../../model/messages.gen.ts';
import { fromJson } from '../../plugins/json-in.ts';
import { CliError } from '../exit-codes.ts';

/** An object for `JSON.stringify`. */
export type Json = Record<string, unknown>;

/** A message as flat JSON. Bytes are base64; who knows their schema replaces them. */
export function wireJson<N extends keyof Messages>(schema: WireSchema, name: N, message: Messages[N]): Json {
  return messageJson(schema.root.lookupType(name), message as unknown as Json);
}

/** JSON that a user wrote as a message, by the names of `proto/`. `place` is the option, for the error. */
export function wireMessage<N extends keyof Messages>(
  schema: WireSchema,
  name: N,
  place: string,
  value: unknown,
): Partial<Messages[N]> {
  try {
    return fromJson(schema.root.lookupType(name), value) as Partial<Messages[N]>;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError('usage', `${place}: no ${name}: ${why}`);
  }
}

function messageJson(type: protobuf.Type, message: Json): Json {
  const json: Json = {};
  for (const field of type.fieldsArray) {
    const value = message[field.name];
    if (value === undefined) continue;
    const shown = fieldJson(field, value);
    if (field.name === 'data' && field.resolvedType instanceof protobuf.Type) Object.assign(json, shown);
    else json[field.name] = shown;
  }
  return json;
}

function fieldJson(field: protobuf.Field, value: unknown): unknown {
  if (field instanceof protobuf.MapField) {
    const entries = Object.entries(value as Json).map(([key, each]) => [key, elementJson(field, each)] as const);
    return Object.fromEntries(entries);
  }
  return field.repeated ? (value as unknown[]).map((each) => elementJson(field, each)) : elementJson(field, value);
}

function elementJson(field: protobuf.Field, value: unknown): unknown {
  const resolved = field.resolvedType;
  if (resolved instanceof protobuf.Type) {
    return resolved.name.endsWith('Id') ? String((value as Json).value) : messageJson(resolved, value as Json);
  }
  if (resolved instanceof protobuf.Enum) return resolved.valuesById[value as number] ?? value;
  if (typeof value === 'bigint') return field.name.endsWith('_id') ? value.toString() : Number(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return value;
}
