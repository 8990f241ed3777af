/** The whole path: a DIRECT job over gRPC, beside a bare grpc-js server that answers what it is sent. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials, Server, ServerCredentials } from '@grpc/grpc-js';
import { WireClient } from '../runtime/api/client.ts';
import { WireSchema } from '../runtime/api/schema.ts';
import { startApp } from '../runtime/app.ts';
import { ResponseType } from '../runtime/model/messages.gen.ts';
import { runnerIdOf } from '../runtime/plugins/registry.ts';
import { type Bench, type BenchResult, compare, pluginFolder, quantile, ratePerSecond } from './harness.ts';

const millis = 1000;
const path = '/jobworkerp.service.JobService/Enqueue';
const asIs = (bytes: Buffer): Buffer => bytes;

/** A server with one unary method at the path of Enqueue. */
async function bareEcho(): Promise<{ port: number; stop(): void }> {
  const server = new Server();
  const method = {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  } as const;
  server.addService(
    { Enqueue: method },
    {
      Enqueue: (call: { request: Buffer }, answer: (error: null, bytes: Buffer) => void) => answer(null, call.request),
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { port, stop: () => server.forceShutdown() };
}

function caller(port: number, request: Buffer, latencies: number[]): { call(): Promise<void>; close(): void } {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const call = () =>
    new Promise<void>((resolve, reject) => {
      const start = performance.now();
      client.makeUnaryRequest(path, asIs, asIs, request, (error) => {
        latencies.push(performance.now() - start);
        if (error) reject(error);
        else resolve();
      });
    });
  return { call, close: () => client.close() };
}

async function measure(label: string, echoPort: number, jobPort: number, request: Buffer): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  for (const inFlight of [1, 16, 64]) {
    const [jobTimes, echoTimes]: [number[], number[]] = [[], []];
    const echo = caller(echoPort, request, echoTimes);
    const job = caller(jobPort, request, jobTimes);
    results.push(
      await compare(`DIRECT, ${label}, ${inFlight} in flight`, 'jobs/s', 3, {
        value: () => ratePerSecond(inFlight, millis, job.call),
        baseline: () => ratePerSecond(inFlight, millis, echo.call),
      }),
    );
    for (const [name, q] of [
      ['p50', 0.5],
      ['p99', 0.99],
    ] as const) {
      const [value, baseline] = [quantile(jobTimes, q), quantile(echoTimes, q)];
      results.push({
        name: `DIRECT, ${label}, ${inFlight} in flight, ${name}`,
        unit: 'ms',
        value,
        baseline,
        ratio: value / baseline,
      });
    }
    echo.close();
    job.close();
  }
  return results;
}

export const grpc: Bench = {
  name: 'grpc',
  about:
    'a DIRECT job over gRPC, 1 KiB in and out (baseline: a bare grpc-js echo); client and server share the machine',
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'bulkhead-bench-'));
    const app = await startApp({
      listen: { host: '127.0.0.1', port: 0 },
      pluginFolders: [pluginFolder(folder, 'hello')],
      database: ':memory:',
      threads: 1,
      cacheFolder: folder,
      defaultConcurrency: 64,
      onLog: () => undefined,
    });
    const echo = await bareEcho();
    const client = new WireClient(`127.0.0.1:${app.port}`);
    const requests = new WireSchema().codec('jobworkerp.service.JobRequest');
    const args = Buffer.concat([Buffer.from([10, 128, 8]), Buffer.alloc(1024, 'x')]);
    const results: BenchResult[] = [];
    for (const isStatic of [true, false]) {
      const name = isStatic ? 'static' : 'not-static';
      await client.unary('jobworkerp.service.WorkerService', 'Create', {
        name,
        runner_id: { value: runnerIdOf('Hello') },
        response_type: ResponseType.DIRECT,
        use_static: isStatic,
      });
      const request = Buffer.from(requests.encode({ worker_name: name, args }));
      results.push(...(await measure(name, echo.port, app.port, request)));
    }
    client.close();
    echo.stop();
    await app.close();
    rmSync(folder, { recursive: true });
    return results;
  },
};
