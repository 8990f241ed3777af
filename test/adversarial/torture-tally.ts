/** What came of the jobs of a torture, counted and printed. */
import { availableParallelism } from 'node:os';
import type { Outcome, Result } from './attack.ts';
import type { NeighbourReport } from './neighbour.ts';

/** How the rest of the run went. */
interface Circumstances {
  readonly reports: readonly NeighbourReport[];
  /** Memory of the process at rest, in bytes: first after the warm-up, last at the end. */
  readonly atRest: readonly number[];
  /** Load averages of the machine over a minute: before and after. */
  readonly load: readonly [number, number];
  /** The longest that the runtime's own thread did nothing, in milliseconds. */
  readonly standstillMs: number;
  /** Defects of the host that no caller learnt of. */
  readonly faults: readonly string[];
}

export interface Tally {
  /** Counts one job; a text says why there is no result. */
  add(plugin: string, result: Result | string, expected: readonly Outcome[]): void;
  /** Prints everything. Answers whether all of it is as it must be. */
  print(circumstances: Circumstances): boolean;
}

/** How much more memory the process may have at rest at the end than after the warm-up. */
const mostGrowth = 1.1;
/** A deadline that comes early is always right. */
const always = new Set<string | undefined>(['deadline-exceeded', 'cancelled']);

function isRight({ error, output }: Result, expected: readonly Outcome[]): boolean {
  if (always.has(error?.code)) return true;
  return expected.some((each) => {
    if (each.code !== error?.code) return false;
    if (typeof each.output === 'string') return output === each.output;
    return each.output?.test(output) ?? true;
  });
}

const mebibytes = (bytes: number): string => `${Math.round(bytes / 1_048_576)} MiB`;

export function tallyOf(): Tally {
  let survived = 0;
  let contained = 0;
  const surprises = new Map<string, number>();

  function add(plugin: string, result: Result | string, expected: readonly Outcome[]): void {
    if (typeof result !== 'string' && isRight(result, expected)) {
      if (result.error) contained++;
      else survived++;
      return;
    }
    const what =
      typeof result === 'string'
        ? result
        : (result.error?.code ?? `success: ${JSON.stringify(result.output.slice(0, 60))}`);
    const key = `${plugin}: ${what}`;
    surprises.set(key, (surprises.get(key) ?? 0) + 1);
  }

  function print({ reports, atRest, load, standstillMs, faults }: Circumstances): boolean {
    const sum = (of: (report: NeighbourReport) => number) => reports.reduce((total, report) => total + of(report), 0);
    const [calls, right, wrong, lost] = [
      sum((r) => r.calls),
      sum((r) => r.right),
      sum((r) => r.wrong.length),
      sum((r) => r.restarts),
    ];
    const [first = 0, final = 0] = [atRest[0], atRest.at(-1)];
    const slowest = Math.round(Math.max(...reports.map((report) => report.longestMs)));
    const lines = [
      `hostile jobs: ${survived} ended well, ${contained} contained, ${[...surprises.values()].reduce((a, b) => a + b, 0)} surprising`,
      ...[...surprises].map(([what, times]) => `  ${times} x ${what}`),
      `neighbours: ${calls} calls, ${right} right, ${wrong} wrong, ${lost} threads lost, slowest ${slowest} ms`,
      ...reports.flatMap((report) => report.wrong.slice(0, 5)).map((what) => `  ${what}`),
      ...faults.map((fault) => `fault of the host: ${fault}`),
      `memory at rest: ${mebibytes(first)} after the warm-up, ${mebibytes(final)} at the end; from minute to minute ${atRest.map(mebibytes).join(', ')}`,
      `load of the machine: ${load.map((each) => each.toFixed(1)).join(' before, ')} after, on ${availableParallelism()} cores; the runtime's own thread stood still for ${Math.round(standstillMs)} ms at most`,
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
    return surprises.size + wrong + lost + faults.length === 0 && final < first * mostGrowth;
  }

  return { add, print };
}
