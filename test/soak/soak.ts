/**
 * `npm run soak [-- JOBS]`: so many jobs (1,000,000 where nothing is said) through a real server, each answer checked.
 *
 * Nine in ten are DIRECT, half of them on a static worker; the others are WITH_BACKUP and NO_RESULT, and looked up by
 * their stored results in the end. The server's memory is read from the system along the way. Exit code 1 where an
 * answer is missing or wrong, or memory grew by more than a tenth after the first fifth.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WireClient } from '../../runtime/api/client.ts';
import { QueueType, ResponseType, ResultStatus } from '../../runtime/model/messages.gen.ts';
import { component } from '../support/artifacts.ts';
import { launcher, lineOf, startNode } from '../support/cli.ts';

const JobService = 'jobworkerp.service.JobService';
const inFlight = 64;
const total = Number(process.argv[2] ?? 1_000_000);
if (!Number.isInteger(total) || total < 1) throw new Error(`JOBS must be a number from 1 on, got ${process.argv[2]}`);

const folder = mkdtempSync(join(tmpdir(), 'bulkhead-soak-'));
mkdirSync(join(folder, 'plugins'));
copyFileSync(component('hello'), join(folder, 'plugins', 'hello.wasm'));
const where = ['--plugins', join(folder, 'plugins'), '--database', join(folder, 'jobs.sqlite')];
const server = startNode([launcher, 'serve', ...where, '--listen', '127.0.0.1:0', '--concurrency', '64']);
server.stderr?.resume();
const [, port] = await lineOf(server, /listens on 127\.0\.0\.1:(\d+)/);
const client = new WireClient(`127.0.0.1:${port}`);

const { data } = await client.unary('jobworkerp.service.RunnerService', 'FindByName', { name: 'Hello' });
const runner_id = { value: data?.id?.value ?? 0n };
for (const [name, change] of Object.entries({
  static: { use_static: true, response_type: ResponseType.DIRECT },
  fresh: { response_type: ResponseType.DIRECT },
  kept: { queue_type: QueueType.WITH_BACKUP, store_success: true, store_failure: true },
}))
  await client.unary('jobworkerp.service.WorkerService', 'Create', { name, runner_id, ...change });

/** A message with a string in field 1. */
function text(value: string): Uint8Array {
  const bytes = Buffer.from(value);
  return Uint8Array.from([10, bytes.byteLength, ...bytes]);
}

/** Memory of the server, in MiB. */
function residentMiB(): number {
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}

let next = 0;
let answered = 0;
const wrong: string[] = [];
const memory: number[] = [];
let kept = 0;

async function one(index: number): Promise<void> {
  const worker_name = index % 10 === 9 ? 'kept' : index % 2 === 0 ? 'static' : 'fresh';
  const { id, result } = await client.unary(JobService, 'Enqueue', { worker_name, args: text(`job ${index}`) });
  if (worker_name === 'kept') {
    kept++;
    if (!id) wrong.push(`job ${index} has no id`);
    return;
  }
  const said = Buffer.from(result?.data?.output?.items ?? []).toString();
  if (result?.data?.status !== ResultStatus.SUCCESS || !said.includes(`job ${index}!`))
    wrong.push(`job ${index}: ${said}`);
}

const started = performance.now();
async function loop(): Promise<void> {
  for (let index = next++; index < total; index = next++) {
    await one(index).catch((error: unknown) => wrong.push(`job ${index}: ${String(error)}`));
    if (++answered % Math.ceil(total / 20) !== 0) continue;
    memory.push(residentMiB());
    const rate = Math.round((answered * 1000) / (performance.now() - started));
    process.stderr.write(`${answered} jobs, ${rate}/s, ${wrong.length} wrong, ${memory.at(-1)} MiB\n`);
  }
}
await Promise.all(Array.from({ length: inFlight }, loop));
while ((await client.unary(JobService, 'Count', {})).total > 0n)
  await new Promise((resolve) => setTimeout(resolve, 100));
const { total: results } = await client.unary('jobworkerp.service.JobResultService', 'Count', {});
// The store keeps 100,000 results, and a percent more between two clean-ups.
const expected = Math.min(kept, 100_000);
if (Number(results) < expected) wrong.push(`${results} of ${kept} results are stored`);
client.close();
server.kill('SIGTERM');
await new Promise((resolve) => server.once('close', resolve));
rmSync(folder, { recursive: true });

const settled = memory.slice(4);
const growth = Math.max(...settled) / (settled[0] ?? 1);
const isFlat = growth <= 1.1;
process.stdout.write(
  `${total} jobs (${kept} kept): ${wrong.length} lost or wrong; ` +
    `memory after a fifth ${settled[0]} MiB, at most ${Math.max(...settled)} MiB (x ${growth.toFixed(2)})\n`,
);
for (const line of wrong.slice(0, 20)) process.stdout.write(`  ${line}\n`);
process.exit(wrong.length === 0 && isFlat ? 0 : 1);
