/** Streams over gRPC: chunks a second, the first chunk, and the way of a fed chunk there and back. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Client } from '@grpc/grpc-js';
import { WireClient } from '../runtime/api/client.ts';
import { WireSchema } from '../runtime/api/schema.ts';
import { startApp } from '../runtime/app.ts';
import { ResponseType } from '../runtime/model/messages.gen.ts';
import { component, testPlugin } from '../test/support/artifacts.ts';
import { asIs, bareClient, bareServer, feedPath, streamPath } from './bare.ts';
import { type Bench, type BenchResult, compare, microsEach, quantile } from './harness.ts';

const chunks = 2000;
const pings = 300;

/** Reads a stream to its end; tells when the first item came, in milliseconds. */
function readAll(client: Client, request: Buffer): Promise<number> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    let first = 0;
    const call = client.makeServerStreamRequest(streamPath, asIs, asIs, request);
    call.on('data', () => {
      first ||= performance.now() - start;
    });
    call.once('end', () => resolve(first)).once('error', reject);
  });
}

/** Sends a chunk and waits for an answer, again and again; microseconds each. */
async function pingPong(client: Client, first: Buffer | undefined, ping: Buffer): Promise<number> {
  const call = client.makeBidiStreamRequest(feedPath, asIs, asIs);
  let heard = (): void => undefined;
  call.on('data', () => heard());
  call.on('error', () => undefined);
  if (first) call.write(first);
  const once = (): Promise<void> =>
    new Promise((resolve) => {
      heard = resolve;
      call.write(ping);
    });
  await once();
  const each = await microsEach(pings, once);
  call.cancel();
  return each;
}

export const streams: Bench = {
  name: 'streams',
  about: `EnqueueForStream and EnqueueWithClientStream (baseline: bare grpc-js streams of the same messages)`,
  async run() {
    const cacheFolder = mkdtempSync(join(tmpdir(), 'bulkhead-bench-'));
    const pluginFolder = join(cacheFolder, 'plugins');
    mkdirSync(pluginFolder);
    for (const file of [testPlugin('echo'), component('guide-feed')])
      copyFileSync(file, join(pluginFolder, basename(file)));
    const app = await startApp({
      listen: { host: '127.0.0.1', port: 0 },
      pluginFolders: [pluginFolder],
      database: ':memory:',
      threads: 1,
      cacheFolder,
      defaultConcurrency: 16,
      onLog: () => undefined,
    });
    const echo = await bareServer(chunks);
    const wire = new WireClient(`127.0.0.1:${app.port}`);
    for (const [name, runnerName] of [
      ['echo', 'Echo'],
      ['feed', 'MyFeedPlugin'],
    ] as const) {
      const { data } = await wire.unary('jobworkerp.service.RunnerService', 'FindByName', { name: runnerName });
      const worker = { name, runner_id: { value: data?.id?.value ?? 0n }, response_type: ResponseType.DIRECT };
      await wire.unary('jobworkerp.service.WorkerService', 'Create', worker);
    }
    const schema = new WireSchema();
    const job = (worker_name: string, using: string, args: Buffer) =>
      Buffer.from(schema.codec('jobworkerp.service.JobRequest').encode({ worker_name, using, args } as never));
    const text = [10, 32, ...Buffer.alloc(32, 'x')];
    const many = job('echo', 'stream', Buffer.from([...text, 16, (chunks & 127) | 128, chunks >> 7]));
    const client = bareClient(app.port);
    const bare = bareClient(echo.port);
    const results: BenchResult[] = [];
    const rate = async (of: Client, request: Buffer): Promise<number> => {
      const start = performance.now();
      await readAll(of, request);
      return (chunks * 1000) / (performance.now() - start);
    };
    results.push(
      await compare(`chunks of 32 bytes, one stream of ${chunks}`, 'chunks/s', 3, {
        value: () => rate(client, many),
        baseline: () => rate(bare, many),
      }),
    );
    const one = job('echo', 'stream', Buffer.from([...text, 16, 1]));
    const firstChunk = async (of: Client, request: Buffer): Promise<number> => {
      const times: number[] = [];
      for (let i = 0; i < 100; i++) times.push(await readAll(of, request));
      return quantile(times, 0.5);
    };
    const bareOne = await bareServer(1);
    const bareOneClient = bareClient(bareOne.port);
    results.push(
      await compare('first chunk, p50', 'ms', 3, {
        value: () => firstChunk(client, one),
        baseline: () => firstChunk(bareOneClient, one),
      }),
    );
    const request = schema.codec('jobworkerp.service.ClientStreamRequest');
    const begin = Buffer.from(
      request.encode({ job_request: { worker_name: 'feed', args: Buffer.from([8, 4]) } } as never),
    );
    const feed = { data: Buffer.from([10, 4, 1, 2, 3, 4]), is_final: false };
    const ping = Buffer.from(request.encode({ feed_data: feed }));
    results.push(
      await compare('feed a chunk, read its answer', 'us', 3, {
        value: () => pingPong(client, begin, ping),
        baseline: () => pingPong(bare, undefined, ping),
      }),
    );
    for (const each of [client, bare, bareOneClient, wire]) each.close();
    for (const each of [echo, bareOne]) each.stop();
    await app.close();
    rmSync(cacheFolder, { recursive: true });
    return results;
  },
};
