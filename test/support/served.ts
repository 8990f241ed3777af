/** A real server process, with plugins of its own, a client, and its log as it would be read by a program. */
import type { ChildProcess } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { WireClient } from '../../runtime/api/client.ts';
import { ResponseType, type WorkerData } from '../../runtime/model/messages.gen.ts';
import { runnerIdOf } from '../../runtime/plugins/registry.ts';
import { type Ended, ended, launcher, lineOf, startNode } from './cli.ts';

export interface Served {
  readonly child: ChildProcess;
  readonly port: number;
  readonly client: WireClient;
  /** Its folder, which goes with it. */
  readonly folder: string;
  /** How it ended, once it has. */
  readonly end: Promise<Ended>;
  /** Makes a worker of the runner, DIRECT unless said otherwise. */
  worker(runner: string, name: string, data?: Partial<WorkerData>): Promise<void>;
  /** Ends it with a signal, if it has not ended yet. */
  stop(): Promise<Ended>;
}

/** What the health service says of the whole server: 1 serving, 2 not. Throws the call's error. */
export function healthOf(port: number): Promise<number> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const asIs = (bytes: Buffer) => bytes;
  return new Promise<number>((resolve, reject) => {
    client.makeUnaryRequest('/grpc.health.v1.Health/Check', asIs, asIs, Buffer.alloc(0), (error, answer) => {
      if (error) reject(error);
      else resolve(answer?.[1] ?? 0);
    });
  }).finally(() => client.close());
}

/** The lines of a JSON log. */
export function logLines(stderr: string): Record<string, unknown>[] {
  return stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Starts `bulkhead serve`. Stop it in the end. */
export async function serveProcess(
  plugins: readonly string[],
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-served-'));
  const pluginFolder = join(folder, 'plugins');
  mkdirSync(pluginFolder);
  for (const plugin of plugins) copyFileSync(plugin, join(pluginFolder, basename(plugin)));
  const anywhere = ['--listen', '127.0.0.1:0', '--database', ':memory:', '--plugins', pluginFolder];
  const child = startNode([launcher, 'serve', ...anywhere, ...args], { cwd: folder, env });
  const end = ended(child).finally(() => rmSync(folder, { recursive: true, force: true }));
  const [, port] = await lineOf(child, /bulkhead listens on 127\.0\.0\.1:(\d+)/);
  const client = new WireClient(`127.0.0.1:${port}`);
  return {
    child,
    port: Number(port),
    client,
    folder,
    end,
    worker: async (runner, name, data = {}) => {
      const base = { name, runner_id: { value: runnerIdOf(runner) }, response_type: ResponseType.DIRECT };
      await client.unary('jobworkerp.service.WorkerService', 'Create', { ...base, ...data });
    },
    stop: () => {
      client.close();
      child.kill('SIGTERM');
      return end;
    },
  };
}
