/** The real stack in this process, on a free port and a folder of its own, with a real gRPC client. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { WireClient } from '../../runtime/api/client.ts';
import { type AppOptions, type RunningApp, startApp } from '../../runtime/app.ts';
import type { JobResult, WorkerData } from '../../runtime/model/messages.gen.ts';
import { ResponseType } from '../../runtime/model/messages.gen.ts';
import { runnerIdOf } from '../../runtime/plugins/registry.ts';
import type { LogEvent } from '../../runtime/telemetry/events.ts';

export interface TestRuntime {
  readonly app: RunningApp;
  readonly client: WireClient;
  /** The folder that it serves. */
  readonly pluginFolder: string;
  /** What the operator was told. */
  readonly log: readonly LogEvent[];
  /** Makes a worker of the runner, DIRECT unless said otherwise. */
  worker(runner: string, data?: Partial<WorkerData> & { readonly name: string }): Promise<string>;
  /** Runs a DIRECT job to its result. */
  job(worker: string, args: Uint8Array, using?: string): Promise<JobResult>;
  stop(): Promise<void>;
}

/** Serves these plugin files. Stop it in the end, or the process does not. */
export async function startTestRuntime(
  plugins: readonly string[],
  options: Partial<AppOptions> = {},
): Promise<TestRuntime> {
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-test-'));
  const pluginFolder = join(folder, 'plugins');
  mkdirSync(pluginFolder);
  for (const plugin of plugins) copyFileSync(plugin, join(pluginFolder, basename(plugin)));
  const log: LogEvent[] = [];
  const app = await startApp({
    listen: { host: '127.0.0.1', port: 0 },
    pluginFolders: [pluginFolder],
    database: ':memory:',
    threads: 2,
    cacheFolder: join(tmpdir(), 'bulkhead-test-cache'),
    defaultConcurrency: 16,
    onLog: (event) => log.push(event),
    ...options,
  });
  const client = new WireClient(`127.0.0.1:${app.port}`);
  return {
    app,
    client,
    pluginFolder,
    log,
    worker: async (runner, data = { name: `${runner}-worker` }) => {
      const base = { runner_id: { value: runnerIdOf(runner) }, response_type: ResponseType.DIRECT };
      await client.unary('jobworkerp.service.WorkerService', 'Create', { ...base, ...data });
      return data.name;
    },
    job: async (worker, args, using) => {
      const request = { worker_name: worker, args, ...(using !== undefined && { using }) };
      const { result } = await client.unary('jobworkerp.service.JobService', 'Enqueue', request);
      if (!result) throw new Error('a DIRECT job was answered without a result');
      return result;
    },
    stop: async () => {
      client.close();
      await app.close({ drainMs: 1000 });
      rmSync(folder, { recursive: true });
    },
  };
}
