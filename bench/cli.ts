/** How long a command takes from start to end, beside a Node that does nothing. */
import { spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WireClient } from '../runtime/api/client.ts';
import { startApp } from '../runtime/app.ts';
import { nodeBinary, root } from '../runtime/cli/toolbox/paths.mjs';
import { ResponseType } from '../runtime/model/messages.gen.ts';
import { runnerIdOf } from '../runtime/plugins/registry.ts';
import { component } from '../test/support/artifacts.ts';
import { type Bench, type BenchResult, compare } from './harness.ts';

const rounds = 9;
const launcher = join(root, 'runtime', 'cli', 'bulkhead.mjs');

/** Milliseconds from start to end. Rejects where the command failed. */
function timed(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<number> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(nodeBinary, args, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, ...env } });
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(performance.now() - start) : reject(new Error(`${args.join(' ')} ended with ${code}`)),
    );
  });
}

async function run(): Promise<BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-bench-'));
  copyFileSync(component('hello'), join(folder, 'hello.wasm'));
  const app = await startApp({
    listen: { host: '127.0.0.1', port: 0 },
    pluginFolders: [folder],
    database: ':memory:',
    threads: 1,
    cacheFolder: join(folder, 'cache'),
    defaultConcurrency: 1,
    onLog: () => {},
  });
  const client = new WireClient(`127.0.0.1:${app.port}`);
  const worker = { name: 'greeter', runner_id: { value: runnerIdOf('Hello') }, response_type: ResponseType.DIRECT };
  await client.unary('jobworkerp.service.WorkerService', 'Create', worker);
  client.close();
  const env = { BULKHEAD_ADDRESS: `127.0.0.1:${app.port}`, XDG_CONFIG_HOME: folder };
  const commands: [string, string[]][] = [
    ['bulkhead --version', ['--version']],
    ['bulkhead job enqueue', ['job', 'enqueue', 'greeter', '--args', '{"name":"you"}']],
    ['bulkhead __complete (a worker)', ['__complete', '--', 'job', 'enqueue', '']],
  ];
  const results: BenchResult[] = [];
  for (const [name, args] of commands) {
    const value = () => timed([launcher, ...args], env);
    results.push(await compare(name, 'ms', rounds, { value, baseline: () => timed(['-e', '0']) }));
  }
  await app.close();
  rmSync(folder, { recursive: true });
  return results;
}

/** Compiled code is in the user's cache after the first round, which is not counted. */
export const cli: Bench = { name: 'cli', about: 'a command from start to end; the baseline is `node -e 0`', run };
