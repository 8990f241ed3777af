/** `npm run bench [-- --only NAME] [-- --json FILE]`: runs the benchmarks and prints figures with ratios. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { cli } from './cli.ts';
import { component } from './component.ts';
import { edge } from './edge.ts';
import { ends } from './ends.ts';
import { grpc } from './grpc.ts';
import type { Bench, BenchResult } from './harness.ts';
import { memory } from './memory.ts';
import { meter } from './meter.ts';
import { network } from './network.ts';
import { pool } from './pool.ts';
import { queues } from './queues.ts';
import { streams } from './streams.ts';
import { telemetry } from './telemetry.ts';
import { waiting } from './waiting.ts';

const benches: readonly Bench[] = [
  component,
  meter,
  pool,
  ends,
  grpc,
  edge,
  queues,
  streams,
  memory,
  waiting,
  telemetry,
  network,
  cli,
];

function row({ name, value, unit, baseline, ratio }: BenchResult): string {
  const figure = (n: number) => (n >= 100 ? n.toFixed(0) : n.toPrecision(3)).padStart(9);
  return `  ${name.padEnd(52)}${figure(value)} ${unit.padEnd(7)} baseline${figure(baseline)}   ratio ${ratio.toFixed(2)}`;
}

const { values: options } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'string' } } });
const chosen = benches.filter((bench) => options.only === undefined || bench.name === options.only);
if (chosen.length === 0) {
  console.error(
    `--only ${options.only}: there is no such benchmark; there are: ${benches.map(({ name }) => name).join(', ')}`,
  );
  process.exit(2);
}
const results: BenchResult[] = [];
for (const bench of chosen) {
  console.log(`${bench.name}: ${bench.about}`);
  for (const result of await bench.run()) {
    console.log(row(result));
    results.push(result);
  }
}
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, undefined, 2)}\n`);
process.exit(0);
