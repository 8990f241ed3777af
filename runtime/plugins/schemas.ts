/**
 * The schemas of a runner, compiled from the Protocol Buffers text that the plugin gave.
 *
 * The text comes from an untrusted plugin and is parsed in the host: it may not import anything, has a
 * size limit, and no code is generated from it; checking and conversion walk tables instead. Where a
 * text has several messages, the first top-level one is the schema, as in jobworkerp-rs.
 */
import { BulkheadError } from '../errors.ts';
import type { MethodDescription, RunnerDescription } from '../model/method.ts';
import { type Direction, ownSchema } from './json-schema.ts';
import { compileMessage } from './message-codec.ts';
import { effortOf, parseSchema, SchemaError } from './schema-text.ts';

/** One message schema: checks bytes, and converts between bytes and JSON. */
export interface MessageCodec {
  /** The message's full name. */
  readonly name: string;
  /**
   * Throws an Error whose text is the reason where the bytes are no such message: truncated, a known
   * field with another wire type, a string that is not UTF-8, nesting of more than 100 levels. Unknown
   * fields are fine. Costs about a microsecond and allocates nothing.
   */
  check(bytes: Uint8Array): void;
  /**
   * The message as JSON: field names as in the text, 64-bit integers as decimal strings, bytes as
   * base64, enums by name. Fields without presence are always there. Throws as `check` does.
   */
  toJson(bytes: Uint8Array): unknown;
  /**
   * The inverse of {@link toJson}. Also takes lowerCamelCase names, numbers for 64-bit integers and
   * for enums. Throws an Error that names the path and what was expected there.
   */
  fromJson(value: unknown): Uint8Array;
  /** The text of the JSON Schema of what {@link fromJson} takes (`in`) or {@link toJson} gives (`out`). */
  jsonSchema(direction: Direction): string;
}

/** Schemas of one method. A codec that is missing means plain bytes. */
interface MethodSchemas {
  readonly args?: MessageCodec;
  readonly result?: MessageCodec;
  readonly feed?: MessageCodec;
}

/** The text of JSON Schemas: the plugin's own where it gives any, otherwise derived. */
interface JsonSchemas {
  /** `{}`, which is anything, where nothing is known of the arguments. */
  readonly args: string;
  readonly result?: string;
}

/** All schemas of a runner. */
export interface RunnerSchemas {
  /** Missing: the runner has no settings schema, any bytes are fine. */
  readonly settings?: MessageCodec;
  /** Throws `settings-invalid` with the reason. */
  checkSettings(bytes: Uint8Array): void;
  /** Throws `args-invalid` with the reason, `method-not-found` for a method that is not there. */
  checkArgs(method: string, bytes: Uint8Array): void;
  /** Throws `method-not-found`. */
  method(name: string): MethodSchemas;
  /** Throws `method-not-found`. */
  jsonSchemas(method: string): JsonSchemas;
  /** The JSON Schema of the settings; empty where there are none. */
  settingsJsonSchema(): string;
}

/**
 * Compiles everything that a runner describes.
 * Throws `plugin-refused` with plugin, method, field, line and the line's text for the first schema that
 * is broken; details: `plugin`, `method` (not for the settings), `field`, `line`.
 */
export function compileRunnerSchemas(description: RunnerDescription): RunnerSchemas {
  checkEffort(description);
  const settings = compile(description.settingsProto, { plugin: description.name, field: 'runner_settings_proto' });
  const methods = new Map<string, MethodSchemas>();
  for (const method of description.methods) methods.set(method.name, compileMethod(description.name, method));
  return new CompiledSchemas(description, methods, settings);
}

/**
 * What the texts of one plugin may cost to parse, in squares of fields: as much as 200 texts of 200 fields, which is a
 * second or two.
 */
const mostEffort = 8_000_000;

/** Throws `plugin-refused` before anything is parsed. */
function checkEffort({ name, settingsProto, methods }: RunnerDescription): void {
  const texts = methods.flatMap(({ argsProto, resultProto, feedDataProto = '' }) => [
    argsProto,
    resultProto,
    feedDataProto,
  ]);
  const effort = [settingsProto, ...texts].reduce((sum, text) => sum + effortOf(text), 0);
  if (effort <= mostEffort) return;
  throw new BulkheadError(
    'plugin-refused',
    `plugin '${name}': its schemas have too many fields to be read in good time: give its methods fewer, or smaller ones`,
    { details: { plugin: name } },
  );
}

interface Place {
  readonly plugin: string;
  readonly method?: string;
  readonly field: string;
}

function compileMethod(plugin: string, method: MethodDescription): MethodSchemas {
  const args = compile(method.argsProto, { plugin, method: method.name, field: 'args_proto' });
  const result = compile(method.resultProto, { plugin, method: method.name, field: 'result_proto' });
  const feed = compile(method.feedDataProto ?? '', { plugin, method: method.name, field: 'feed_data_proto' });
  return { ...(args && { args }), ...(result && { result }), ...(feed && { feed }) };
}

function compile(text: string, place: Place): MessageCodec | undefined {
  if (text.trim() === '') return undefined;
  try {
    return compileMessage(parseSchema(text));
  } catch (thrown) {
    if (thrown instanceof SchemaError) throw refusal(thrown, place);
    throw thrown;
  }
}

function refusal(error: SchemaError, place: Place): BulkheadError {
  const method = place.method === undefined ? '' : ` method '${place.method}',`;
  const line = error.line === undefined ? '' : ` line ${error.line}`;
  const source = error.source === undefined ? '' : `: \`${error.source}\``;
  return new BulkheadError(
    'plugin-refused',
    `plugin '${place.plugin}',${method} ${place.field}${line}: ${error.message}${source}`,
    {
      details: { ...place, ...(error.line !== undefined && { line: error.line }) },
      cause: error,
    },
  );
}

class CompiledSchemas implements RunnerSchemas {
  readonly settings?: MessageCodec;
  readonly #description: RunnerDescription;
  readonly #methods: ReadonlyMap<string, MethodSchemas>;

  constructor(
    description: RunnerDescription,
    methods: ReadonlyMap<string, MethodSchemas>,
    settings: MessageCodec | undefined,
  ) {
    this.#description = description;
    this.#methods = methods;
    if (settings) this.settings = settings;
  }

  checkSettings(bytes: Uint8Array): void {
    check(
      this.settings,
      bytes,
      'settings-invalid',
      () => `the settings are no message of the settings schema of runner '${this.#description.name}'`,
    );
  }

  checkArgs(method: string, bytes: Uint8Array): void {
    check(
      this.method(method).args,
      bytes,
      'args-invalid',
      () => `the arguments are no message of the args schema of method '${method}'`,
    );
  }

  jsonSchemas(name: string): JsonSchemas {
    const { args, result } = this.method(name);
    const own = this.#description.methods.find((method) => method.name === name)?.jsonSchema;
    const resultSchema = ownSchema(own?.result) ?? result?.jsonSchema('out');
    return {
      args: ownSchema(own?.args) ?? args?.jsonSchema('in') ?? '{}',
      ...(resultSchema !== undefined && { result: resultSchema }),
    };
  }

  settingsJsonSchema(): string {
    return ownSchema(this.#description.settingsJsonSchema) ?? this.settings?.jsonSchema('in') ?? '';
  }

  method(name: string): MethodSchemas {
    const found = this.#methods.get(name);
    if (found) return found;
    const known = [...this.#methods.keys()].join(', ');
    throw new BulkheadError(
      'method-not-found',
      `runner '${this.#description.name}' has no method '${name}'; it has: ${known}`,
      {
        details: { runner: this.#description.name, method: name },
      },
    );
  }
}

function check(
  codec: MessageCodec | undefined,
  bytes: Uint8Array,
  code: 'settings-invalid' | 'args-invalid',
  what: () => string,
): void {
  if (!codec) return;
  try {
    codec.check(bytes);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new BulkheadError(code, `${what()} (${codec.name}): ${why}`, {
      details: { message: codec.name },
      cause: thrown,
    });
  }
}
