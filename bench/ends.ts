/**
 * How long it takes to end a job that computes for ever, with both threads busy, and what its neighbours notice.
 *
 * Each thread has an endless loop besides, for as long as it takes. Late is from the moment of the deadline or of the
 * cancel until the caller has the result; the aim is 10 ms for 99 of 100. Its baseline is how late the machine itself is
 * meanwhile: a timer, and a message to a bare piscina thread without work and back. For the CPU budget it is what the job
 * had more than that, beside the aim. A neighbour is a kept instance of hello, called without a pause in one of the
 * threads; its baseline is the same call before there were loops.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BulkheadError } from '../runtime/errors.ts';
import type { AdmittedPlugin, PluginInstance } from '../runtime/executor/executor.ts';
import { WasmExecutor } from '../runtime/executor/wasm/wasm-executor.ts';
import type { MethodCall } from '../runtime/model/call.ts';
import { noGrants } from '../runtime/model/grant.ts';
import { defaultLimits, type Limits } from '../runtime/model/limits.ts';
import { component, testPlugin } from '../test/support/artifacts.ts';
import { type Bench, type BenchResult, quantile } from './harness.ts';
import { barePool } from './pool.ts';

const threads = 2;
const rounds = 300;
/** What is promised of the 99th of 100, in milliseconds. */
const aim = 10;
/** How long a job may compute before it is ended, in milliseconds. */
const lifetime = 40;

/** HelloArgs: name "x". */
const helloArgs = Uint8Array.from([10, 1, 120]);
let lastJob = 0n;

function callOf(args: Uint8Array, deadline?: number): MethodCall {
  const job = { jobId: ++lastJob, workerName: 'bench', attempt: 1, ...(deadline !== undefined && { deadline }) };
  return { job, args, metadata: {} };
}

class Scene {
  readonly #executor: WasmExecutor;
  readonly #spin: AdmittedPlugin;
  readonly #hello: AdmittedPlugin;

  private constructor(executor: WasmExecutor, spin: AdmittedPlugin, hello: AdmittedPlugin) {
    this.#executor = executor;
    this.#spin = spin;
    this.#hello = hello;
  }

  static async set(cacheFolder: string): Promise<Scene> {
    const executor = new WasmExecutor({
      threads,
      cacheFolder,
      limits: defaultLimits,
      onLog: () => undefined,
      onFault: (what, error) => {
        throw new Error(what, { cause: error });
      },
    });
    const [spin, hello] = [await executor.admit(testPlugin('spin')), await executor.admit(component('hello'))];
    return new Scene(executor, spin, hello);
  }

  /** Instances are spread over the threads, one after the other. */
  loop(limits: Partial<Limits> = {}): PluginInstance {
    return this.#kept(this.#spin, { ...defaultLimits, ...limits });
  }

  neighbour(): PluginInstance {
    return this.#kept(this.#hello, defaultLimits);
  }

  close(): Promise<void> {
    return this.#executor.close();
  }

  #kept(plugin: AdmittedPlugin, limits: Limits): PluginInstance {
    return this.#executor.instance({ plugin, settings: new Uint8Array(), grants: noGrants, limits, isolation: 'kept' });
  }
}

/** How late a timer and a message there and back are, again and again until `stop`, in milliseconds. */
async function machineLate(stop: AbortSignal): Promise<number[]> {
  const bare = barePool(1);
  const late: number[] = [];
  while (!stop.aborted) {
    const due = performance.now() + lifetime;
    await new Promise((resolve) => setTimeout(resolve, lifetime));
    await bare.run({ args: helloArgs });
    late.push(performance.now() - due);
  }
  await bare.destroy();
  return late;
}

/** Calls until `stop`; answers how long each call took, in milliseconds. */
async function latencies(instance: PluginInstance, stop: AbortSignal): Promise<number[]> {
  const took: number[] = [];
  while (!stop.aborted) {
    const start = performance.now();
    const outcome = await instance.run(callOf(helloArgs));
    if (!outcome.ok) throw new Error(outcome.error.message);
    took.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return took;
}

/** Ends a loop by its deadline, as dispatch does: the thread looks at it, and is told. Answers how late it was. */
async function byDeadline(instance: PluginInstance): Promise<number> {
  const stop = new AbortController();
  const deadline = Date.now() + lifetime;
  const due = performance.now() + lifetime;
  const timer = setTimeout(() => stop.abort(new BulkheadError('deadline-exceeded', 'late')), lifetime);
  const outcome = await instance.run(callOf(new Uint8Array(), deadline), { signal: stop.signal });
  clearTimeout(timer);
  return lateBy('deadline-exceeded', outcome, performance.now() - due);
}

async function byCancel(instance: PluginInstance): Promise<number> {
  const stop = new AbortController();
  let cancelledAt = 0;
  setTimeout(() => {
    cancelledAt = performance.now();
    stop.abort();
  }, lifetime);
  const outcome = await instance.run(callOf(new Uint8Array()), { signal: stop.signal });
  return lateBy('cancelled', outcome, performance.now() - cancelledAt);
}

async function byBudget(instance: PluginInstance): Promise<number> {
  const outcome = await instance.run(callOf(new Uint8Array()));
  return lateBy('limit-cpu', outcome, (outcome.usage?.cpuMs ?? Number.POSITIVE_INFINITY) - lifetime);
}

function lateBy(code: string, outcome: Awaited<ReturnType<PluginInstance['run']>>, millis: number): number {
  if (outcome.ok || outcome.error.code !== code)
    throw new Error(`the loop ended otherwise: ${JSON.stringify(outcome)}`);
  return millis;
}

/** One loop at a time in each thread. */
async function endings(scene: Scene, way: (instance: PluginInstance) => Promise<number>): Promise<number[]> {
  const late: number[] = [];
  const lane = async () => {
    const instance = scene.loop({ cpuMs: way === byBudget ? lifetime : defaultLimits.cpuMs });
    while (late.length < rounds) late.push(await way(instance));
    await instance.dispose();
  };
  await Promise.all(Array.from({ length: threads }, lane));
  return late;
}

function rows(name: string, values: readonly number[], baseline: (q: number) => number): BenchResult[] {
  return [0.5, 0.99].map((q) => {
    const value = quantile(values, q);
    return { name: `${name}, p${q * 100}`, unit: 'ms', value, baseline: baseline(q), ratio: value / baseline(q) };
  });
}

async function measure(scene: Scene): Promise<BenchResult[]> {
  const neighbour = scene.neighbour();
  const quiet = await latencies(neighbour, AbortSignal.timeout(1000));
  const stop = new AbortController();
  const background = Array.from({ length: threads }, () =>
    scene.loop().run(callOf(new Uint8Array()), { signal: stop.signal }),
  );
  const noticed = latencies(neighbour, stop.signal);
  const machine = machineLate(stop.signal);
  const deadline = await endings(scene, byDeadline);
  const cancel = await endings(scene, byCancel);
  const budget = await endings(scene, byBudget);
  stop.abort();
  await Promise.all(background);
  const late = await machine;
  return [
    ...rows(`late after its deadline (aim ${aim})`, deadline, (q) => quantile(late, q)),
    ...rows(`late after a cancel (aim ${aim})`, cancel, (q) => quantile(late, q)),
    ...rows('CPU time above its budget (baseline: aim)', budget, () => aim),
    ...rows('a neighbour meanwhile (baseline: no loops)', await noticed, (q) => quantile(quiet, q)),
  ];
}

export const ends: Bench = {
  name: 'ends',
  about: `ending endless loops with ${threads} busy threads (baseline: a timer and a bare message meanwhile)`,
  async run() {
    const cacheFolder = mkdtempSync(join(tmpdir(), 'bulkhead-bench-'));
    const scene = await Scene.set(cacheFolder);
    try {
      return await measure(scene);
    } finally {
      await scene.close();
      rmSync(cacheFolder, { recursive: true });
    }
  },
};
