/**
 * What metering costs: real work in Rust, with and without, by turns in one run; and how long rewriting takes.
 *
 * Each turn runs the same export of two instances of one module, one rewritten and one not. Both are V8's optimised
 * code after the warm-up. A figure is milliseconds a turn, the ratio the median of the turns' ratios.
 */
import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { build, loadRewriter, type Rewrite, wide } from '../test/meter/rewriter.ts';
import type { Bench, BenchResult } from './harness.ts';

/** The workloads, and how often each is done in a turn, for turns of some 8 ms. */
const workloads = { json: 12, deflate: 8, sha256: 50, regexes: 3, sort: 5, matrix: 12 };
const warmUps = 25;
const turns = 60;
/** Ticks between two refills. A host would look at the clock each time. */
const slice = 500_000;

type Work = (rounds: number) => number;

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(q * (sorted.length - 1))] ?? 0;
}

/** The module's WASI imports, none of which does anything here. */
function imports(module: WebAssembly.Module): Record<string, Record<string, unknown>> {
  const meter = { refill: () => (performance.now() < 0 ? -2 : slice), yield: () => slice, grow: () => 1 };
  const found: Record<string, Record<string, unknown>> = {};
  const { Module } = WebAssembly as unknown as {
    Module: { imports(module: WebAssembly.Module): { module: string; name: string }[] };
  };
  for (const { module: from, name } of Module.imports(module)) {
    found[from] ??= {};
    found[from][name] = () => 0n;
  }
  return { ...found, 'bulkhead:meter': meter };
}

function instantiate(bytes: Uint8Array): Record<string, Work> {
  const module = new WebAssembly.Module(bytes);
  const exports = new WebAssembly.Instance(module, imports(module)).exports as Record<string, Work>;
  exports['_initialize']?.(0);
  return exports;
}

function timed(work: () => number): { took: number; sum: number } {
  const start = performance.now();
  const sum = work();
  return { took: performance.now() - start, sum };
}

function compare(name: string, rounds: number, plain: Work, metered: Work): BenchResult {
  const value: number[] = [];
  const baseline: number[] = [];
  for (let turn = 0; turn < warmUps + turns; turn++) {
    const [before, after] = [timed(() => plain(rounds)), timed(() => metered(rounds))];
    if (before.sum !== after.sum) throw new Error(`${name} computed ${after.sum} with metering, ${before.sum} without`);
    if (turn < warmUps) continue;
    baseline.push(before.took);
    value.push(after.took);
  }
  const ratios = value.map((took, turn) => took / (baseline[turn] ?? took));
  return {
    name: `metered ${name}`,
    value: quantile(value, 0.5),
    unit: 'ms',
    baseline: quantile(baseline, 0.5),
    ratio: quantile(ratios, 0.5),
  };
}

/** The largest modules at hand: jco's own. The baseline is what V8 takes to validate what comes out. */
function rewriting(rewrite: Rewrite): BenchResult[] {
  const manifest = findPackageJSON('@bytecodealliance/jco-transpile', import.meta.url) ?? '';
  const { validate } = WebAssembly as unknown as { validate(bytes: Uint8Array): boolean };
  return ['wasm-tools', 'js-component-bindgen-component'].map((name) => {
    const bytes = readFileSync(join(dirname(manifest), `vendor/${name}.core.wasm`));
    const value: number[] = [];
    const baseline: number[] = [];
    for (let turn = 0; turn < 8; turn++) {
      const start = performance.now();
      const { module } = rewrite(bytes, wide);
      const rewritten = performance.now();
      if (!validate(module)) throw new Error(`${name} is not valid any more`);
      value.push(rewritten - start);
      baseline.push(performance.now() - rewritten);
    }
    const [took, compiled] = [quantile(value, 0.5), quantile(baseline, 0.5)];
    const size = (bytes.length / 1e6).toFixed(1);
    return {
      name: `rewriting ${size} MB, against validating it`,
      value: took,
      unit: 'ms',
      baseline: compiled,
      ratio: took / compiled,
    };
  });
}

async function run(): Promise<BenchResult[]> {
  const rewrite = await loadRewriter();
  const bytes = readFileSync(build('workloads'));
  const plain = instantiate(bytes);
  const metered = instantiate(rewrite(bytes, wide).module);
  const results = Object.entries(workloads).map(([name, rounds]) => {
    const [before, after] = [plain[name], metered[name]];
    if (!before || !after) throw new Error(`the workloads have no ${name}`);
    return compare(name, rounds, before, after);
  });
  return [...results, ...rewriting(rewrite)];
}

export const meter: Bench = {
  name: 'meter',
  about: 'what metering costs CPU-bound code, and what rewriting takes',
  run,
};

if (import.meta.main) console.table(await run());
