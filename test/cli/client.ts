/** The command line as a client: real commands in processes of their own, a real server in this one. */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { AppOptions } from '../../runtime/app.ts';
import { bulkhead, type CliOptions, type Ended, launcher, startNode } from '../support/cli.ts';
import { startTestRuntime, type TestRuntime } from '../support/runtime.ts';

export interface ClientTest {
  readonly runtime: TestRuntime;
  /** HOST:PORT of the server. */
  readonly address: string;
  /** A folder of the test's own. */
  readonly folder: string;
  /** Runs a command against the server. */
  run(args: readonly string[], options?: CliOptions): Promise<Ended>;
  /** Runs it with `--json`, and reads the lines that it printed. Throws where it failed. */
  json(args: readonly string[], options?: CliOptions): Promise<Record<string, unknown>[]>;
  /** Starts it; the test ends it. */
  start(args: readonly string[]): ChildProcess;
  stop(): Promise<void>;
}

/** An environment in which no setting of the developer's own shows. */
export function bareEnv(folder: string): NodeJS.ProcessEnv {
  const ours = Object.keys(process.env).filter((name) => name.startsWith('BULKHEAD_'));
  return { ...Object.fromEntries(ours.map((name) => [name, undefined])), XDG_CONFIG_HOME: folder, NO_COLOR: undefined };
}

/** Writes `profiles.toml` where commands with {@link bareEnv} look for it; answers its path. */
export function writeProfiles(folder: string, content: string, mode = 0o600): string {
  mkdirSync(join(folder, 'bulkhead'), { recursive: true });
  const path = join(folder, 'bulkhead', 'profiles.toml');
  rmSync(path, { force: true });
  writeFileSync(path, content, { mode });
  return path;
}

/** Serves these plugin files. */
export async function startClientTest(
  plugins: readonly string[],
  options: Partial<AppOptions> = {},
): Promise<ClientTest> {
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-client-'));
  const runtime = await startTestRuntime(plugins, options);
  const address = `127.0.0.1:${runtime.app.port}`;
  const env = { ...bareEnv(folder), BULKHEAD_ADDRESS: address };
  const run = (args: readonly string[], more: CliOptions = {}): Promise<Ended> =>
    bulkhead(args, { ...more, env: { ...env, ...more.env } });
  return {
    runtime,
    address,
    folder,
    run,
    json: async (args, more) => {
      const { code, stdout, stderr } = await run([...args, '--json'], more);
      if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
      return jsonLines(stdout);
    },
    start: (args) => startNode([launcher, ...args], { env }),
    stop: async () => {
      await runtime.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Lines of JSON. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Asks again and again until the answer is there; the test's own timeout ends it. */
export async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  while (true) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await setTimeout(50);
  }
}
