/** Modules that lie to the glue: in the numbers by which it reads what they answer, and what they hand to the host. */
import type { Outcome } from './attack.ts';
import type { ModuleCase } from './module-cases.ts';
import { nothing } from './wat-plugin.ts';

const trapped: Outcome = { code: 'plugin-trapped' };

/** Answers a result with this many metadata names, all of them the same 1 MiB. */
const aliases = (count: number) => `
  (i32.store (i32.const 1420) (i32.const 65536)) (i32.store (i32.const 1424) (i32.const ${count}))
  (loop $fill
    (i32.store (i32.add (i32.const 65536) (i32.mul (local.get $turn) (i32.const 16))) (i32.const 8388608))
    (i32.store (i32.add (i32.const 65540) (i32.mul (local.get $turn) (i32.const 16))) (i32.const 1048576))
    (br_if $fill (i32.lt_u (local.tee $turn (i32.add (local.get $turn) (i32.const 1))) (i32.const ${count}))))
  (i32.const 1400)`;

/** Answers an error with this many causes, all of them the same 1 MiB. */
const causes = (count: number) => `
  (i32.store8 (i32.const 1400) (i32.const 1))
  (i32.store (i32.const 1412) (i32.const 65536)) (i32.store (i32.const 1416) (i32.const ${count}))
  (loop $fill
    (i32.store (i32.add (i32.const 65536) (i32.mul (local.get $turn) (i32.const 8))) (i32.const 8388608))
    (i32.store (i32.add (i32.const 65540) (i32.mul (local.get $turn) (i32.const 8))) (i32.const 1048576))
    (br_if $fill (i32.lt_u (local.tee $turn (i32.add (local.get $turn) (i32.const 1))) (i32.const ${count}))))
  (i32.const 1400)`;

/** Logs this many lines in one call, all of them the same 1 MiB. */
const logLines = (count: number) => `
  (loop $fill
    (i32.store (i32.add (i32.const 65548) (i32.mul (local.get $turn) (i32.const 28))) (i32.const 8388608))
    (i32.store (i32.add (i32.const 65552) (i32.mul (local.get $turn) (i32.const 28))) (i32.const 1048576))
    (br_if $fill (i32.lt_u (local.tee $turn (i32.add (local.get $turn) (i32.const 1))) (i32.const ${count}))))
  (call $emit (i32.const 65536) (i32.const ${count})) ${nothing}`;
const importLog = '(import "bulkhead:plugin/log@0.1.0" "emit" (func $emit (param i32 i32)))';

/** A result of these bytes. */
const bytes = (at: string, length: string) => `
  (i32.store (i32.const 1404) (i32.const ${at})) (i32.store (i32.const 1408) (i32.const ${length})) (i32.const 1400)`;

/**
 * What it answers, where the glue believes its numbers. Bytes beyond the end of memory are left out by the glue, and
 * what is not UTF-8 is read with replacements: neither gives a plugin more than is its own.
 */
export const answers: readonly ModuleCase[] = [
  { does: 'answers bytes beyond its memory', run: bytes('65000', '100000') },
  { does: 'answers four billion bytes', run: bytes('0', '0xffffffff') },
  {
    does: 'answers all its memory',
    memory: '(memory 1000)',
    run: bytes('0', '65536000'),
    deadline: 5_000,
    jobs: [{ code: 'limit-output' }],
  },
  { does: 'answers from beyond its memory', run: '(i32.const -16)', jobs: [trapped] },
  {
    does: 'answers what is neither result nor error',
    run: '(i32.store8 (i32.const 1400) (i32.const 7)) (i32.const 1400)',
    jobs: [trapped],
  },
  {
    does: 'answers metadata that is not UTF-8',
    run: '(i32.store (i32.const 1420) (i32.const 1440)) (i32.store (i32.const 1424) (i32.const 1)) (i32.store (i32.const 1440) (i32.const 1460)) (i32.store (i32.const 1444) (i32.const 2)) (i32.store16 (i32.const 1460) (i32.const 0xfeff)) (i32.const 1400)',
    jobs: [{ metadata: ['\ufffd\ufffd'] }],
  },
  {
    does: 'answers four million names of no bytes',
    memory: '(memory 1023)',
    run: '(i32.store (i32.const 1420) (i32.const 65536)) (i32.store (i32.const 1424) (i32.const 4000000)) (i32.const 1400)',
    deadline: 5_000,
    jobs: [{ code: 'limit-transfer' }],
  },
  {
    does: 'answers a thousand names that are one megabyte',
    memory: '(memory 1000)',
    run: aliases(1_000),
    deadline: 5_000,
    jobs: [{ code: 'limit-transfer' }],
  },
  {
    does: 'answers half a million names that are one megabyte',
    memory: '(memory 1000)',
    run: aliases(500_000),
    deadline: 5_000,
    jobs: [{ code: 'limit-transfer' }],
  },
  {
    does: 'answers half a million causes that are one megabyte',
    memory: '(memory 1000)',
    run: causes(500_000),
    deadline: 5_000,
    jobs: [{ code: 'limit-transfer' }],
  },
  {
    does: 'logs a quarter of a million lines that are one megabyte',
    memory: '(memory 1000)',
    imports: importLog,
    run: logLines(250_000),
    deadline: 5_000,
    jobs: [{ code: 'limit-transfer' }],
  },
  {
    does: 'logs lines from beyond its memory',
    imports: importLog,
    run: `(call $emit (i32.const 0) (i32.const 0x7fffffff)) ${nothing}`,
    jobs: [trapped],
  },
];
