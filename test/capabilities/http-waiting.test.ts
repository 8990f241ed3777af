/** Waiting costs no thread: many jobs that wait for HTTP share two. The figure is `npm run bench -- --only waiting`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WasmExecutor } from '../../runtime/executor/wasm/wasm-executor.ts';
import { defaultLimits } from '../../runtime/model/limits.ts';
import { PluginUnderTest } from '../executor/plugin-under-test.ts';
import { testPlugin } from '../support/artifacts.ts';
import { type SlowServer, slowServer } from '../support/slow-server.ts';

const jobs = 1000;
const waitMs = 200;
const inFlight = 250;
const cacheFolder = mkdtempSync(join(tmpdir(), 'bulkhead-waiting-'));
let server: SlowServer;
let executor: WasmExecutor;

beforeAll(async () => {
  server = await slowServer(waitMs);
  executor = new WasmExecutor({
    threads: 2,
    cacheFolder,
    limits: defaultLimits,
    onLog: () => undefined,
    onFault: (what, error) => {
      throw new Error(what, { cause: error });
    },
  });
});
afterAll(async () => {
  await Promise.all([executor.close(), server.close()]);
  rmSync(cacheFolder, { recursive: true });
});

it('a thousand jobs that each wait 200 ms on HTTP take seconds, not minutes, on two threads', async () => {
  const plugin = await PluginUnderTest.admit(executor, testPlugin('net/http'));
  const grants = { http: [{ scheme: 'http', host: '127.0.0.1', port: server.port, privateAddresses: true }] } as const;
  const instances = Array.from({ length: inFlight }, () => plugin.instance('per-job', {}, grants));
  let left = jobs;
  const answers: string[] = [];
  const start = performance.now();
  await Promise.all(
    instances.map(async (instance) => {
      while (left-- > 0) {
        const outcome = await instance.run(plugin.call('run', `url http://127.0.0.1:${server.port}/`));
        answers.push(outcome.ok ? Buffer.from(outcome.output).toString() : outcome.error.message);
      }
    }),
  );
  // Generous, because a busy machine runs this beside other tests; one after the other they would take 200 s.
  expect(performance.now() - start).toBeLessThan(15_000);
  expect(answers).toHaveLength(jobs);
  expect(answers.filter((answer) => !answer.endsWith('ok'))).toEqual([]);
  await Promise.all(instances.map((instance) => instance.dispose()));
});
