/** Modules that would never end, or that would not stop for a host that wants them to. */
import { expect, test } from 'vitest';
import { type Callable, type Exports, functionOf, instantiate, promising, Suspending } from './engine.ts';
import { Budget, meter, refillEnd, refillYield } from './host.ts';
import { loadRewriter, narrow, wide } from './rewriter.ts';
import { assemble } from './wat.ts';

const rewrite = await loadRewriter();

/** How long a module may go on after its budget is used up: far below a slice of 5 ms, but these machines are shared. */
const promptly = 50;
/** About 5 ms of a simple loop. */
const budget = 10_000_000;

/** Runs the export `run` of a module until its budget is used up; answers the error and the milliseconds. */
function runToEnd(
  text: string,
  host = new Budget(budget),
  limits = narrow,
): { error: unknown; took: number; host: Budget } {
  const { module } = rewrite(assemble(text), limits);
  const start = performance.now();
  try {
    const exports = instantiate(module, { [meter]: host, host: { nothing: () => {} } });
    functionOf(exports, 'run')();
  } catch (error) {
    return { error, took: performance.now() - start, host };
  }
  throw new Error('it ended by itself');
}

const endless: Record<string, string> = {
  'an empty loop': '(func (export "run") (loop (br 0)))',
  'a loop with a result': '(func (export "run") (drop (loop (result i32) (br 0))))',
  'a loop with parameters': '(func (export "run") (i32.const 0) (loop (param i32) (br 0)))',
  'a loop that leaves through its outer loop': '(func (export "run") (loop (loop (br 1))))',
  'a br_table': '(func (export "run") (loop (br_table 0 0 0 (i32.const 1))))',
  'a br_table that goes round an inner loop': '(func (export "run") (loop (loop (br_table 0 1 1 (i32.const 1)))))',
  'a long way round': `(memory 1) (func (export "run") (loop ${'(i32.store (i32.const 0) (i32.div_u (i32.load (i32.const 0)) (i32.const 3)))'.repeat(5000)} (br 0)))`,
  'calls of a leaf': '(func $leaf (nop)) (func (export "run") (loop (call $leaf) (br 0)))',
  'mutual tail calls': '(func $a (return_call $b)) (func $b (return_call $a)) (func (export "run") (call $a))',
  'an indirect tail call of itself':
    '(type $t (func)) (table funcref (elem $f)) (func $f (return_call_indirect (type $t) (i32.const 0))) (func (export "run") (call $f))',
  'a tail call through a reference':
    '(type $t (func)) (elem declare func $f) (func $f (type $t) (return_call_ref $t (ref.func $f))) (func (export "run") (call $f))',
  'a tree of calls': `${Array.from({ length: 60 }, (_, n) => `(func $f${n} (call $f${n + 1}) (call $f${n + 1}))`).join('')} (func $f60) (func (export "run") (call $f0))`,
  'throwing and catching':
    '(tag $e) (func (export "run") (loop $l (block $h (try_table (catch $e $h) (throw $e))) (br $l)))',
  'throwing to the head of a loop': '(tag $e) (func (export "run") (loop $l (try_table (catch $e $l) (throw $e))))',
  'catching everything':
    '(tag $e) (func (export "run") (loop $l (block $h (try_table (catch_all $h) (loop (br 0)))) (br $l)))',
  'the legacy catch_all': '(func (export "run") (loop $l try (loop (br 0)) catch_all end (br $l)))',
  'memory.fill of all memory':
    '(memory 256) (func (export "run") (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 16777216)) (br 0)))',
  'memory.fill of little':
    '(memory 1) (func (export "run") (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 64)) (br 0)))',
  'memory.copy':
    '(memory 256) (func (export "run") (loop (memory.copy (i32.const 1) (i32.const 0) (i32.const 16777215)) (br 0)))',
  'table.fill':
    '(table 10000 funcref) (func (export "run") (loop (table.fill (i32.const 0) (ref.null func) (i32.const 10000)) (br 0)))',
  'table.copy':
    '(table 10000 funcref) (func (export "run") (loop (table.copy (i32.const 0) (i32.const 1) (i32.const 9999)) (br 0)))',
  'memory.grow by nothing': '(memory 1) (func (export "run") (loop (drop (memory.grow (i32.const 0))) (br 0)))',
  'calls of an import': '(import "host" "nothing" (func $n)) (func (export "run") (loop (call $n) (br 0)))',
  'a start function': '(func $s (loop (br 0))) (start $s) (func (export "run"))',
};

test.each(Object.entries(endless))('%s is ended', (_, text) => {
  const { error, took, host } = runToEnd(`(module ${text})`);
  expect(error).toBeInstanceOf(WebAssembly.RuntimeError);
  expect(host.used).toBeGreaterThanOrEqual(budget);
  console.log(`${took.toFixed(1)} ms: ${_}`);
  expect(took).toBeLessThan(500);
});

test('deep recursion is ended by the engine', () => {
  const { error } = runToEnd('(module (func $f (export "run") (call $f) (call $f)))');
  expect(error).toBeInstanceOf(RangeError);
});

/** What this thread has computed, in milliseconds: others on the machine do not count. */
function computed(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

test('between two refills lies little time, whatever the instructions', () => {
  for (const [name, text] of Object.entries(endless)) {
    let last = computed();
    let longest = 0;
    let calls = 0;
    const host = {
      refill: () => {
        const now = computed();
        // The first calls run code that V8 has not optimised yet.
        if (calls > 20) longest = Math.max(longest, now - last);
        last = computed();
        return ++calls < 300 ? 20_000 : refillEnd;
      },
      yield: () => 0,
      grow: () => 1,
    };
    expect(() => {
      const exports = instantiate(rewrite(assemble(`(module ${text})`), narrow).module, {
        [meter]: host,
        host: { nothing() {} },
      });
      functionOf(exports, 'run')();
    }).toThrow();
    console.log(`${longest.toFixed(3)} ms at most between refills: ${name}`);
    expect(longest).toBeLessThan(promptly);
  }
});

const catchesAll =
  '(module (func (export "run") (loop $l (block $h (try_table (catch_all $h) (loop (br 0)))) (br $l))))';

test('what refill throws may be caught once, and then the module is ended', () => {
  const host = new Budget(budget);
  let thrown = 0;
  let calls = 0;
  host.refill = () => {
    // The first call is the function's entry, where nothing is caught yet.
    if (++calls < 5) return 1000;
    thrown += 1;
    throw new Error('enough');
  };
  const { error } = runToEnd(catchesAll, host);
  expect(error).toBeInstanceOf(WebAssembly.RuntimeError);
  expect(thrown).toBe(1);
});

test('an ended instance stays ended', () => {
  const exports = instantiate(rewrite(assemble('(module (func (export "run") (loop (br 0))))'), narrow).module, {
    [meter]: new Budget(1),
  });
  const run = functionOf(exports, 'run');
  expect(run).toThrow(WebAssembly.RuntimeError);
  expect(run).toThrow(WebAssembly.RuntimeError);
});

/** Metered instances that yield through JSPI. */
function yielding(text: string, yields: () => Promise<number>): Callable {
  const host = { refill: () => refillYield, yield: new Suspending(yields), grow: () => 1 };
  const exports: Exports = instantiate(rewrite(assemble(text), wide).module, { [meter]: host });
  return promising(functionOf(exports, 'run'));
}

test('a loop yields to the event loop, and ends when yield says so', async () => {
  let yields = 0;
  const run = yielding('(module (func (export "run") (loop (br 0))))', async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return ++yields < 20 ? 1000 : refillEnd;
  });
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  await expect(run()).rejects.toBeInstanceOf(WebAssembly.RuntimeError);
  clearInterval(timer);
  expect(yields).toBe(20);
});

test('a rejected yield that is caught ends the module all the same', async () => {
  let yields = 0;
  const run = yielding(catchesAll, async () => {
    if (++yields < 5) return 1000;
    throw new Error('cancelled');
  });
  await expect(run()).rejects.toBeInstanceOf(WebAssembly.RuntimeError);
  expect(yields).toBe(5);
});

test('a fill that yields half-way fills everything', async () => {
  let yields = 0;
  const run = yielding(
    `(module (memory 64) (func (export "run") (result i32)
       (memory.fill (i32.const 1) (i32.const 7) (i32.const 4194302))
       (memory.copy (i32.const 1000) (i32.const 0) (i32.const 4000000))
       (i32.add (i32.load8_u (i32.const 4194303)) (i32.add (i32.load8_u (i32.const 1000)) (i32.load8_u (i32.const 4000999))))))`,
    async () => ++yields && 1,
  );
  expect(await run()).toBe(7);
  expect(yields).toBeGreaterThan(20);
});
