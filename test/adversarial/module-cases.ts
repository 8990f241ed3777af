/**
 * Modules that no Rust compiler emits, as text: what attacks the transpiler, the rewriter, the glue and V8. The
 * parts replace those of the harmless plugin in `wat-plugin.ts`.
 */
import type { Attack, Outcome } from './attack.ts';
import { byte, nothing, type WatParts } from './wat-plugin.ts';

export interface ModuleCase extends WatParts, Omit<Attack, 'plugin'> {
  /** What it tries. */
  readonly does: string;
  /** What the refusal at discovery says. Nothing said: it is taken, and its jobs are run. */
  readonly refused?: RegExp;
  /** What must come of each of its jobs, one after the other. Nothing said: one that succeeds. */
  readonly jobs?: readonly Outcome[];
}

const late: Outcome = { code: 'deadline-exceeded' };
const trapped: Outcome = { code: 'plugin-trapped' };
const overMemory = /memory [01] needs at least 65536 pages, the limit is 1024/;
const first: Outcome = { output: '\0' };

/** Before it runs. */
export const beginnings: readonly ModuleCase[] = [
  {
    does: 'has a start function that loops',
    fields: '(func $spin (loop (br 0))) (start $spin)',
    refused: /held its thread too long|CPU time/,
  },
  { does: 'begins with 4 GiB of memory', memory: '(memory 65536)', refused: overMemory },
  { does: 'begins with a second memory of 4 GiB', fields: '(memory 65536)', refused: overMemory },
  {
    does: 'begins with two memories that are too large together',
    memory: '(memory 600)',
    fields: '(memory 600)',
    refused: /memories together need at least 1200 pages, the limit is 1024/,
  },
  {
    does: 'begins with a table of ten million',
    fields: '(table 10000000 funcref)',
    refused: /table 0 needs at least 10000000 elements/,
  },
  { does: 'begins with a table of four billion', fields: '(table 0xffffffff funcref)', refused: /./ },
  { does: 'has a data segment out of bounds', fields: '(data (i32.const 0x10000000) "out")', refused: /./ },
  {
    does: 'has an element segment out of bounds',
    fields: '(table 1 funcref) (func $f) (elem (i32.const 9) $f)',
    refused: /./,
  },
  { does: 'shares its memory, to wait in it for ever', memory: '(memory 1 1 shared)', refused: /./ },
  { does: 'has more locals than a function may', fields: `(func (local ${'i64 '.repeat(50_001)}))`, refused: /./ },
  {
    does: 'has 49,000 locals in a function that recurses',
    fields: `(func $f (local ${'i64 '.repeat(49_000)}) (call $f))`,
    run: `(call $f) ${nothing}`,
    jobs: [trapped],
  },
  {
    does: 'has ten thousand nested blocks',
    fields: `(func $f ${'block '.repeat(10_000)} ${'end '.repeat(10_000)})`,
    run: `(call $f) ${nothing}`,
  },
  { does: 'has 50,000 functions', fields: '(func) '.repeat(50_000) },
  {
    does: 'has a function of a megabyte',
    fields: `(func $f ${'(drop (i32.const 1))'.repeat(350_000)})`,
    run: `(call $f) ${nothing}`,
    deadline: 10_000,
  },
  {
    does: 'has a name of all its memory',
    memory: '(memory 1000)',
    name: '(i32.store (i32.const 1400) (i32.const 0)) (i32.store (i32.const 1404) (i32.const 65536000)) (i32.const 1400)',
    refused: /name/,
  },
  {
    does: 'has a name beyond its memory',
    name: '(i32.store (i32.const 1400) (i32.const 65000)) (i32.store (i32.const 1404) (i32.const 65536)) (i32.const 1400)',
    refused: /name/,
  },
  {
    does: 'has a name that is not UTF-8, which is read with replacements',
    fields: '(data (i32.const 2048) "\\ff\\fe\\fd")',
  },
];

/** While it runs. */
export const runs: readonly ModuleCase[] = [
  { does: 'behaves well', jobs: [{ output: '' }, { output: '' }] },
  {
    does: 'calls itself in tail position for ever',
    fields: '(func $f (return_call $f))',
    run: `(call $f) ${nothing}`,
    jobs: [late],
  },
  { does: 'loops where nothing is', run: `(loop (br 0)) ${nothing}`, jobs: [late] },
  { does: 'jumps by a table for ever', run: `(loop (br_table 0 0 (i32.const 7))) ${nothing}`, jobs: [late] },
  {
    does: 'catches the exception that ends it, and goes on',
    run: `(loop $on (block $caught (try_table (catch_all $caught) (loop (br 0)))) (br $on)) ${nothing}`,
    jobs: [late],
  },
  {
    does: 'catches exceptions of a loop that calls',
    fields: '(func $f (loop (br 0)))',
    run: `(loop $on (block $caught (try_table (catch_all $caught) (call $f))) (br $on)) ${nothing}`,
    jobs: [late],
  },
  {
    does: 'loops where the host has it allocate',
    realloc: '(if (i32.gt_u (local.get 3) (i32.const 100)) (then (loop (br 0)))) (i32.const 16384)',
    args: 'x'.repeat(200),
    // Long enough that a busy machine gives the thread its time before the deadline.
    deadline: 5_000,
    jobs: [{ code: 'limit-cpu', message: /held its thread too long/ }],
  },
  { does: 'allocates out of bounds', realloc: '(i32.const -8)', refused: /supports-feed/ },
  { does: 'allocates what is not aligned', realloc: '(i32.const 16385)', args: 'args', jobs: [{ output: '' }] },
  {
    does: 'grows a table until that fails',
    fields: '(table $t 1 funcref)',
    run: `(loop $on (br_if $on (i32.ne (table.grow $t (ref.null func) (i32.const 1024)) (i32.const -1)))) ${nothing}`,
    deadline: 5_000,
    jobs: [{ output: '' }],
  },
  {
    does: 'grows two memories by turns until that fails',
    fields: '(memory $b 1)',
    run:
      '(loop $on (drop (memory.grow 0 (i32.const 16))) (br_if $on (i32.ne (memory.grow $b (i32.const 16)) (i32.const -1)))) (i32.gt_u (i32.add (memory.size 0) (memory.size $b)) (i32.const 1024))' +
      byte,
    jobs: [first],
  },
  {
    does: 'computes with two memories',
    fields: '(memory $b 1)',
    run:
      '(memory.fill $b (i32.const 100) (i32.const 7) (i32.const 5000)) (memory.copy 0 $b (i32.const 3000) (i32.const 100) (i32.const 5000)) (i32.load8_u (i32.const 7999))' +
      byte,
    jobs: [{ output: '\x07' }],
  },
  {
    does: 'asks for so large a table that its price would wrap to a gift, and loops',
    fields: '(table $t 1 funcref)',
    run: `(drop (table.grow $t (ref.null func) (i32.const 0x0c000000))) (loop (br 0)) ${nothing}`,
    jobs: [late],
  },
  {
    does: 'loops over recursions that do their work before they call',
    fields: `(func $f ${'(drop (i32.load (i32.const 0)))'.repeat(200)} (call $f) ${'(drop (i32.load (i32.const 0)))'.repeat(2000)})`,
    run: `(loop $on (block $caught (try_table (catch_all $caught) (call $f))) (br $on)) ${nothing}`,
    jobs: [{ code: 'plugin-trapped' }],
  },
  {
    does: 'fills a memory of a table for ever',
    fields: '(table $t 90000 funcref)',
    run: `(loop (table.fill $t (i32.const 0) (ref.null func) (i32.const 90000)) (br 0)) ${nothing}`,
    jobs: [late],
  },
  {
    does: 'copies all its memory for ever',
    memory: '(memory 1000)',
    run: `(loop (memory.copy (i32.const 0) (i32.const 1) (i32.const 65535999)) (br 0)) ${nothing}`,
    jobs: [late],
  },
];

const next = (read: string, write: string, fields: string): WatParts => ({ fields, run: `${read} ${write} ${byte}` });

const places = [3_000, 65_536, 700_000, 20 * 65_536 - 1];

/** State where Rust keeps none: each job answers what it found, which is what the first one found. */
export const states: readonly ModuleCase[] = [
  {
    does: 'leaves a number in a global',
    ...next('(global.get $g)', '(global.set $g (i32.const 1))', '(global $g (mut i32) (i32.const 0))'),
    jobs: [first, first, first],
  },
  {
    does: 'leaves bytes all over its memory',
    ...next(
      places.map((at) => `(i32.load8_u (i32.const ${at}))`).join(' ') + '(i32.or)'.repeat(places.length - 1),
      places.map((at) => `(i32.store8 (i32.const ${at}) (i32.const 1))`).join(' '),
      '',
    ),
    memory: '(memory 20)',
    jobs: [first, first, first],
  },
  {
    does: 'leaves a number where a NaN with a payload was, in a global of 32 bits',
    ...next(
      '(i32.ne (i32.reinterpret_f32 (global.get $g)) (i32.const 0x7f801234))',
      '(global.set $g (f32.const 1))',
      '(global $g (mut f32) (f32.const nan:0x1234))',
    ),
    jobs: [first, first, first],
  },
  {
    does: 'leaves a number where a NaN with a payload was, in a global of 64 bits',
    ...next(
      '(i64.ne (i64.reinterpret_f64 (global.get $g)) (i64.const 0x7ff0000000001234))',
      '(global.set $g (f64.const 1))',
      '(global $g (mut f64) (f64.const nan:0x1234))',
    ),
    jobs: [first, first, first],
  },
  {
    does: 'leaves a number in a vector global',
    ...next(
      '(i32x4.extract_lane 0 (global.get $g))',
      '(global.set $g (i32x4.splat (i32.const 1)))',
      '(global $g (mut v128) (v128.const i32x4 0 0 0 0))',
    ),
    jobs: [first, first, first],
  },
  {
    does: 'leaves a function in a table',
    ...next(
      '(i32.eqz (ref.is_null (table.get $t (i32.const 0))))',
      '(table.set $t (i32.const 0) (ref.func $f))',
      '(table $t 1 funcref) (func $f) (elem declare func $f)',
    ),
    jobs: [first, first, first],
  },
  {
    does: 'leaves a table grown',
    ...next(
      '(i32.sub (table.size $t) (i32.const 1))',
      '(drop (table.grow $t (ref.null func) (i32.const 1)))',
      '(table $t 1 funcref)',
    ),
    jobs: [first, first, first],
  },
  {
    does: 'leaves a second memory written',
    ...next('(i32.load8_u $m (i32.const 9))', '(i32.store8 $m (i32.const 9) (i32.const 1))', '(memory $m 1)'),
    jobs: [first, first, first],
  },
  {
    does: 'leaves a second memory grown',
    ...next('(i32.sub (memory.size $m) (i32.const 1))', '(drop (memory.grow $m (i32.const 1)))', '(memory $m 1)'),
    jobs: [first, first, first],
  },
  {
    does: 'leaves a data segment dropped',
    ...next(
      '(i32.const 0)',
      '(memory.init $d (i32.const 3000) (i32.const 0) (i32.const 1)) (data.drop $d)',
      '(data $d "d")',
    ),
    jobs: [first, first, first],
  },
  {
    does: 'leaves an element segment dropped',
    ...next(
      '(i32.const 0)',
      '(table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1)) (elem.drop $e)',
      '(table $t 1 funcref) (func $f) (elem $e func $f)',
    ),
    jobs: [first, first, first],
  },
];
