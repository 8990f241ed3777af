/** One thread, no messages: transpiling, instantiating and calling a component, beside the raw WebAssembly API. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Compiler } from '../runtime/executor/wasm/compiler.ts';
import type { PluginCode } from '../runtime/executor/wasm/messages.ts';
import { addPlugin } from '../runtime/executor/wasm/thread/code.ts';
import { Guest } from '../runtime/executor/wasm/thread/guest.ts';
import { noGrants } from '../runtime/model/grant.ts';
import { defaultLimits } from '../runtime/model/limits.ts';
import { component as componentPath, testPlugin } from '../test/support/artifacts.ts';
import { type Bench, type BenchResult, compare, microsEach } from './harness.ts';

const facet = 'bulkhead:plugin/runner@0.1.0';

/** HelloArgs { name } with so many characters. */
function helloArgs(length: number): Uint8Array {
  const name = Buffer.alloc(length, 'x');
  const size =
    length < 128
      ? [length]
      : length < 16384
        ? [(length & 127) | 128, length >> 7]
        : [(length & 127) | 128, ((length >> 7) & 127) | 128, length >> 14];
  return Buffer.concat([Buffer.from([10, ...size]), name]);
}

/** The plugin's main module, instantiated by hand with imports that do nothing. */
function rawInstance(code: PluginCode): WebAssembly.Instance {
  const module = [...code.modules.values()]
    .map((core) => core.module)
    .find((each) =>
      (WebAssembly as unknown as ModuleApi).Module.exports(each).some(({ name }) => name === `${facet}#run`),
    );
  if (!module) throw new Error('no module exports run');
  const imports: Record<string, Record<string, unknown>> = {};
  for (const { module: from, name } of (WebAssembly as unknown as ModuleApi).Module.imports(module)) {
    imports[from] ??= {};
    // The meter's `refill` grants ticks, and its `grow` allows; any other import does nothing.
    imports[from][name] = from === 'bulkhead:meter' ? () => 1_000_000 : () => 0;
  }
  const instance = new WebAssembly.Instance(module, imports);
  const load = instance.exports[`${facet}#load`] as (settings: number, length: number) => number;
  load(1, 0);
  return instance;
}

interface ModuleApi {
  Module: {
    exports(module: WebAssembly.Module): { name: string; kind: string }[];
    imports(module: WebAssembly.Module): { module: string; name: string; kind: string }[];
  };
}

interface RawExports {
  memory: { buffer: ArrayBuffer };
  cabi_realloc(old: number, oldSize: number, align: number, size: number): number;
  [name: string]: unknown;
}

/** Calls `run` the way hand-written glue would: copy in, call, copy out, free. */
function rawCall(exports: RawExports, args: Uint8Array): Uint8Array {
  const run = exports[`${facet}#run`] as (...args: number[]) => number;
  const free = exports[`cabi_post_${facet}#run`] as (result: number) => void;
  const place = exports.cabi_realloc(0, 0, 1, args.byteLength);
  new Uint8Array(exports.memory.buffer).set(args, place);
  const result = run(place, args.byteLength, 4, 0, 0, 0, 0);
  const view = new DataView(exports.memory.buffer);
  const [from, length] = [view.getUint32(result + 4, true), view.getUint32(result + 8, true)];
  const output = new Uint8Array(exports.memory.buffer.slice(from, from + length));
  free(result);
  return output;
}

async function transpiling(bytes: Uint8Array): Promise<BenchResult> {
  const cold = async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bulkhead-bench-'));
    const compiler = new Compiler(folder, defaultLimits);
    await compiler.compile(new Uint8Array([...bytes.subarray(0, 8), ...bytes.subarray(8)]));
    const start = performance.now();
    // A second component, one custom section longer, so that the thread is warm and the cache is not.
    await compiler.compile(Buffer.concat([bytes, Buffer.from([0, 2, 1, 120])]));
    const millis = performance.now() - start;
    await compiler.close();
    rmSync(folder, { recursive: true });
    return millis;
  };
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-bench-'));
  const compiler = new Compiler(folder, defaultLimits);
  await compiler.compile(bytes);
  const cached = async () => (await microsEach(10, () => compiler.compile(bytes))) / 1000;
  const result = await compare('transpile and compile (baseline: from the cache)', 'ms', 3, {
    value: cold,
    baseline: cached,
  });
  await compiler.close();
  rmSync(folder, { recursive: true });
  return result;
}

async function warmCalls(digest: string, raw: WebAssembly.Instance): Promise<BenchResult[]> {
  const guest = new Guest({ digest, limits: defaultLimits, grants: noGrants }, () => undefined);
  await guest.call((exports) => exports.load(new Uint8Array()));
  const rawExports = raw.exports as unknown as RawExports;
  const results: BenchResult[] = [];
  for (const [label, size, count] of [
    ['1 KiB', 1024, 3000],
    ['64 KiB', 65_536, 500],
  ] as const) {
    const args = helloArgs(size);
    if (
      Buffer.compare(
        rawCall(rawExports, args),
        (await guest.call((exports) => exports.run(args, [], undefined)))[0].val as Uint8Array,
      ) !== 0
    ) {
      throw new Error('the raw call and the glue disagree');
    }
    results.push(
      await compare(`warm call, ${label} (baseline: the raw export)`, 'us', 7, {
        value: () => microsEach(count, () => guest.call((exports) => exports.run(args, [], undefined))),
        baseline: () => microsEach(count, () => rawCall(rawExports, args)),
      }),
    );
  }
  guest.dispose();
  return results;
}

/** A job on fresh state by reset, beside the warm call alone and beside a new instance for each job. */
async function resets(digest: string, who: string, args: Uint8Array): Promise<BenchResult[]> {
  const call = (guest: Guest) => guest.call((exports) => exports.run(args, [], undefined));
  const loaded = async () => {
    const guest = new Guest({ digest, limits: defaultLimits, grants: noGrants }, () => undefined);
    await guest.call((exports) => exports.load(new Uint8Array()));
    return guest;
  };
  const [kept, fresh] = [await loaded(), await loaded()];
  fresh.capture();
  const withReset = () =>
    microsEach(2000, async () => {
      await call(fresh);
      if (!fresh.reset()) throw new Error('the instance could not be reset');
    });
  const oneEach = async () => {
    const guest = await loaded();
    await call(guest);
    guest.dispose();
  };
  const results = [
    await compare(`call and reset, ${who} (baseline: the warm call)`, 'us', 7, {
      value: withReset,
      baseline: () => microsEach(2000, () => call(kept)),
    }),
    await compare(`a new instance each, ${who} (baseline: call and reset)`, 'us', 5, {
      value: () => microsEach(200, oneEach),
      baseline: async () => {
        // The garbage of the instances before is theirs: it is collected while this one is not counted.
        await withReset();
        return withReset();
      },
    }),
  ];
  kept.dispose();
  fresh.dispose();
  return results;
}

export const component: Bench = {
  name: 'component',
  about: 'one thread, no messages',
  async run() {
    const bytes = readFileSync(componentPath('hello'));
    const folder = mkdtempSync(join(tmpdir(), 'bulkhead-bench-'));
    const compiler = new Compiler(folder, defaultLimits);
    const { code } = await compiler.compile(bytes);
    addPlugin(code);
    // Built without the SDK, and so with Rust's own stack of 1 MiB. It answers its arguments.
    const { code: foreign } = await compiler.compile(readFileSync(testPlugin('hostile/loop-in-cancel')));
    addPlugin(foreign);
    const instantiate = await compare('instantiate (baseline: raw WebAssembly.Instance)', 'us', 7, {
      value: () =>
        microsEach(300, () =>
          new Guest({ digest: code.digest, limits: defaultLimits, grants: noGrants }, () => undefined).dispose(),
        ),
      baseline: () => microsEach(300, () => rawInstance(code)),
    });
    const results = [
      await transpiling(bytes),
      instantiate,
      ...(await warmCalls(code.digest, rawInstance(code))),
      ...(await resets(code.digest, 'hello', helloArgs(1024))),
      ...(await resets(foreign.digest, 'foreign', Buffer.alloc(1024, 'x'))),
    ];
    await compiler.close();
    rmSync(folder, { recursive: true });
    return results;
  },
};
