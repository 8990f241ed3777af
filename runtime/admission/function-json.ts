/**
 * JSON of a function's callers as the bytes of its plugin, and back.
 *
 * Where the plugin has a schema, JSON is converted by it. Where it has none, its bytes are the JSON text itself, as in
 * jobworkerp-rs; what it gives is then a text.
 */
import { BulkheadError } from '../errors.ts';
import type { MessageCodec, RunnerSchemas } from '../plugins/schemas.ts';
import type { JsonOutput } from './functions.ts';

/** Nothing is as good as `{}`. Throws `args-invalid`. */
export function argsFromJson(schemas: RunnerSchemas, method: string, json: string): Uint8Array {
  return bytesOf(schemas.method(method).args, json, 'args_json', 'args-invalid');
}

/** Nothing is as good as `{}`, which are no bytes. Throws `settings-invalid`. */
export function settingsFromJson(schemas: RunnerSchemas, json: string): Uint8Array {
  if (!schemas.settings && /^\s*\{\s*\}\s*$/.test(json)) return new Uint8Array(0);
  return bytesOf(schemas.settings, json, 'settings_json', 'settings-invalid');
}

/** Never throws: what is no message of the schema is given as a text, and why. */
export function outputToJson(schemas: RunnerSchemas, method: string, bytes: Uint8Array): JsonOutput {
  const { result } = schemas.method(method);
  const text = Buffer.from(bytes).toString('utf8');
  if (!result) return { json: isOwnJson(schemas, method, text) ? text : JSON.stringify(text) };
  try {
    return { json: JSON.stringify(result.toJson(bytes)) };
  } catch (thrown) {
    return { json: JSON.stringify(text), problem: `what method '${method}' gave is no ${result.name}: ${why(thrown)}` };
  }
}

function bytesOf(
  codec: MessageCodec | undefined,
  json: string,
  field: string,
  code: 'args-invalid' | 'settings-invalid',
): Uint8Array {
  const refuse = (reason: string): BulkheadError =>
    new BulkheadError(code, `${field}: ${reason}`, { details: { field } });
  if (json.trim() === '') return codec ? codec.fromJson({}) : new Uint8Array(0);
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (thrown) {
    throw refuse(`it is no JSON: ${why(thrown)}`);
  }
  if (!codec) return Buffer.from(json);
  try {
    return codec.fromJson(value);
  } catch (thrown) {
    throw refuse(why(thrown));
  }
}

/** A plugin that describes its result by a JSON Schema of its own gives JSON. */
function isOwnJson(schemas: RunnerSchemas, method: string, text: string): boolean {
  if (schemas.jsonSchemas(method).result === undefined) return false;
  try {
    JSON.parse(text);
    return true;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return false;
    throw thrown;
  }
}

function why(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
