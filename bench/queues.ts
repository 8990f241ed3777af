/** NO_RESULT enqueues by queue type, and memory after very many jobs; beside a bare grpc-js echo. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WireClient } from '../runtime/api/client.ts';
import { WireSchema } from '../runtime/api/schema.ts';
import { type RunningApp, startApp } from '../runtime/app.ts';
import { QueueType } from '../runtime/model/messages.gen.ts';
import { bareClient, bareServer, enqueueOnce } from './bare.ts';
import { type Bench, compare, pluginFolder } from './harness.ts';

/** Jobs of one burst: fewer than a channel holds. */
const burst = 5000;
const inFlight = 64;

async function startHost(folder: string): Promise<RunningApp> {
  return startApp({
    listen: { host: '127.0.0.1', port: 0 },
    pluginFolders: [pluginFolder(folder, 'hello')],
    database: join(folder, 'jobs.sqlite'),
    threads: 1,
    cacheFolder: join(folder, 'cache'),
    defaultConcurrency: 16,
    onLog: () => undefined,
  });
}

/** Enqueues a second in a burst. */
async function burstRate(port: number, request: Buffer): Promise<number> {
  const client = bareClient(port);
  let left = burst;
  const start = performance.now();
  const loop = async (): Promise<void> => {
    while (left-- > 0) await enqueueOnce(client, request);
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
  client.close();
  return (burst * 1000) / (performance.now() - start);
}

export const queues: Bench = {
  name: 'queues',
  about: `NO_RESULT, bursts of ${burst} at ${inFlight} in flight, 64 bytes; the jobs run meanwhile (baseline: a bare grpc-js echo)`,
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'bulkhead-bench-'));
    const app = await startHost(folder);
    const echo = await bareServer();
    const client = new WireClient(`127.0.0.1:${app.port}`);
    const runner = await client.unary('jobworkerp.service.RunnerService', 'FindByName', { name: 'Hello' });
    const codec = new WireSchema().codec('jobworkerp.service.JobRequest');
    const args = Buffer.concat([Buffer.from([10, 62]), Buffer.alloc(62, 'x')]);
    const drained = async (): Promise<void> => {
      while ((await client.unary('jobworkerp.service.JobService', 'Count', {})).total > 0n)
        await new Promise((resolve) => setTimeout(resolve, 50));
    };
    const results = [];
    for (const [name, queue_type] of Object.entries(QueueType)) {
      const data = { name, queue_type, runner_id: { value: runner.data?.id?.value ?? 0n } };
      await client.unary('jobworkerp.service.WorkerService', 'Create', data);
      const request = Buffer.from(codec.encode({ worker_name: name, args } as never));
      results.push(
        await compare(`NO_RESULT, ${name}`, 'jobs/s', 3, {
          value: async () => {
            const rate = await burstRate(app.port, request);
            await drained();
            return rate;
          },
          baseline: () => burstRate(echo.port, request),
        }),
      );
    }
    client.close();
    echo.stop();
    await app.close();
    rmSync(folder, { recursive: true });
    return results;
  },
};
