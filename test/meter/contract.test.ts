/** What a host is promised of a rewritten module: caps, exports, the report, and what is refused. */
import { describe, expect, test } from 'vitest';
import { functionOf, type Global, instantiate, type Memory, type Table } from './engine.ts';
import { Budget, generous, meter } from './host.ts';
import { loadRewriter, narrow, wide } from './rewriter.ts';
import { assemble } from './wat.ts';

const rewrite = await loadRewriter();
const metered = (text: string) => rewrite(assemble(text), narrow);

function refusal(text: string): string {
  try {
    metered(text);
  } catch (error) {
    return String((error as { payload?: unknown }).payload ?? error);
  }
  return 'not refused';
}

const refused: [what: string, text: string, reason: RegExp][] = [
  ['a memory above its limit', '(module (memory 300))', /memory 0 needs at least 300 pages, the limit is 256/],
  [
    'memories that are too large together',
    '(module (memory 200) (memory 200))',
    /together need at least 400 pages, the limit is 256/,
  ],
  [
    'a table above its limit',
    '(module (table 10001 funcref))',
    /table 0 needs at least 10001 elements, the limit is 10000/,
  ],
  ['an imported memory above its limit', '(module (import "a" "b" (memory 300)))', /memory 0 needs at least 300 pages/],
  ['a shared memory', '(module (memory 1 1 shared))', /memory 0 is shared/],
  [
    'a reserved export',
    '(module (global (export "bulkhead:ticks") i32 (i32.const 0)))',
    /"bulkhead:ticks" has a name that is reserved/,
  ],
  ['a reserved import', '(module (import "bulkhead:meter" "grow" (func)))', /reserved/],
  [
    "an import of what another module's host is given",
    '(module (import "a" "bulkhead:memory:0" (memory 1)))',
    /reserved/,
  ],
  [
    'objects on the heap',
    '(module (type $s (struct)) (func (drop (struct.new $s))))',
    /garbage-collected heap is not allowed.*at offset/,
  ],
  ['large exceptions', `(module (tag (param ${'i64 '.repeat(9)})))`, /hold more than 64 bytes/],
  ['nested exceptions', '(module (tag (param exnref)))', /hold more than 64 bytes, or references/],
  ['custom page sizes', '(module (memory 1 2 (pagesize 1)))', /custom page sizes.*at offset/],
];

describe('is refused', () => {
  test.each(refused)('%s', (_, text, reason) => {
    expect(refusal(text)).toMatch(reason);
  });

  test('an invalid module, with the offset', () => {
    expect(refusal('(module (func (result i32)))')).toMatch(/type mismatch.*at offset 0x/);
    expect(() => rewrite(new Uint8Array([0, 97, 115]), narrow)).toThrow();
  });

  test('a component', () => {
    expect(() => rewrite(new Uint8Array([0, 97, 115, 109, 13, 0, 1, 0]), narrow)).toThrow();
  });
});

describe('caps', () => {
  test('maximums are lowered, and only lowered', () => {
    const { module, memories, tables } = metered(
      '(module (memory 1) (memory 1 2) (memory i64 1 100000) (table 1 funcref) (table 1 5 funcref))',
    );
    expect(memories.map((memory) => memory.maximum)).toEqual([256n, 2n, 256n]);
    expect(tables.map((table) => table.maximum)).toEqual([10_000n, 5n]);
    const exports = instantiate(module, { [meter]: generous() });
    expect(() => (exports['bulkhead:memory:0'] as Memory).grow(256)).toThrow(RangeError);
  });

  test('growing asks first, with the bytes, and takes back what failed', () => {
    const { module } = metered(
      '(module (memory 1 4) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))',
    );
    const asked: bigint[] = [];
    let answer = 1;
    const grown = (bytes: bigint) => {
      asked.push(bytes);
      return answer;
    };
    const host = { ...generous(), grow: grown };
    const grow = functionOf(instantiate(module, { [meter]: host }), 'grow');
    expect(grow(2)).toBe(1);
    expect(grow(2)).toBe(-1);
    expect(asked).toEqual([131072n, 131072n, -131072n]);
    answer = 0;
    expect(grow(1)).toBe(-1);
    expect(asked.length).toBe(4);
  });

  test.each(['i32', 'i64'])('growing a memory of %s by a constant asks, too', (type) => {
    const memory = type === 'i64' ? 'i64 1' : '1';
    const { module, memories } = metered(
      `(module (memory ${memory}) (func (export "grow") (result ${type}) (memory.grow (${type}.const 3))))`,
    );
    const host = new Budget(1e6);
    expect(Number(functionOf(instantiate(module, { [meter]: host }), 'grow')())).toBe(1);
    expect(host.grown).toBe(3n * 65_536n);
    expect(memories[0]?.grows).toBe(true);
  });

  test('growing a table asks with 32 bytes for each function', () => {
    const { module } = metered(
      '(module (table 1 funcref) (func (export "grow") (result i32) (table.grow (ref.null func) (i32.const 10))))',
    );
    const host = new Budget(1e6);
    expect(functionOf(instantiate(module, { [meter]: host }), 'grow')()).toBe(1);
    expect(host.grown).toBe(320n);
  });
});

describe('snapshots', () => {
  test('memories, mutable globals and tables are exported and can be put back', () => {
    const { module, globals, resettable } =
      metered(`(module (memory 1) (global (mut i64) (i64.const 5)) (global i32 (i32.const 1))
      (table 2 externref) (func (export "f") (param externref) (result i64)
        (i32.store (i32.const 8) (i32.const 9)) (table.set (i32.const 1) (local.get 0))
        (global.set 0 (i64.add (global.get 0) (i64.const 1))) (global.get 0)))`);
    const exports = instantiate(module, { [meter]: generous() });
    expect(functionOf(exports, 'f')('secret')).toBe(6n);
    expect(new Uint8Array((exports['bulkhead:memory:0'] as Memory).buffer)[8]).toBe(9);
    (exports['bulkhead:global:0'] as Global).value = 5n;
    expect((exports['bulkhead:table:0'] as Table).get(1)).toBe('secret');
    expect(functionOf(exports, 'f')(null)).toBe(6n);
    expect(globals).toEqual([{ index: 0, kind: 'i64' }]);
    expect(resettable).toBe(true);
  });

  const obstacles: [what: string, text: string, reason: RegExp][] = [
    ['dropping data', '(module (memory 1) (data "x") (func (data.drop 0)))', /drops data segments/],
    ['dropping elements', '(module (elem funcref) (func (elem.drop 0)))', /drops element segments/],
    ['a mutable vector', '(module (global (mut v128) (v128.const i64x2 0 0)))', /global 0 has type v128/],
    ['a mutable exception', '(module (global (mut exnref) (ref.null exn)))', /global 0 has type exnref/],
    [
      'writing a table of exceptions',
      '(module (table 1 exnref) (func (table.set (i32.const 0) (ref.null exn))))',
      /table 0 of type exnref/,
    ],
    [
      'writing objects',
      '(module (type $s (struct (field (mut i32)))) (func (param (ref $s)) (struct.set $s 0 (local.get 0) (i32.const 1))))',
      /writes objects/,
    ],
  ];

  test.each(obstacles)('%s is an obstacle', (_, text, reason) => {
    const { resettable, obstacles: found } = metered(text);
    expect(resettable).toBe(false);
    expect(found.join()).toMatch(reason);
  });
});

test('ticks measure work: twice the turns, about twice the ticks', () => {
  const text =
    '(module (func (export "run") (param i32) (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))';
  const used = (turns: number): number => {
    const host = new Budget(1e9);
    const exports = instantiate(rewrite(assemble(text), narrow).module, { [meter]: host });
    functionOf(exports, 'run')(turns);
    return host.usedWith((exports['bulkhead:ticks'] as Global).value as number);
  };
  expect(used(200_000) / used(100_000)).toBeCloseTo(2, 1);
});

/** Numbers of elements whose price in ticks has more than 31 bits: as a signed number, it may be none, or less. */
const many = [1 << 27, 0x0c00_0000, 1 << 28, 0xffff_ffff];
test.each(many)('nothing is had for nothing: %i elements', (length) => {
  const grows = `(table 1 funcref) (func (export "run") (result i32) (table.grow (ref.null func) (i32.const ${length})))`;
  const fills = `(type $a (array (mut i8))) (func (export "run") (result i32)
    (array.fill $a (array.new_default $a (i32.const 0)) (i32.const 0) (i32.const 0) (i32.const ${length})) (i32.const -1))`;
  for (const text of [grows, fills]) {
    const host = new Budget(2 ** 40, 2 ** 20);
    const exports = instantiate(rewrite(assemble(`(module ${text})`), wide).module, { [meter]: host });
    try {
      expect(functionOf(exports, 'run')()).toBe(-1);
    } catch (error) {
      expect(error).toBeInstanceOf(WebAssembly.RuntimeError);
    }
    const left = (exports['bulkhead:ticks'] as Global).value as number;
    expect(host.usedWith(left)).toBeGreaterThan(2 ** 20);
    expect(left).toBeLessThanOrEqual(2 ** 20);
  }
});

test('the host can end a slice from outside by setting the ticks', () => {
  const text = '(module (import "host" "now" (func $now)) (func (export "run") (call $now) (loop (br 0))))';
  let calls = 0;
  const host = { ...generous(), refill: () => (++calls === 1 ? 2_000_000_000 : -2) };
  const exports = instantiate(rewrite(assemble(text), narrow).module, {
    [meter]: host,
    host: { now: () => ((exports['bulkhead:ticks'] as Global).value = 0) },
  });
  expect(functionOf(exports, 'run')).toThrow(WebAssembly.RuntimeError);
  expect(calls).toBe(2);
});
