/** What watching costs: the same DIRECT job on a server that is measured, or traced, and on one that is not. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WireClient } from '../runtime/api/client.ts';
import { WireSchema } from '../runtime/api/schema.ts';
import { type AppOptions, startApp } from '../runtime/app.ts';
import { ResponseType } from '../runtime/model/messages.gen.ts';
import { runnerIdOf } from '../runtime/plugins/registry.ts';
import { bareClient, enqueueOnce } from './bare.ts';
import { type Bench, type BenchResult, compare, pluginFolder, ratePerSecond } from './harness.ts';

const inFlight = 64;
const millis = 400;
const rounds = 11;

/** A server under load, and how to end it. */
interface Loaded {
  rate(): Promise<number>;
  stop(): Promise<void>;
}

async function start(folder: string, watching: Pick<AppOptions, 'metrics' | 'tracing'>): Promise<Loaded> {
  const app = await startApp({
    listen: { host: '127.0.0.1', port: 0 },
    pluginFolders: [join(folder, 'plugins')],
    database: ':memory:',
    threads: 1,
    cacheFolder: join(folder, 'cache'),
    defaultConcurrency: inFlight,
    onLog: () => undefined,
    ...watching,
  });
  const admin = new WireClient(`127.0.0.1:${app.port}`);
  await admin.unary('jobworkerp.service.WorkerService', 'Create', {
    name: 'hello',
    runner_id: { value: runnerIdOf('Hello') },
    response_type: ResponseType.DIRECT,
  });
  admin.close();
  const args = Buffer.concat([Buffer.from([10, 128, 8]), Buffer.alloc(1024, 'x')]);
  const request = Buffer.from(
    new WireSchema().codec('jobworkerp.service.JobRequest').encode({ worker_name: 'hello', args }),
  );
  const client = bareClient(app.port);
  return {
    rate: () => ratePerSecond(inFlight, millis, () => enqueueOnce(client, request)),
    stop: async () => {
      client.close();
      await app.close();
    },
  };
}

export const telemetry: Bench = {
  name: 'telemetry',
  about: `a DIRECT job over gRPC, ${inFlight} in flight, watched (baseline: not watched); client, server and collector share the machine`,
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'bulkhead-bench-'));
    pluginFolder(folder, 'hello');
    const collector = createServer((request, response) => {
      request.resume().on('end', () => response.end('{}'));
    });
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/traces`;
    const metrics = { host: '127.0.0.1', port: 0 };
    const kinds: readonly (readonly [string, Pick<AppOptions, 'metrics' | 'tracing'>])[] = [
      ['another one, not watched', {}],
      ['metrics', { metrics }],
      ['traces, one in a thousand', { tracing: { endpoint, oneIn: 1000 } }],
      ['traces, all', { tracing: { endpoint } }],
      ['metrics and all traces', { metrics, tracing: { endpoint } }],
    ];
    const plain = await start(folder, {});
    const results: BenchResult[] = [];
    for (const [name, watching] of kinds) {
      const watched = await start(folder, watching);
      results.push(await compare(name, 'jobs/s', rounds, { value: watched.rate, baseline: plain.rate }));
      await watched.stop();
    }
    await plain.stop();
    collector.close();
    rmSync(folder, { recursive: true });
    return results;
  },
};
