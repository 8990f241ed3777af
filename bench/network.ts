/** The network: what it saves to put an instance back that used sockets, and lookups beside others that hang. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createResolver } from '../runtime/capabilities/name-resolver.ts';
import { WasmExecutor } from '../runtime/executor/wasm/wasm-executor.ts';
import { defaultLimits } from '../runtime/model/limits.ts';
import { testPlugin } from '../test/support/artifacts.ts';
import { dnsServer } from '../test/support/dns-server.ts';
import { type Bench, type BenchResult, compare, microsEach } from './harness.ts';

/** So many lookups hang meanwhile. */
const hanging = 200;

/** A job that connects, sends, reads; with what it opened closed, or left to be thrown away with the instance. */
async function jobs(): Promise<BenchResult> {
  const cacheFolder = mkdtempSync(join(tmpdir(), 'bulkhead-bench-'));
  const echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  const address = echo.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const executor = new WasmExecutor({
    threads: 1,
    cacheFolder,
    limits: defaultLimits,
    onLog: () => undefined,
    onFault: (what, error) => {
      throw new Error(what, { cause: error });
    },
  });
  const plugin = await executor.admit(testPlugin('net/tcp'));
  const grants = { sockets: [{ host: '127.0.0.1', port, privateAddresses: true }] };
  const instance = executor.instance({ plugin, settings: new Uint8Array(), grants, isolation: 'per-job' });
  let jobId = 0n;
  const job = (end: 'drop' | 'leave') => async () => {
    const args = Buffer.from(`connect 127.0.0.1:${port}\nsend hello\nread 5\n${end}`);
    const call = { job: { jobId: ++jobId, workerName: 'bench', attempt: 1 }, args, metadata: {} };
    const outcome = await instance.run(call);
    if (!outcome.ok || !Buffer.from(outcome.output).includes('read=hello')) throw new Error('a job failed');
  };
  const result = await compare('TCP job, put back (baseline: thrown away)', 'µs', 5, {
    value: () => microsEach(100, job('drop')),
    baseline: () => microsEach(100, job('leave')),
  });
  await Promise.all([instance.dispose(), executor.close()]);
  echo.close();
  rmSync(cacheFolder, { recursive: true });
  return result;
}

/** A lookup while others hang, beside one on its own. */
async function lookups(): Promise<BenchResult> {
  const silent = Array.from({ length: hanging }, (_, at) => `slow${at}.test`);
  const server = await dnsServer({
    'fast.test': ['192.0.2.1'],
    ...Object.fromEntries(silent.map((name) => [name, 'silent' as const])),
  });
  const resolve = createResolver({ hostsFile: '/nowhere', resolvConf: '/nowhere', servers: [server.address] });
  const lookup = () => resolve('fast.test', new AbortController().signal);
  const result = await compare(`lookup beside ${hanging} that hang (baseline: alone)`, 'µs', 5, {
    value: async () => {
      const stop = new AbortController();
      const asked = server.asked.length;
      const others = Promise.allSettled(silent.map((name) => resolve(name, stop.signal)));
      // All are under way: what is lost of a burst is no cost of the resolver's.
      while (server.asked.length < asked + hanging) await new Promise((next) => setTimeout(next, 5));
      const micros = await microsEach(100, lookup);
      stop.abort();
      await others;
      return micros;
    },
    baseline: () => microsEach(100, lookup),
  });
  await server.close();
  return result;
}

export const network: Bench = {
  name: 'network',
  about: 'jobs over TCP, one after the other in one thread; lookups of names',
  run: async () => [await jobs(), await lookups()],
};
