/** An HTTP server in a thread of its own that answers each request after a while. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

export interface SlowServer {
  readonly port: number;
  close(): Promise<unknown>;
}

/** Starts one; every response takes so many milliseconds. */
export async function slowServer(millis: number): Promise<SlowServer> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { millis } });
  const port = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  return { port, close: () => worker.terminate() };
}

if (!isMainThread && typeof workerData?.millis === 'number') {
  const server = createServer((_request, response) => {
    setTimeout(() => response.end('ok'), workerData.millis as number);
  });
  server.listen(0, '127.0.0.1', 4096, () => parentPort?.postMessage((server.address() as AddressInfo).port));
}
