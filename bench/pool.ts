/** Across threads: a job through the pool of plugin threads, beside a bare piscina round trip. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { InstanceSpec, PluginInstance } from '../runtime/executor/executor.ts';
import { WasmExecutor } from '../runtime/executor/wasm/wasm-executor.ts';
import { noGrants } from '../runtime/model/grant.ts';
import { defaultLimits } from '../runtime/model/limits.ts';
import { component } from '../test/support/artifacts.ts';
import { type Bench, type BenchResult, compare, ratePerSecond } from './harness.ts';

const args = Buffer.concat([Buffer.from([10, 128, 8]), Buffer.alloc(1024, 'x')]);
const millis = 700;

/** A fault that no caller learns of must not pass for success. */
function fail(what: string, error: unknown): never {
  throw new Error(what, { cause: error });
}

/** A pool whose task answers its input. */
export function barePool(threads: number): Piscina {
  return new Piscina({
    filename: fileURLToPath(new URL('./echo-task.ts', import.meta.url)),
    minThreads: threads,
    maxThreads: threads,
    concurrentTasksPerWorker: 64,
    atomics: 'disabled',
    recordTiming: false,
  });
}

function runner(instances: readonly PluginInstance[]): () => Promise<unknown> {
  const free = [...instances];
  let job = 0n;
  return async () => {
    const instance = free.pop();
    if (!instance) throw new Error('more in flight than there are instances');
    const outcome = await instance.run({ job: { jobId: ++job, workerName: 'bench', attempt: 1 }, args, metadata: {} });
    if (!outcome.ok) throw new Error(outcome.error.message);
    free.push(instance);
  };
}

export const pool: Bench = {
  name: 'pool',
  about: 'a job through the plugin threads, 1 KiB in and out (baseline: a bare piscina round trip)',
  async run() {
    const cacheFolder = mkdtempSync(join(tmpdir(), 'bulkhead-bench-'));
    const executor = new WasmExecutor({
      threads: 1,
      cacheFolder,
      limits: defaultLimits,
      onLog: () => undefined,
      onFault: fail,
    });
    const plugin = await executor.admit(component('hello'));
    const bare = barePool(1);
    const results: BenchResult[] = [];
    for (const isolation of ['kept', 'per-job'] as const) {
      for (const inFlight of [1, 16]) {
        const spec: InstanceSpec = { plugin, settings: new Uint8Array(), grants: noGrants, isolation };
        const instances = Array.from({ length: inFlight }, () => executor.instance(spec));
        results.push(
          await compare(`pool, ${isolation}, ${inFlight} in flight, 1 thread`, 'jobs/s', 3, {
            value: () => ratePerSecond(inFlight, millis, runner(instances)),
            baseline: () => ratePerSecond(inFlight, millis, () => bare.run({ args })),
          }),
        );
        await Promise.all(instances.map((instance) => instance.dispose()));
      }
    }
    await Promise.all([executor.close(), bare.destroy()]);
    rmSync(cacheFolder, { recursive: true });
    return results;
  },
};
