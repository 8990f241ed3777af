/** Messages as JSON, field names as in the schema's text. The inverse is `json-in.ts`. */
import protobuf from 'protobufjs';

/** A decoded message as a value for `JSON.stringify`. */
export function toJson(type: protobuf.Type, message: Record<string, unknown>): Record<string, unknown> {
  const json: Record<string, unknown> = {};
  for (const field of type.fieldsArray) {
    const value = message[field.name];
    if (value !== undefined) json[field.name] = fieldJson(field, value);
  }
  return json;
}

function fieldJson(field: protobuf.Field, value: unknown): unknown {
  if (field instanceof protobuf.MapField) {
    const entries = Object.entries(value as Record<string, unknown>);
    return Object.fromEntries(entries.map(([key, each]) => [key, elementJson(field, each)]));
  }
  if (field.repeated) return (value as readonly unknown[]).map((each) => elementJson(field, each));
  return elementJson(field, value);
}

function elementJson(field: protobuf.Field, value: unknown): unknown {
  const resolved = field.resolvedType;
  if (resolved instanceof protobuf.Type) return toJson(resolved, value as Record<string, unknown>);
  if (resolved instanceof protobuf.Enum) return resolved.valuesById[value as number] ?? value;
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value;
}
