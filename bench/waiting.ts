/** Jobs that wait: a thousand of one plugin, each 200 ms on HTTP, beside as many requests by Node itself. */
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InstanceSpec } from '../runtime/executor/executor.ts';
import { WasmExecutor } from '../runtime/executor/wasm/wasm-executor.ts';
import { defaultLimits } from '../runtime/model/limits.ts';
import { testPlugin } from '../test/support/artifacts.ts';
import { slowServer } from '../test/support/slow-server.ts';
import { type Bench, type BenchResult, compare } from './harness.ts';

const jobs = 1000;
const waitMs = 200;

/** Runs all jobs, so many at a time; answers the milliseconds. */
async function timed(inFlight: number, work: (lane: number) => Promise<void>): Promise<number> {
  let left = jobs;
  const start = performance.now();
  const loop = async (lane: number): Promise<void> => {
    while (left-- > 0) await work(lane);
  };
  await Promise.all(Array.from({ length: inFlight }, (_, lane) => loop(lane)));
  return performance.now() - start;
}

/** A request by Node, with a connection of its own, as a plugin's has. */
function plainly(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, agent: false }, (response) => {
      response.resume().once('end', resolve);
    });
    sent.once('error', reject).end();
  });
}

export const waiting: Bench = {
  name: 'waiting',
  about: `${jobs} jobs that each wait ${waitMs} ms on HTTP, 2 threads (baseline: requests by Node, 1 thread)`,
  async run() {
    const cacheFolder = mkdtempSync(join(tmpdir(), 'bulkhead-bench-'));
    const server = await slowServer(waitMs);
    const executor = new WasmExecutor({
      threads: 2,
      cacheFolder,
      limits: defaultLimits,
      onLog: () => undefined,
      onFault: (what, error) => {
        throw new Error(what, { cause: error });
      },
    });
    const plugin = await executor.admit(testPlugin('net/http'));
    const args = Buffer.from(`url http://127.0.0.1:${server.port}/`);
    const http = [{ scheme: 'http', host: '127.0.0.1', port: server.port, privateAddresses: true }] as const;
    const spec: InstanceSpec = { plugin, settings: new Uint8Array(), grants: { http }, isolation: 'per-job' };
    let jobId = 0n;
    const results: BenchResult[] = [];
    for (const inFlight of [250, 500, 1000]) {
      const instances = Array.from({ length: inFlight }, () => executor.instance(spec));
      const work = async (lane: number) => {
        const job = { jobId: ++jobId, workerName: 'bench', attempt: 1 };
        const outcome = await instances[lane]?.run({ job, args, metadata: {} });
        if (!outcome?.ok) throw new Error(`a job failed: ${JSON.stringify(outcome?.error)}`);
        if (!Buffer.from(outcome.output).toString().endsWith('ok')) throw new Error(`a job answered ${outcome.output}`);
      };
      results.push(
        await compare(`waiting jobs, ${inFlight} in flight`, 'ms', 3, {
          value: () => timed(inFlight, work),
          baseline: () => timed(inFlight, () => plainly(server.port)),
        }),
      );
      await Promise.all(instances.map((instance) => instance.dispose()));
    }
    await Promise.all([executor.close(), server.close()]);
    rmSync(cacheFolder, { recursive: true });
    return results;
  },
};
