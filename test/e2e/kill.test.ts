/**
 * Nothing acknowledged is lost: real servers are killed at 200 random moments under load and started again, and a
 * ledger that the clients keep is compared with what the store has in the end.
 *
 * What is killed is a process (`kill -9`), not the machine. Each run of a job logs its number; so a job that was
 * seen to run twice must say in its result that it was interrupted.
 */
import type { ChildProcess } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { WireClient } from '../../runtime/api/client.ts';
import { WireSchema } from '../../runtime/api/schema.ts';
import { JobResultSortField, QueueType, ResultStatus } from '../../runtime/model/messages.gen.ts';
import { runnerIdOf } from '../../runtime/plugins/registry.ts';
import { testPlugin } from '../support/artifacts.ts';
import { launcher, startNode } from '../support/cli.ts';

const JobService = 'jobworkerp.service.JobService';
const JobResultService = 'jobworkerp.service.JobResultService';
/** Servers at a time, and how often each is killed. */
const servers = 2;
const kills = 100;
const submitters = 4;
/** How long a submitter waits between two jobs, in milliseconds: all are to have run in the end. */
const pause = 25;
/** The longest that a server lives after it began to listen, in milliseconds. */
const longestLife = 600;
const schema = new WireSchema();

/** How long a job runs, in milliseconds: long enough to be killed in it. */
const runs = 20;

/** The arguments of Echo's `slow`, which logs its text and then sleeps. */
function slow(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  return Uint8Array.from([10, bytes.byteLength, ...bytes, 16, runs]);
}

/** A server of one folder that is started again and again. */
class KilledServer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'bulkhead-kill-'));
  #child: ChildProcess | undefined;
  port = 0;
  /** How often each text was seen to run. */
  readonly runs = new Map<string, number>();

  constructor() {
    mkdirSync(join(this.#folder, 'plugins'));
    copyFileSync(testPlugin('echo'), join(this.#folder, 'plugins', 'echo.wasm'));
  }

  async start(): Promise<void> {
    const args = ['--plugins', join(this.#folder, 'plugins'), '--database', join(this.#folder, 'jobs.sqlite')];
    const child = startNode([launcher, 'serve', ...args, '--listen', '127.0.0.1:0', '--concurrency', '8'], {
      env: { BULKHEAD_CACHE_DIR: join(tmpdir(), 'bulkhead-test-cache') },
    });
    this.#child = child;
    let said = '';
    await new Promise<void>((resolve, reject) => {
      const onText = (chunk: Buffer): void => {
        const lines = (said + chunk).split('\n');
        said = lines.pop() ?? '';
        for (const line of lines) {
          const port = /listens on 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
          if (port !== undefined) {
            this.port = Number(port);
            resolve();
          }
          const run = /\bledger-\d+\b/.exec(line)?.[0];
          if (run !== undefined) this.runs.set(run, (this.runs.get(run) ?? 0) + 1);
        }
      };
      child.stdout?.on('data', onText);
      child.stderr?.on('data', onText);
      child.once('close', (code) => reject(new Error(`the server ended with ${code}: ${said}`)));
    });
  }

  async kill(): Promise<void> {
    const ended = new Promise((resolve) => this.#child?.once('close', resolve));
    this.#child?.kill('SIGKILL');
    await ended;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

/** Submits until it is stopped, and keeps what was answered. */
async function submit(server: KilledServer, ledger: Map<string, bigint>, signal: AbortSignal): Promise<void> {
  for (let client: WireClient | undefined; !signal.aborted; ) {
    const { port } = server;
    client ??= new WireClient(`127.0.0.1:${port}`, schema);
    const name = `ledger-${nextNumber++}`;
    try {
      const worker_name = nextNumber % 2 === 0 ? 'backup' : 'database';
      const request = { worker_name, using: 'slow', args: slow(name) };
      const { id } = await client.unary(JobService, 'Enqueue', request, { timeoutMs: 2000 });
      ledger.set(name, id?.value ?? 0n);
      await new Promise((resolve) => setTimeout(resolve, pause));
    } catch {
      // The server is gone, and the job was not acknowledged: whether it is there makes no difference.
      client.close();
      client = undefined;
      while (server.port === port && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
let nextNumber = 0;

async function makeWorkers(server: KilledServer): Promise<void> {
  const client = new WireClient(`127.0.0.1:${server.port}`, schema);
  const runner_id = { value: runnerIdOf('Echo') };
  for (const [name, queue_type] of [
    ['backup', QueueType.WITH_BACKUP],
    ['database', QueueType.DB_ONLY],
  ] as const) {
    const data = { name, queue_type, runner_id, store_success: true, store_failure: true };
    await client.unary('jobworkerp.service.WorkerService', 'Create', data);
  }
  client.close();
}

async function killAgainAndAgain(ledger: Map<string, bigint>): Promise<KilledServer> {
  const server = new KilledServer();
  await server.start();
  await makeWorkers(server);
  const stop = new AbortController();
  const submitting = Array.from({ length: submitters }, () => submit(server, ledger, stop.signal));
  for (let round = 0; round < kills; round++) {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * longestLife));
    await server.kill();
    server.port = 0;
    await server.start();
  }
  stop.abort();
  await Promise.all(submitting);
  return server;
}

/** Every stored result by its job's id, more than one where there are. */
async function resultsOf(client: WireClient): Promise<Map<bigint, { status: number; interruptions: number }[]>> {
  const found = new Map<bigint, { status: number; interruptions: number }[]>();
  const sort_by = JobResultSortField.JOB_RESULT_SORT_FIELD_ID;
  const { total } = await client.unary(JobResultService, 'CountBy', {});
  // Pages end at 10,000 rows: beyond that, from the last result's end on.
  let from = 0n;
  const seen = new Set<bigint>();
  while (seen.size < Number(total)) {
    const before = seen.size;
    for (let offset = 0n; offset <= 10_000n; offset += 1000n) {
      const page = { limit: 1000, offset, sort_by, ascending: true, end_time_from: from };
      let last = from;
      for await (const { id, data, metadata } of client.stream(JobResultService, 'FindListBy', page)) {
        last = data?.end_time ?? last;
        if (seen.has(id?.value ?? 0n)) continue;
        seen.add(id?.value ?? 0n);
        const job = data?.job_id?.value ?? 0n;
        const interruptions = Number(metadata['bulkhead-interruptions'] ?? 0);
        found.set(job, [...(found.get(job) ?? []), { status: data?.status ?? -1, interruptions }]);
      }
      if (offset === 10_000n) from = last - 1000n;
    }
    if (seen.size === before) throw new Error(`${seen.size} of ${total} results can be listed`);
  }
  return found;
}

it('survives being killed at 200 random moments: no job is lost, none has two results, repeated runs say so', async () => {
  const ledgers = Array.from({ length: servers }, () => new Map<string, bigint>());
  const killed = await Promise.all(ledgers.map(killAgainAndAgain));
  for (const [index, server] of killed.entries()) {
    const ledger = ledgers[index] ?? new Map<string, bigint>();
    const client = new WireClient(`127.0.0.1:${server.port}`, schema);
    const left = async () => (await client.unary(JobService, 'Count', {})).total;
    await expect.poll(left, { timeout: 300_000, interval: 200 }).toBe(0n);
    const results = await resultsOf(client);
    const lost = [...ledger.values()].filter((id) => !results.has(id));
    const twice = [...results.values()].filter((each) => each.length > 1);
    const wrong = [...results.values()].flat().filter((each) => each.status !== ResultStatus.SUCCESS);
    const silent = [...ledger].filter(
      ([name, id]) => (server.runs.get(name) ?? 0) > 1 && results.get(id)?.[0]?.interruptions === 0,
    );
    expect(ledger.size).toBeGreaterThan(kills);
    expect(server.runs.size).toBeGreaterThan(0);
    expect([...results.values()].flat().some(({ interruptions }) => interruptions > 0)).toBe(true);
    expect({ lost, twice, wrong, silent }).toEqual({ lost: [], twice: [], wrong: [], silent: [] });
    client.close();
    await server.kill();
    server.remove();
  }
}, 900_000);
