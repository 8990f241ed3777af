/** JSON Schemas of messages: a validator that is not ours agrees with what is taken and given. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import type { RunnerDescription } from '../../runtime/model/method.ts';
import { compileRunnerSchemas, type RunnerSchemas } from '../../runtime/plugins/schemas.ts';

const everything = `syntax = "proto3";
package gallery.v1;
// What is to be made smaller.
message Resize {
  // Where it lies.
  string url = 1;
  int64 bytes = 2;
  repeated uint32 widths = 3;
  map<string, Crop> crops = 4;
  optional bool keep_ratio = 5;
  Format format = 6;
  bytes mask = 7;
  double factor = 8;
  Resize next = 9;
  oneof where { string path = 10; fixed64 inode = 11; }
  map<int32, string> names = 12;
  sint32 shift = 13;
  enum Format { PNG = 0; JPEG = 1; }
}
message Crop { fixed32 x = 1; sint64 y = 2; Crop inner = 3; float weight = 4; }`;

function runner(change: Partial<RunnerDescription['methods'][number]>, settings = {}): RunnerDescription {
  const method = {
    name: 'run',
    argsProto: '',
    resultProto: '',
    outputType: 'both',
    needFeed: false,
    ...change,
  } as const;
  return {
    name: 'gallery',
    description: '',
    settingsProto: '',
    settingsJsonSchema: '',
    methods: [method],
    ...settings,
  };
}

const compile = (text: string) =>
  new Ajv2020({ strict: true, allowUnionTypes: true }).compile(JSON.parse(text) as object);

describe('the JSON Schema of a message', () => {
  const schemas: RunnerSchemas = compileRunnerSchemas(runner({ argsProto: everything, resultProto: everything }));
  const codec = schemas.method('run').args;
  if (!codec) throw new Error('no codec');
  const [takes, gives] = [compile(schemas.jsonSchemas('run').args), compile(schemas.jsonSchemas('run').result ?? '')];

  const full = {
    url: 'u',
    bytes: '-9223372036854775808',
    widths: [0, 4_294_967_295],
    crops: { a: { x: 1, y: '-1', weight: 0.5, inner: { x: 0, y: '0', weight: 0 } } },
    keep_ratio: false,
    format: 'JPEG',
    mask: 'AAE=',
    factor: 1.5,
    next: { url: 'v', next: { url: 'w' } },
    inode: '18446744073709551615',
    names: { '-1': 'x' },
    shift: -2_147_483_648,
  };

  it.each<[string, object]>([
    ['nothing', {}],
    ['every field', full],
    ['numbers for 64 bits', { bytes: 5, inode: 7 }],
  ])('takes what the codec takes: %s', (_what, value) => {
    expect(takes(value), JSON.stringify(takes.errors)).toBe(true);
    codec.fromJson(value);
  });

  it.each<[string, object]>([
    ['a field that is not there', { uri: 'u' }],
    ['text for a list', { widths: 'w' }],
    ['a number out of range', { widths: [4_294_967_296] }],
    ['a fraction', { shift: 1.5 }],
    ['a negative number where there is none', { inode: '-1' }],
    ['letters for a number', { bytes: 'many' }],
    ['an unknown word of an enum', { format: 'GIF' }],
    ['something wrong further inside', { next: { crops: { a: { inner: { x: -1 } } } } }],
    ['a list for a message', { next: [] }],
  ])('refuses what the codec refuses: %s', (_what, value) => {
    expect(takes(value)).toBe(false);
    expect(() => codec.fromJson(value)).toThrow();
  });

  it.each<[string, object, Uint8Array?]>([
    ['nothing', {}],
    ['every field', full],
    ['what is no number', { factor: 'NaN', crops: { a: { weight: '-Infinity' } } }],
    ['an enum’s value that the schema does not know', { format: 7 }],
  ])('describes what the codec gives: %s', (_what, value) => {
    const given = codec.toJson(codec.fromJson(value));
    expect(gives(given), JSON.stringify(gives.errors)).toBe(true);
  });

  it('has the comments as descriptions', () => {
    expect(JSON.parse(schemas.jsonSchemas('run').args)).toMatchObject({
      description: 'What is to be made smaller.',
      properties: { url: { description: 'Where it lies.' } },
    });
  });

  it('is any object where it would be too long', () => {
    const comment = 'very '.repeat(60_000);
    const long = compileRunnerSchemas(
      runner({ argsProto: `syntax = "proto3"; message M {\n// ${comment}long\nstring a = 1; }` }),
    );
    expect(long.jsonSchemas('run').args).toBe('{"type":"object"}');
  });
});

describe('the JSON Schemas of a runner', () => {
  it('are the plugin’s own where it gives any', () => {
    const own = { args: '{ "type": "string" }', result: '{"type":"number"}' };
    const settings = { settingsProto: everything, settingsJsonSchema: '{"title":"mine"}' };
    const schemas = compileRunnerSchemas(runner({ argsProto: everything, jsonSchema: own }, settings));
    expect(schemas.jsonSchemas('run')).toEqual(own);
    expect(schemas.settingsJsonSchema()).toBe('{"title":"mine"}');
  });

  it.each(['[', '[]', '"x"', 'null', '['.repeat(100_000)])(
    'are derived where the plugin’s own is none: %.5s',
    (broken) => {
      const settings = { settingsProto: everything, settingsJsonSchema: broken };
      const schemas = compileRunnerSchemas(
        runner(
          { argsProto: everything, resultProto: everything, jsonSchema: { args: broken, result: broken } },
          settings,
        ),
      );
      expect(schemas.jsonSchemas('run').args).toMatch(/^\{"type":"object"/);
      expect(schemas.jsonSchemas('run').result).toMatch(/^\{"type":"object"/);
      expect(schemas.settingsJsonSchema()).toMatch(/^\{"type":"object"/);
    },
  );

  it('allow anything where there is no schema', () => {
    const schemas = compileRunnerSchemas(runner({}));
    expect(schemas.jsonSchemas('run')).toEqual({ args: '{}' });
    expect(schemas.settingsJsonSchema()).toBe('');
    expect(() => schemas.jsonSchemas('walk')).toThrow(/no method 'walk'/);
  });
});
