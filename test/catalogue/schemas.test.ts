/** Schemas that plugins give: compiling, checking arguments, and JSON. */
import { describe, expect, it } from 'vitest';
import { BulkheadError } from '../../runtime/errors.ts';
import type { MethodDescription, RunnerDescription } from '../../runtime/model/method.ts';
import { compileRunnerSchemas, type MessageCodec } from '../../runtime/plugins/schemas.ts';

function runner(method: Partial<MethodDescription>, settingsProto = ''): RunnerDescription {
  return {
    name: 'thumbs',
    description: '',
    settingsProto,
    settingsJsonSchema: '',
    methods: [{ name: 'run', argsProto: '', resultProto: '', outputType: 'non-streaming', needFeed: false, ...method }],
  };
}

function args(argsProto: string): MessageCodec {
  const codec = compileRunnerSchemas(runner({ argsProto })).method('run').args;
  if (!codec) throw new Error('no args codec');
  return codec;
}

function refusal(description: RunnerDescription): BulkheadError {
  try {
    compileRunnerSchemas(description);
  } catch (thrown) {
    if (thrown instanceof BulkheadError) return thrown;
    throw thrown;
  }
  throw new Error('was not refused');
}

const shapes = `syntax = "proto3";
package gallery.v1;
message Resize {
  string url = 1;
  int64 bytes = 2;
  repeated uint32 widths = 3;
  map<string, Crop> crops = 4;
  optional bool keep_ratio = 5;
  Format format = 6;
  bytes mask = 7;
  double factor = 8;
  Resize next = 9;
  enum Format { PNG = 0; JPEG = 1; }
}
message Crop { fixed32 x = 1; sint64 y = 2; }`;

/** A message of that many fields. */
function wide(fields: number): string {
  const all = Array.from({ length: fields }, (_, index) => `int32 a${index} = ${index + 1};`);
  return `syntax = "proto3"; message M { ${all.join(' ')} }`;
}

describe('compiling', () => {
  it('refuses what would take the parser minutes: too many fields in one text, or in all of them', () => {
    expect(refusal(runner({ argsProto: wide(40_000) })).message).toMatch(
      /args_proto: the text has more than \d+ fields/,
    );
    const methods = Array.from({ length: 60 }, (_, index) => ({
      ...runner({ argsProto: wide(500) }).methods[0],
      name: `m${index}`,
    }));
    expect(refusal({ ...runner({}), methods: methods as MethodDescription[] }).message).toMatch(/too many fields/);
  });

  it('takes empty text as plain bytes', () => {
    const schemas = compileRunnerSchemas(runner({ argsProto: '  \n' }));
    expect(schemas.method('run').args).toBeUndefined();
    schemas.checkArgs('run', new Uint8Array([255, 255]));
    schemas.checkSettings(new Uint8Array([255, 255]));
  });

  it('takes the first top-level message as the schema, also inside a package and after an enum', () => {
    expect(args(shapes).name).toBe('gallery.v1.Resize');
    expect(args('syntax = "proto3"; enum E { A = 0; } message Second { Third t = 1; } message Third {}').name).toBe(
      'Second',
    );
  });

  it('takes proto2 and the text that a build script produced with comments', () => {
    expect(
      args('// hello\nsyntax = "proto2";\nmessage A { required string a = 1; optional int32 b = 2 [default = 3]; }')
        .name,
    ).toBe('A');
  });

  it.each([
    [
      'a syntax error',
      'syntax = "proto3";\nmessage A {\n  strin g name = 1;\n}',
      /illegal token 'name'/,
      3,
      'strin g name = 1;',
    ],
    ['an unknown type', 'syntax = "proto3";\nmessage A {\n  Foo foo = 1;\n}', /Foo/, 3, 'Foo foo = 1;'],
    [
      'an import',
      'syntax = "proto3";\nimport "google/protobuf/any.proto";\nmessage A {}',
      /stand alone/,
      2,
      'import "google/protobuf/any.proto";',
    ],
    [
      'the same field number twice',
      'syntax = "proto3";\nmessage A {\n  string a = 1;\n  string b = 1;\n}',
      /duplicate id 1/,
      4,
      'string b = 1;',
    ],
    ['the same name twice', 'syntax = "proto3";\nmessage A {}\nmessage A {}', /duplicate name 'A'/, 3, 'message A {}'],
    [
      'a group',
      'message A {\n  optional group G = 1 { optional int32 x = 1; }\n}',
      /group/,
      2,
      'optional group G = 1 { optional int32 x = 1; }',
    ],
    [
      'a name that means something to JavaScript',
      'syntax = "proto3";\nmessage A {\n  string __proto__ = 1;\n}',
      /__proto__/,
      3,
      'string __proto__ = 1;',
    ],
  ])('refuses %s with the line and its text', (_what, argsProto, why, line, source) => {
    const error = refusal(runner({ name: 'shrink', argsProto }));
    expect(error.code).toBe('plugin-refused');
    expect(error.message).toMatch(why);
    expect(error.message).toContain(`plugin 'thumbs', method 'shrink', args_proto line ${line}: `);
    expect(error.message).toContain(source);
    expect(error.message).not.toContain('\n');
    expect(error.details).toEqual({ plugin: 'thumbs', method: 'shrink', field: 'args_proto', line });
  });

  it('refuses text without a message, text that ends early, and text beyond 1 MiB', () => {
    expect(refusal(runner({ argsProto: 'syntax = "proto3"; enum E { A = 0; }' })).message).toMatch(/has no message/);
    expect(refusal(runner({ argsProto: 'syntax = "proto3"; message A { string a = 1' })).message).toMatch(/line 1/);
    expect(refusal(runner({ argsProto: `message A {} // ${'x'.repeat(2 ** 20)}` })).message).toMatch(
      /longer than 1048576/,
    );
  });

  it.each([
    ['result_proto', runner({ resultProto: 'nonsense' })],
    ['feed_data_proto', runner({ feedDataProto: 'nonsense' })],
    ['runner_settings_proto', runner({}, 'nonsense')],
  ])('names %s when that is broken', (field, description) => {
    expect(refusal(description).details).toMatchObject({ field, line: 1 });
  });

  it('does not let names or options of the text reach into JavaScript objects', () => {
    args('syntax = "proto3"; message A { string constructor = 1; string toString = 2; string prototype = 3; }');
    args(
      'syntax = "proto3"; option (x).constructor.prototype.polluted = "yes"; message A { string a = 1 [(y).prototype.polluted = "yes"]; }',
    );
    expect('polluted' in {}).toBe(false);
  });

  it('refuses or takes text that is nested very deep, without exhausting the stack', () => {
    const deep = `syntax = "proto3"; ${'message A { '.repeat(5000)}${'}'.repeat(5000)}`;
    expect(refusal(runner({ argsProto: deep })).code).toBe('plugin-refused');
  });
});

describe('checking arguments', () => {
  const schemas = compileRunnerSchemas(runner({ argsProto: shapes }, shapes));
  const codec = args(shapes);
  const good = codec.fromJson({
    url: 'ü',
    bytes: '-1',
    widths: [1, 2, 300],
    crops: { a: { x: 1, y: '-5' } },
    mask: 'AAE=',
    factor: 1.5,
    next: { url: 'x' },
  });

  it('takes a message of the schema, an empty one, and one with fields that the schema does not know', () => {
    schemas.checkArgs('run', good);
    schemas.checkArgs('run', new Uint8Array());
    schemas.checkArgs(
      'run',
      Buffer.from([
        0xa2, 6, 2, 1, 2, 0x9d, 6, 0, 0, 0, 0, 0x99, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0x98, 6, 1, 0x9b, 6, 0x08, 1, 0x9c, 6,
      ]),
    );
  });

  it.each([
    [
      'text with a number for it',
      [8, 1],
      /'url' of gallery.v1.Resize is a length-delimited field, but the bytes have a varint/,
    ],
    ['text that claims too much', [10, 5, 97], /'url' claims 5 bytes, but 1 are left/],
    ['text that is not UTF-8', [10, 1, 255], /'url' of gallery.v1.Resize is not UTF-8/],
    ['an end in the middle of a number', [16, 128], /middle of a number/],
    ['an inner message with a fault', [34, 4, 18, 2, 8, 1], /'x' of gallery.v1.Crop is 32 bits/],
    ['a number of eleven bytes', [16, ...Array<number>(11).fill(129)], /more than 10 bytes/],
    ['a field number 0', [0], /field number 0/],
    ['a group that was not begun', [0x9c, 6], /does not belong here/],
  ])('refuses %s and says why', (_what, bytes, why) => {
    const check = (): void => schemas.checkArgs('run', Buffer.from(bytes));
    expect(check).toThrow(why);
    expect(check).toThrow(expect.objectContaining({ code: 'args-invalid' }));
  });

  it('refuses settings with a code of their own', () => {
    expect(() => schemas.checkSettings(Buffer.from([8, 1]))).toThrow(
      expect.objectContaining({ code: 'settings-invalid' }),
    );
  });

  it('refuses nesting beyond 100 levels', () => {
    let json: unknown = {};
    for (let i = 0; i < 90; i++) json = { next: json };
    schemas.checkArgs('run', codec.fromJson(json));
    for (let i = 0; i < 20; i++) json = { next: json };
    expect(() => schemas.checkArgs('run', codec.fromJson(json))).toThrow(/nested more than 100/);
  });

  it('says which methods there are where the method is unknown', () => {
    expect(() => schemas.checkArgs('resize', good)).toThrow(/no method 'resize'; it has: run/);
  });

  it('agrees with decoding about every truncation', () => {
    for (let end = 0; end <= good.length; end++) {
      const part = good.subarray(0, end);
      let checked = true;
      try {
        codec.check(part);
      } catch {
        checked = false;
      }
      if (checked) expect(() => codec.toJson(part)).not.toThrow();
      else expect(() => codec.toJson(part)).toThrow();
    }
  });

  it('costs a few microseconds', () => {
    const start = performance.now();
    for (let i = 0; i < 20_000; i++) schemas.checkArgs('run', good);
    expect((performance.now() - start) / 20_000).toBeLessThan(0.05);
  });
});

describe('JSON', () => {
  const codec = args(shapes);

  it('survives the way there and back', () => {
    const json = {
      url: 'grün',
      bytes: '9223372036854775807',
      widths: [0, 4_294_967_295],
      crops: { left: { x: 1, y: '-9223372036854775808' } },
      keep_ratio: false,
      format: 'JPEG',
      mask: 'AP8=',
      factor: 'NaN',
    };
    expect(codec.toJson(codec.fromJson(json))).toEqual(json);
  });

  it('takes lowerCamelCase, numbers for 64 bits and enums, and null for absent', () => {
    const back = codec.toJson(codec.fromJson({ keepRatio: true, bytes: 5, format: 1, url: null }));
    expect(back).toMatchObject({ keep_ratio: true, bytes: '5', format: 'JPEG', url: '' });
  });

  it.each([
    [{ ulr: 'x' }, /ulr: gallery.v1.Resize has no such field; it has: url, bytes/],
    [{ url: 5 }, /url: expected a string, got 5/],
    [{ widths: [1, 'x'] }, /widths\[1\]: expected an unsigned 32-bit integer, got "x"/],
    [{ widths: [-1] }, /widths\[0\]/],
    [{ widths: 3 }, /widths: expected a list/],
    [{ crops: { a: { x: 2 ** 32 } } }, /crops.a.x: expected/],
    [{ bytes: '9223372036854775808' }, /bytes: expected a 64-bit integer/],
    [{ bytes: 1.5 }, /bytes: expected/],
    [{ format: 'GIF' }, /format: expected one of PNG, JPEG, got "GIF"/],
    [{ mask: '***' }, /mask: expected base64/],
    [{ next: [] }, /next: expected an object/],
    ['text', /the message: expected an object, got "text"/],
  ])('refuses %j and says where and what', (json, why) => {
    expect(() => codec.fromJson(json)).toThrow(why);
  });
});
