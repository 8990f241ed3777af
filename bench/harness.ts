/**
 * Measures: each figure beside a baseline of the same run, because these machines are noisy.
 *
 * A pair is measured in alternation, round by round, and its ratio is the median of the rounds' ratios: what
 * disturbs one side of a round disturbs the other too.
 */

import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { component } from '../test/support/artifacts.ts';

/** One figure. `ratio` is value / baseline, both in `unit`. */
export interface BenchResult {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The baseline's figure, in the same unit. */
  readonly baseline: number;
  readonly ratio: number;
}

/** A benchmark: its name for `--only`, and what it measures. */
export interface Bench {
  readonly name: string;
  readonly about: string;
  run(): Promise<BenchResult[]>;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** The q-th quantile, 0 to 1. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
}

/** How long `count` runs of `work` take, each, in microseconds. */
export async function microsEach(count: number, work: () => unknown): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < count; i++) {
    const answer = work();
    if (answer instanceof Promise) await answer;
  }
  return ((performance.now() - start) * 1000) / count;
}

/** Runs a second for `inFlight` loops of `work`; answers how many ended a second. */
export async function ratePerSecond(inFlight: number, millis: number, work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  let done = 0;
  const loop = async (): Promise<void> => {
    while (performance.now() - start < millis) {
      await work();
      done++;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
  return (done * 1000) / (performance.now() - start);
}

/** Measures a pair in alternation. The first round warms both up and is not counted. */
export async function compare(
  name: string,
  unit: string,
  rounds: number,
  measure: { readonly value: () => Promise<number>; readonly baseline: () => Promise<number> },
): Promise<BenchResult> {
  const values: number[] = [];
  const baselines: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const baseline = await measure.baseline();
    const value = await measure.value();
    if (round === 0) continue;
    values.push(value);
    baselines.push(baseline);
  }
  const ratios = values.map((value, round) => value / (baselines[round] ?? 1));
  return { name, unit, value: median(values), baseline: median(baselines), ratio: median(ratios) };
}

/** A folder of plugins in `folder`, with nothing in it but that example. */
export function pluginFolder(folder: string, example: string): string {
  const plugins = join(folder, 'plugins');
  mkdirSync(plugins);
  copyFileSync(component(example), join(plugins, `${example}.wasm`));
  return plugins;
}
