/** Generated modules compute the same with and without metering. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Exports, instantiate } from './engine.ts';
import { generous, meter } from './host.ts';
import { corpus, loadRewriter, wide } from './rewriter.ts';
import { describeError, outcome, stateOf } from './script.ts';

const directory = join(corpus(), 'smith');
const rewrite = await loadRewriter();

/** Arguments of every type at once: JavaScript converts numbers, and refuses what cannot be converted the same way. */
const attempts: unknown[][] = [Array(20).fill(0), Array(20).fill(7n), Array(20).fill(null)];

/** Calls everything that is exported, in order, and tells what came of it. */
function exercise(exports: Exports): string[] {
  const own = Object.entries(exports).filter(
    ([name, value]) => !name.startsWith('bulkhead:') && typeof value === 'function',
  );
  const calls = own.flatMap(([name, value]) =>
    attempts.map((args) => `${name}: ${outcome(() => (value as (...args: unknown[]) => unknown)(...args))}`),
  );
  return [...calls, ...stateOf(exports)];
}

function run(bytes: Uint8Array): string[] {
  let exports: Exports;
  try {
    exports = instantiate(bytes, { [meter]: generous() });
  } catch (error) {
    return [describeError(error)];
  }
  return exercise(exports);
}

test('1,500 generated modules', () => {
  let compared = 0;
  let skipped = 0;
  let trapped = 0;
  const differences: string[] = [];
  for (const file of readdirSync(directory)) {
    const bytes = readFileSync(join(directory, file));
    const expected = run(bytes);
    if (expected[0]?.startsWith('CompileError')) {
      skipped += 1;
      continue;
    }
    const got = run(rewrite(bytes, wide).module);
    compared += expected.length;
    trapped += expected.filter((line) => line.includes('RuntimeError')).length;
    const index = expected.findIndex((line, at) => got[at] !== line);
    if (index >= 0) differences.push(`${file}: ${expected[index]} became ${got[index]}`);
  }
  console.log(`generated: ${compared} outcomes compared (${trapped} traps), V8 skips ${skipped} modules`);
  expect(differences).toEqual([]);
  expect(compared).toBeGreaterThan(5000);
}, 120_000);
