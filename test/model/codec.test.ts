/** The codecs of the wire, beside protobufjs' own as the reference. */
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { WireSchema } from '../../runtime/api/schema.ts';
import { CodecBook } from '../../runtime/model/codec.ts';

const { root } = protobuf.parse(
  `syntax = "proto3";
   message All {
     double d = 1; float f = 2; int32 i = 3; uint32 u = 4; sint32 s = 5; fixed32 x = 6; sfixed32 sx = 7;
     int64 li = 8; uint64 lu = 9; sint64 ls = 10; fixed64 lx = 11; sfixed64 lsx = 12;
     bool b = 13; string t = 14; bytes y = 15; Kind k = 16; All a = 17;
     repeated int32 ri = 18; repeated sint64 rl = 19; repeated string rt = 20; repeated All ra = 21; repeated Kind rk = 22;
     map<string, All> ma = 23; map<string, int64> ml = 24;
     optional int32 oi = 25; optional string ot = 26;
     oneof one { string left = 27; All right = 28; }
   }
   enum Kind { NONE = 0; SOME = 1; LESS = -1; }`,
  { keepCase: true },
);
const type = root.lookupType('All');
const codec = new CodecBook().of<Record<string, unknown>>(type);
const min = -(2n ** 63n);
const max = 2n ** 63n - 1n;

/** A message with every field of the type set to something that is not its default. */
function full(): Record<string, unknown> {
  return {
    d: -0,
    f: 0.5,
    i: -7,
    u: 4_294_967_295,
    s: -2_147_483_648,
    x: 4_294_967_295,
    sx: -1,
    li: min,
    lu: 2n ** 64n - 1n,
    ls: min,
    lx: 2n ** 64n - 1n,
    lsx: min,
    b: true,
    t: 'grün 🙂',
    y: Buffer.from([0, 255]),
    k: -1,
    a: { ...codec.decode(new Uint8Array()), t: 'inside' },
    ri: [1, -1, 0],
    rl: [min, max, 0n],
    rt: ['', 'a'],
    ra: [codec.decode(new Uint8Array())],
    rk: [1, -1, 7],
    ma: { k: { ...codec.decode(new Uint8Array()), i: 1 } },
    ml: { '': max },
    oi: 0,
    ot: '',
    left: '',
  };
}

describe('a codec', () => {
  it('gives back what it was given, 64-bit extremes and set defaults among it', () => {
    expect(codec.decode(codec.encode(full()))).toEqual(full());
  });

  it('writes what protobufjs reads, and reads what protobufjs writes', () => {
    const message = type.decode(codec.encode(full()));
    const theirs = type.toObject(message, { longs: BigInt as never, bytes: Buffer as never });
    expect(theirs).toMatchObject({
      li: min,
      lu: 2n ** 64n - 1n,
      rl: [min, max, 0n],
      t: 'grün 🙂',
      oi: 0,
      left: '',
      rk: [1, -1, 7],
    });
    expect(codec.decode(type.encode(message).finish())).toEqual(full());
  });

  it('gives fields without presence their defaults and leaves the others out', () => {
    const empty = codec.decode(new Uint8Array());
    expect(empty).toMatchObject({ i: 0, li: 0n, t: '', b: false, ri: [], ma: {} });
    for (const name of ['a', 'oi', 'ot', 'left', 'right']) expect(name in empty).toBe(false);
    expect(codec.encode(empty)).toHaveLength(0);
  });

  it('takes the last of a oneof, packed and unpacked lists, and skips unknown fields', () => {
    const both = Buffer.concat([codec.encode({ left: 'l' }), codec.encode({ right: {} })]);
    expect('left' in codec.decode(both)).toBe(false);
    const unpacked = Buffer.from(
      [18 << 3, 5, 18 << 3, 6].flatMap((byte) => (byte > 127 ? [(byte & 127) | 128, byte >> 7] : [byte])),
    );
    expect(codec.decode(unpacked).ri).toEqual([5, 6]);
    const writer = protobuf.Writer.create()
      .uint32((99 << 3) | 2)
      .string('new')
      .uint32((98 << 3) | 0)
      .int32(1)
      .uint32((3 << 3) | 0)
      .int32(4);
    expect(codec.decode(writer.finish()).i).toBe(4);
  });

  it('does not share lists or maps between messages', () => {
    const one = codec.decode(codec.encode({ ri: [1], ml: { a: 1n } }));
    const other = codec.decode(new Uint8Array());
    expect([one.ri, other.ri, other.ml]).toEqual([[1], [], {}]);
  });

  it('treats a map key like any other, whatever it is called', () => {
    const back = codec.decode(codec.encode({ ml: JSON.parse('{"__proto__": 0}') as object }));
    expect(Object.keys(back.ml as object)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });

  it.each([
    ['truncated text', Buffer.from([0x72, 5, 97])],
    ['a number without end', Buffer.from([0x18, ...Array<number>(11).fill(255)])],
    ['text that is not UTF-8', Buffer.from([0x72, 1, 255])],
    ['a packed list that is too long', Buffer.from([0x92, 1, 5, 1])],
    ['an inner message that is too long', Buffer.from([0x8a, 1, 3, 0x18])],
    ['a field number 0', Buffer.from([0])],
  ])('refuses %s', (_what, bytes) => {
    expect(() => codec.decode(bytes)).toThrow();
  });

  it('refuses messages that are nested too deep', () => {
    let bytes = Buffer.alloc(0);
    for (let i = 0; i < 200; i++)
      bytes =
        codec.encode({}).length === 0 ? Buffer.concat([Buffer.from([0x8a, 1]), varint(bytes.length), bytes]) : bytes;
    expect(() => codec.decode(bytes)).toThrow(/nested more than 100/);
  });

  it('survives every truncation and many random changes of a message', () => {
    const bytes = codec.encode(full());
    for (let end = 0; end < bytes.length; end++) attempt(bytes.subarray(0, end));
    let seed = 42;
    const random = (below: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    for (let i = 0; i < 5000; i++) {
      const changed = Buffer.from(bytes);
      for (let n = 0; n < 3; n++) changed[random(changed.length)] = random(256);
      attempt(changed);
    }
  });
});

/** Decodes or throws an Error; anything else fails the test. */
function attempt(bytes: Uint8Array): void {
  try {
    codec.decode(bytes);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(Error);
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 127) | 128);
  }
}

describe('the codecs of the interface', () => {
  it('read and write every message when it is empty', () => {
    const schema = new WireSchema();
    const request = schema.codec('jobworkerp.service.JobRequest');
    expect(request.decode(new Uint8Array())).toEqual({ args: new Uint8Array() });
    expect(request.encode({ args: new Uint8Array(), worker_id: { value: 2n ** 63n - 1n } }).length).toBeGreaterThan(10);
  });
});
