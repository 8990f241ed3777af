/** Asks a plugin, on an instance of its own, what it is. Its answers are bounded before anybody reads them. */
import { BulkheadError } from '../../../errors.ts';
import { bounded, checkMethodCount, named, refused } from '../../../model/description-caps.ts';
import type { MethodDescription, RunnerDescription } from '../../../model/method.ts';
import type { GuestJsonSchema, GuestMethodSchema, RunnerExports } from './code.ts';
import type { Guest } from './guest.ts';

/** Calls one descriptive function; what goes wrong names the function. */
async function ask<T>(guest: Guest, name: string, use: (exports: RunnerExports) => Promise<T>): Promise<T> {
  try {
    return await guest.call(use);
  } catch (error) {
    const { code, message, details } = BulkheadError.from(error);
    const where = name === 'name' ? 'its constructor or name()' : `${name}()`;
    throw new BulkheadError('plugin-refused', `in ${where}: ${message}`, {
      details: { ...details, reason: code },
      cause: error,
    });
  }
}

async function describeMethod(
  guest: Guest,
  [name, schema]: [string, GuestMethodSchema],
  json: GuestJsonSchema | undefined,
): Promise<MethodDescription> {
  named('a method name', name);
  const text = (field: string, value: string) => bounded(`${field} of method ${name}`, value);
  const supportsFeed = await ask(guest, 'supports-feed', (exports) => exports.supportsFeed(name));
  const feedProto =
    schema.feedDataProto ?? (await ask(guest, 'feed-data-proto', (exports) => exports.feedDataProto(name)));
  return {
    name,
    argsProto: text('args-proto', schema.argsProto),
    resultProto: text('result-proto', schema.resultProto),
    ...(schema.description !== undefined && { description: text('description', schema.description) }),
    outputType: schema.outputType ?? 'none',
    needFeed: schema.needFeed || supportsFeed,
    ...(feedProto !== undefined && { feedDataProto: text('feed-data-proto', feedProto) }),
    ...(json && {
      jsonSchema: {
        args: text('args-schema', json.argsSchema),
        ...(json.resultSchema !== undefined && { result: text('result-schema', json.resultSchema) }),
        ...(json.feedDataSchema !== undefined && { feedData: text('feed-data-schema', json.feedDataSchema) }),
      },
    }),
  };
}

/** Throws `plugin-refused`, naming the function that failed or the answer that is not allowed. */
export async function describe(guest: Guest): Promise<RunnerDescription> {
  const name = named("the runner's name", await ask(guest, 'name', (exports) => exports.name()));
  const description = await ask(guest, 'description', (exports) => exports.description());
  const settingsProto = await ask(guest, 'runner-settings-proto', (exports) => exports.runnerSettingsProto());
  const settingsJsonSchema = await ask(guest, 'settings-schema', (exports) => exports.settingsSchema());
  const schemas = await ask(guest, 'method-proto-map', (exports) => exports.methodProtoMap());
  const jsonSchemas = new Map(await ask(guest, 'method-json-schema-map', (exports) => exports.methodJsonSchemaMap()));
  checkMethodCount('method-proto-map()', schemas.length);
  const methods: MethodDescription[] = [];
  for (const schema of schemas) {
    if (methods.some((method) => method.name === schema[0])) {
      throw refused(`method-proto-map() names the method ${schema[0]} twice`);
    }
    methods.push(await describeMethod(guest, schema, jsonSchemas.get(schema[0])));
  }
  return {
    name,
    description: bounded('description', description),
    settingsProto: bounded('runner-settings-proto', settingsProto),
    settingsJsonSchema: bounded('settings-schema', settingsJsonSchema),
    methods: methods.sort((left, right) => (left.name < right.name ? -1 : 1)),
  };
}
