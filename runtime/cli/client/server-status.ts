/** `status`: whether the server serves, and what it has to do. What a server does not offer, or a token may not see, is left out. */
import { CountJobProcessingStatusMode, JobProcessingStatus } from '../../model/messages.gen.ts';
import { CliError } from '../exit-codes.ts';
import type { ConnectionOptions } from './options.ts';
import { printFacts, printJson, printTable } from './output.ts';
import { type Session, withSession } from './session.ts';
import { nameOf } from './values-out.ts';

/** Statuses of calls whose answer can be left out. */
const leftOut: ReadonlySet<string> = new Set(['UNIMPLEMENTED', 'PERMISSION_DENIED', 'FAILED_PRECONDITION']);

/** Prints what the server says of itself; throws with exit code 4 where it does not serve. */
export async function serverStatus(options: ConnectionOptions): Promise<void> {
  await withSession(options, 'the server', async (session) => {
    const health = await session.client.health(session.question);
    const [runners, workers, results, jobs, channels] = await Promise.all([
      count(session, () => ask(session).runners()),
      count(session, () => ask(session).workers()),
      count(session, () => ask(session).results()),
      optional(session, () => jobCounts(session)),
      optional(session, () => channelList(session)),
    ]);
    const facts = { address: session.address, health, runners, workers, jobs, results, channels };
    if (options.json) await printJson(facts);
    else await printAll(facts);
    if (health !== 'SERVING') throw new CliError('unreachable', `server ${session.address}: it says ${health}`);
  });
}

interface Channel {
  readonly name: string;
  readonly concurrency: number;
  readonly workers: number;
}

interface Facts {
  readonly address: string;
  readonly health: string;
  readonly runners: number | null;
  readonly workers: number | null;
  readonly jobs: Readonly<Record<string, number>> | null;
  readonly results: number | null;
  readonly channels: readonly Channel[] | null;
}

function ask({ client, question }: Session) {
  return {
    runners: () => client.unary('jobworkerp.service.RunnerService', 'CountBy', {}, question),
    workers: () => client.unary('jobworkerp.service.WorkerService', 'CountBy', {}, question),
    results: () => client.unary('jobworkerp.service.JobResultService', 'CountBy', {}, question),
  };
}

async function count(session: Session, call: () => Promise<{ readonly total: bigint }>): Promise<number | null> {
  const answer = await optional(session, call);
  return answer === null ? null : Number(answer.total);
}

async function optional<T>({ client }: Session, call: () => Promise<T>): Promise<T | null> {
  try {
    return await call();
  } catch (thrown) {
    if (leftOut.has(client.failure(thrown)?.status ?? '')) return null;
    throw thrown;
  }
}

async function jobCounts({ client, question }: Session): Promise<Record<string, number>> {
  const mode = CountJobProcessingStatusMode.COUNT_JOB_PROCESSING_STATUS_MODE_GROUP_BY_STATUS;
  const service = 'jobworkerp.service.JobProcessingStatusService';
  const { counts } = await client.unary(service, 'CountByCondition', { mode }, question);
  return Object.fromEntries(counts.map((each) => [nameOf(JobProcessingStatus, each.status), Number(each.count)]));
}

async function channelList({ client, question }: Session): Promise<Channel[]> {
  const { channels } = await client.unary('jobworkerp.service.WorkerService', 'FindChannelList', {}, question);
  return channels.map(({ name, concurrency, worker_count }) => ({ name, concurrency, workers: Number(worker_count) }));
}

async function printAll({ address, health, runners, workers, jobs, results, channels }: Facts): Promise<void> {
  const jobText = jobs && Object.entries(jobs).map(([status, number]) => `${number} ${status.toLowerCase()}`);
  await printFacts([
    ['server', address],
    ['health', health],
    ['runners', runners ?? '–'],
    ['workers', workers ?? '–'],
    ['jobs', jobText ? jobText.join(', ') || 'none' : '–'],
    ['results', results ?? '–'],
  ]);
  if (!channels || channels.length === 0) return;
  const rows = channels.map((each) => [each.name || '[default]', each.concurrency, each.workers]);
  await printTable(['CHANNEL', 'CONCURRENCY', 'WORKERS'], rows);
}
