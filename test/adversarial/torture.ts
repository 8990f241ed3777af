/**
 * `npm run torture -- [minutes] [seed] [pattern]`: hostile jobs in random mixes on two threads, beside well-behaved
 * neighbours; only those whose plugin matches the pattern, where one is given.
 *
 * Prints what came of it. Exit code 1 where a neighbour got a wrong result or none, where a hostile job ended in
 * another way than it must or not at all, where a thread was lost, or where memory grew by more than a tenth.
 *
 * Memory is the resident set of the process at rest: once a minute the attackers pause and the garbage is collected in
 * all threads, because how much waits for the collector says nothing. The first third of the run is the warm-up: until
 * then V8 compiles and optimises the code of all plugins, and the allocator's arenas grow to what the worst mixes need;
 * both stay. What is compared is the first rest after it and the last one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { AdmittedPlugin } from '../../runtime/executor/executor.ts';
import { WasmExecutor } from '../../runtime/executor/wasm/wasm-executor.ts';
import { noGrants } from '../../runtime/model/grant.ts';
import { collectInThreads } from '../support/thread-debugger.ts';
import { type Attack, commit, hostilePlugin, type Outcome, type Result } from './attack.ts';
import { tightLimits } from './limits.ts';
import { answers } from './module-answers.ts';
import { runs, states } from './module-cases.ts';
import { Neighbour, pause } from './neighbour.ts';
import { ends, escapes, feeds, floods, loops, waits } from './running-cases.ts';
import { type Tally, tallyOf } from './torture-tally.ts';
import { writeWatPlugin } from './wat-plugin.ts';

const attackers = 6;
const neighbours = 4;
/** How long after its deadline a job may at most end, in milliseconds, on a machine that does nothing else. */
const grace = 10_000;

/** How long the attackers strike between two rests, in milliseconds. */
const strikeMs = 60_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** The resident set once nothing is left to collect, in bytes. */
async function memoryAtRest(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    await collectInThreads();
    collect();
    await pause(200);
  }
  return process.memoryUsage.rss();
}

interface Victim {
  readonly attack: Attack;
  readonly plugin: AdmittedPlugin;
  readonly expected: readonly Outcome[];
}

/** A generator of numbers below 1, the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Everything that is there to be run: the jobs of Rust plugins and of modules. */
async function admitAll(executor: WasmExecutor, folder: string): Promise<Victim[]> {
  const victims: Victim[] = [];
  for (const test of [...loops, ...waits, ...floods, ...ends, ...escapes, ...feeds]) {
    victims.push({ attack: test, plugin: await executor.admit(hostilePlugin(test.plugin)), expected: [test.expect] });
  }
  for (const test of [...runs, ...answers, ...states].filter(({ refused }) => !refused)) {
    const path = await writeWatPlugin(folder, test);
    victims.push({
      attack: { ...test, plugin: test.does },
      plugin: await executor.admit(path),
      expected: test.jobs ?? [{}],
    });
  }
  return victims;
}

/** Waits for so long that this thread was awake, in milliseconds: while the machine stands still, no job can end. */
async function patience(millis: number): Promise<void> {
  for (let step = 0; step < millis / 100; step++) await pause(100);
}

/** Runs one hostile job. Its deadline is a random one, so ending there is always right. */
async function strike(executor: WasmExecutor, victim: Victim, random: () => number, tally: Tally): Promise<void> {
  const isolation = random() < 0.5 ? 'per-job' : 'kept';
  const settings = Buffer.from(victim.attack.settings ?? '');
  const instance = executor.instance({ plugin: victim.plugin, settings, grants: noGrants, isolation });
  const attack = { ...victim.attack, deadline: Math.floor(20 + random() * 480) };
  const stuck = patience(attack.deadline + grace).then(() => 'never ended');
  const ended = commit(attack, instance).catch((error: unknown) => `threw ${String(error)}`);
  const result: Result | string = await Promise.race([ended, stuck]);
  tally.add(attack.plugin, result, victim.expected);
  await Promise.race([instance.dispose(), pause(grace)]);
}

async function torture(minutes: number, seed: number, pattern: RegExp, folder: string): Promise<boolean> {
  const ignore = (): void => undefined;
  const faults: string[] = [];
  const executor = new WasmExecutor({
    ...{ threads: 2, cacheFolder: folder, limits: tightLimits, onLog: ignore },
    onFault: (what, error) => faults.push(`${what}: ${String(error)}`),
  });
  const victims = (await admitAll(executor, folder)).filter(({ attack }) => pattern.test(attack.plugin));
  const beside = await Promise.all(Array.from({ length: neighbours }, () => Neighbour.beside(executor)));
  const random = randomFrom(seed);
  const tally = tallyOf();
  const until = (end: number) => async (): Promise<void> => {
    while (performance.now() < end) {
      await strike(executor, victims[Math.floor(random() * victims.length)] as Victim, random, tally);
    }
  };
  const phase = (end: number) => Promise.all(Array.from({ length: attackers }, until(end)));
  const standstill = monitorEventLoopDelay();
  standstill.enable();
  const [start, length, loadBefore] = [performance.now(), minutes * 60_000, loadavg()[0] ?? 0];
  await phase(start + length / 3);
  const atRest = [await memoryAtRest()];
  while (performance.now() < start + length) {
    await phase(Math.min(performance.now() + strikeMs, start + length));
    atRest.push(await memoryAtRest());
  }
  const reports = await Promise.all(beside.map((neighbour) => neighbour.report()));
  await Promise.all(beside.map((neighbour) => neighbour.stop()));
  await executor.close();
  return tally.print({
    reports,
    atRest,
    load: [loadBefore, loadavg()[0] ?? 0],
    standstillMs: standstill.max / 1e6,
    faults,
  });
}

const minutes = Number(process.argv[2] ?? 1);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
process.stdout.write(`torture for ${minutes} minutes, seed ${seed}\n`);
const folder = mkdtempSync(join(tmpdir(), 'bulkhead-torture-'));
try {
  process.exitCode = (await torture(minutes, seed, new RegExp(process.argv[4] ?? ''), folder)) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}
