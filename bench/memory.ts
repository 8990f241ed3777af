/** Memory: what a live instance costs, and whether instances that end leave something behind. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BulkheadError } from '../runtime/errors.ts';
import { Compiler } from '../runtime/executor/wasm/compiler.ts';
import { addPlugin } from '../runtime/executor/wasm/thread/code.ts';
import { Guest } from '../runtime/executor/wasm/thread/guest.ts';
import { noGrants } from '../runtime/model/grant.ts';
import { defaultLimits } from '../runtime/model/limits.ts';
import { component } from '../test/support/artifacts.ts';
import type { Bench, BenchResult } from './harness.ts';

const live = 1000;
const rounds = 100;
const perRound = 1000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Resident memory in bytes, after the collector has had its chances. */
async function resident(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return process.memoryUsage().rss;
}

async function load(name: string): Promise<() => Promise<Guest>> {
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-bench-'));
  const compiler = new Compiler(folder, defaultLimits);
  const { code } = await compiler.compile(readFileSync(component(name)));
  await compiler.close();
  rmSync(folder, { recursive: true });
  addPlugin(code);
  return async () => {
    const guest = new Guest({ digest: code.digest, limits: defaultLimits, grants: noGrants }, () => undefined);
    await guest.call((exports) => exports.load(new Uint8Array()));
    return guest;
  };
}

/** Bytes of each of a thousand live instances of the hello plugin. */
async function perInstance(): Promise<BenchResult> {
  const make = await load('hello');
  (await make()).dispose();
  const before = await resident();
  const guests: Guest[] = [];
  for (let i = 0; i < live; i++) guests.push(await make());
  const bytes = (await resident()) - before;
  for (const guest of guests) guest.dispose();
  const value = bytes / live / 1024;
  return { name: `a live instance of hello, of ${live}`, unit: 'KiB', value, baseline: 300, ratio: value / 300 };
}

/** Makes instances that wait, ends them, and drops them. */
async function suspendAndDrop(make: () => Promise<Guest>, count: number): Promise<void> {
  const ended = new BulkheadError('cancelled', 'ended by the bench');
  const guests = await Promise.all(Array.from({ length: 20 }, make));
  for (let done = 0; done < count; done += guests.length) {
    await Promise.all(
      guests.map(async (_, place) => {
        const guest = await make();
        // StreamArgs of the guide's plugin: it waits 100 ms before its first chunk.
        await guest.call((exports) => exports.beginStream(Uint8Array.from([10, 1, 120]), [], undefined));
        const waiting = guest.call((exports) => exports.receiveStream()).catch(() => undefined);
        setImmediate(() => guest.end(ended));
        await waiting;
        guest.dispose();
        guests[place] = guest;
      }),
    );
  }
}

/** Resident memory after many instances against after the first tenth of them. */
async function afterMany(): Promise<BenchResult> {
  const make = await load('guide');
  await suspendAndDrop(make, (rounds / 10) * perRound);
  const baseline = (await resident()) / 1024 / 1024;
  for (let round = rounds / 10; round < rounds; round++) await suspendAndDrop(make, perRound);
  const value = (await resident()) / 1024 / 1024;
  const name = `after ${rounds * perRound} suspended, cancelled, dropped (baseline: a tenth)`;
  return { name, unit: 'MiB', value, baseline, ratio: value / baseline };
}

export const memory: Bench = {
  name: 'memory',
  about: 'what instances cost and leave behind (baseline of the first: the aim of 300 KiB)',
  run: async () => [await perInstance(), await afterMany()],
};
