/** `job cancel`, `job list` and `job status`: jobs that were submitted already. */
import { JobProcessingStatus, type JobProcessingStatusDetailResponse, Priority } from '../../model/messages.gen.ts';
import { CliError } from '../exit-codes.ts';
import { notFound } from './failures.ts';
import { findJob, lastResult, Targets } from './jobs.ts';
import { findWorker, needId } from './lookup.ts';
import type { ConnectionOptions } from './options.ts';
import { note, print, printFacts, printJson, printTable } from './output.ts';
import { resultJson } from './results.ts';
import { type Session, withSession } from './session.ts';
import { age, clock, nameOf } from './values-out.ts';
import { type Json, wireJson } from './wire-json.ts';

const jobService = 'jobworkerp.service.JobService';
const statusService = 'jobworkerp.service.JobProcessingStatusService';

/** Takes jobs out of the queue or ends them. Those that are not there make the command fail, after all were tried. */
export async function cancel(jobs: readonly string[], options: ConnectionOptions): Promise<void> {
  const ids = jobs.map((job) => needId('job', job));
  const subject = ids.length === 1 ? `job ${ids[0]}` : `${ids.length} jobs`;
  await withSession(options, subject, async ({ client, question }) => {
    const missed: bigint[] = [];
    for (const id of ids) {
      const { is_success: cancelled } = await client.unary(jobService, 'Delete', { value: id }, question);
      if (!cancelled) missed.push(id);
      if (options.json) await printJson({ job_id: String(id), cancelled });
      else if (cancelled) await print(`${id}\n`);
    }
    if (missed.length === 0) return note(`${subject} cancelled`);
    throw new CliError('refused', `not cancelled: job ${missed.join(', ')}; it ended already, or never was`);
  });
}

export interface JobListOptions extends ConnectionOptions {
  readonly worker?: string;
  readonly channel?: string;
  readonly status?: string;
  readonly limit: number;
}

/** Lists jobs that have not ended, newest first. */
export async function list(options: JobListOptions): Promise<void> {
  const subject = options.worker === undefined ? 'jobs' : `worker '${options.worker}'`;
  await withSession(options, subject, async (session) => {
    const { client, question, schema } = session;
    const worker = options.worker === undefined ? undefined : await findWorker(session, options.worker);
    const request = {
      limit: options.limit,
      ...(options.status !== undefined && { status: statusNumber(options.status) }),
      ...(worker && { worker_id: worker.id.value }),
      ...(options.channel !== undefined && { channel: options.channel }),
    };
    const rows: JobProcessingStatusDetailResponse[] = [];
    let count = 0;
    for await (const row of client.stream(statusService, 'FindByCondition', request, question)) {
      count++;
      if (options.json) {
        const { id, ...rest } = wireJson(schema, 'jobworkerp.service.JobProcessingStatusDetailResponse', row);
        await printJson({ job_id: id, ...rest });
      } else rows.push(row);
    }
    if (!options.json) await printRows(session, rows);
    if (count === options.limit) note(`the first ${options.limit}; more with --limit`);
  });
}

async function printRows(session: Session, rows: readonly JobProcessingStatusDetailResponse[]): Promise<void> {
  const targets = new Targets(session);
  const lines = [];
  for (const row of rows) {
    const worker = (await targets.of(row.worker_id))?.worker.data.name ?? String(row.worker_id);
    lines.push([
      String(row.id?.value ?? ''),
      nameOf(JobProcessingStatus, row.status),
      worker,
      row.channel || '[default]',
      nameOf(Priority, row.priority).replace('PRIORITY_', '').toLowerCase(),
      age(row.enqueue_time),
    ]);
  }
  await printTable(['JOB', 'STATUS', 'WORKER', 'CHANNEL', 'PRIORITY', 'AGE'], lines);
}

function statusNumber(name: string): JobProcessingStatus {
  const status = JobProcessingStatus[name.toUpperCase() as keyof typeof JobProcessingStatus];
  if (status !== undefined) return status;
  throw new CliError('usage', `--status ${name}: it has to be one of ${Object.keys(JobProcessingStatus).join(', ')}`);
}

/** Says where a job is, or how it ended. */
export async function status(job: string, options: ConnectionOptions): Promise<void> {
  const id = needId('job', job);
  await withSession(options, `job ${id}`, async (session) => {
    const facts = (await waitingJob(session, id)) ?? (await endedJob(session, id));
    if (!facts) throw notFound(`job ${id}`, 'job-not-found');
    if (options.json) await printJson(facts);
    else await printFacts(shown(facts));
  });
}

async function waitingJob(session: Session, id: bigint): Promise<Json | undefined> {
  const { client, question, schema } = session;
  const { status: number } = await client.unary(statusService, 'Find', { value: id }, question);
  const found = await findJob(session, id);
  if (number === undefined && !found?.data) return undefined;
  const status = nameOf(JobProcessingStatus, number ?? JobProcessingStatus.UNKNOWN);
  if (!found) return { job_id: String(id), status };
  const { id: _id, args: _args, ...rest } = wireJson(schema, 'jobworkerp.data.Job', found);
  const worker = (await new Targets(session).of(found.data?.worker_id?.value))?.worker.data.name;
  return { job_id: String(id), status, ...(worker !== undefined && { worker_name: worker }), ...rest };
}

async function endedJob(session: Session, id: bigint): Promise<Json | undefined> {
  const newest = await lastResult(session, id);
  if (!newest) return undefined;
  const json = resultJson(session, newest, await new Targets(session).of(newest.data?.worker_id?.value));
  const { id: resultId, job_id: jobId, status, ...rest } = json;
  return { job_id: jobId, status, result_id: resultId, ...rest };
}

/** What a person wants to know first. */
function shown(facts: Json): [string, string][] {
  const times = new Set(['enqueue_time', 'run_after_time', 'start_time', 'end_time', 'grabbed_until_time']);
  const pick = ['job_id', 'status', 'worker_name', 'using', 'uniq_key', 'retried', ...times, 'output', 'error'];
  return pick.flatMap((key): [string, string][] => {
    const value = facts[key];
    if (value === undefined || value === '' || (times.has(key) && value === 0)) return [];
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
    return [[key.replaceAll('_', ' '), times.has(key) ? clock(BigInt(Number(value))) : text]];
  });
}
