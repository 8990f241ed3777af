/** `result list|show|delete`: results that the server stored. */
import { type JobResult, JobResultSortField, ResultStatus } from '../../model/messages.gen.ts';
import { CliError } from '../exit-codes.ts';
import { notFound, statusName } from './failures.ts';
import { Targets } from './jobs.ts';
import { findWorker, needId } from './lookup.ts';
import type { ConnectionOptions } from './options.ts';
import { note, print, printFacts, printJson, printTable } from './output.ts';
import { resultJson } from './results.ts';
import { type Session, withSession } from './session.ts';
import { jsonText } from './text.ts';
import { clock } from './values-out.ts';

const resultService = 'jobworkerp.service.JobResultService';

/** What results are meant. */
export interface ResultFilter extends ConnectionOptions {
  readonly job?: string;
  readonly worker?: readonly string[];
  readonly status?: readonly string[];
}

export interface ResultListOptions extends ResultFilter {
  /** Milliseconds since 1970; of the end. */
  readonly since?: number;
  readonly until?: number;
  readonly uniqKey?: string;
  readonly limit: number;
  readonly oldestFirst?: true;
}

/** Lists results, the newest first. */
export async function list(options: ResultListOptions): Promise<void> {
  await withSession(options, 'results', async (session) => {
    const targets = new Targets(session);
    const rows: string[][] = [];
    for await (const result of await found(session, options)) {
      const json = resultJson(session, result, await targets.of(result.data?.worker_id?.value));
      if (options.json) await printJson(json);
      const { data } = result;
      const output = 'output' in json ? jsonText(json.output) : String(json.error);
      const took = data ? `${data.end_time - data.start_time} ms` : '';
      const row = [
        String(json.job_id),
        statusName(data?.status ?? -1),
        data?.worker_name ?? '',
        clock(data?.end_time ?? 0n),
      ];
      rows.push([...row, took, output.length > 60 ? `${output.slice(0, 59)}…` : output, String(json.id)]);
    }
    const titles = ['JOB', 'STATUS', 'WORKER', 'ENDED (UTC)', 'TOOK', 'OUTPUT', 'RESULT'];
    if (!options.json) await printTable(titles, rows);
    if (rows.length === options.limit) note(`the first ${options.limit}; more with --limit`);
  });
}

async function found(session: Session, options: ResultListOptions): Promise<AsyncIterable<JobResult>> {
  const { client, question } = session;
  if (options.job !== undefined) {
    const request = { job_id: { value: needId('job', options.job) } };
    return client.stream(resultService, 'FindListByJobId', request, question);
  }
  const request = {
    ...(await filterOf(session, options)),
    limit: options.limit,
    ascending: options.oldestFirst ?? false,
    sort_by: JobResultSortField.JOB_RESULT_SORT_FIELD_END_TIME,
    ...(options.since !== undefined && { end_time_from: BigInt(options.since) }),
    ...(options.until !== undefined && { end_time_to: BigInt(options.until) }),
    ...(options.uniqKey !== undefined && { uniq_key: options.uniqKey }),
  };
  return client.stream(resultService, 'FindListBy', request, question);
}

async function filterOf(session: Session, { worker = [], status = [] }: ResultFilter) {
  const workers = [];
  for (const name of worker) workers.push((await findWorker(session, name)).id);
  return { worker_ids: workers, statuses: status.map(statusNumber) };
}

function statusNumber(name: string): ResultStatus {
  const status = ResultStatus[name.toUpperCase() as keyof typeof ResultStatus];
  if (status !== undefined) return status;
  throw new CliError('usage', `--status ${name}: it has to be one of ${Object.keys(ResultStatus).join(', ')}`);
}

/** Prints a result as a whole. */
export async function show(result: string, options: ConnectionOptions): Promise<void> {
  const id = needId('result', result);
  await withSession(options, `result ${id}`, async (session) => {
    const { data } = await session.client.unary(resultService, 'Find', { value: id }, session.question);
    if (!data) throw notFound(`result ${id}`);
    const json = resultJson(session, data, await new Targets(session).of(data.data?.worker_id?.value));
    if (options.json) return await printJson(json);
    const facts = Object.entries(json).map(([key, value]): [string, string] => [
      key.replaceAll('_', ' '),
      key.endsWith('_time')
        ? clock(BigInt(Number(value)))
        : typeof value === 'object'
          ? jsonText(value)
          : String(value),
    ]);
    await printFacts(facts.filter(([, text]) => text !== ''));
  });
}

export interface ResultDeleteOptions extends ResultFilter {
  /** Milliseconds since 1970; of the end. */
  readonly before?: number;
}

/** Deletes results by id, or all that a filter means. */
export async function remove(results: readonly string[], options: ResultDeleteOptions): Promise<void> {
  const { before, worker = [], status = [] } = options;
  const filtered = before !== undefined || worker.length > 0 || status.length > 0;
  if (results.length > 0 === filtered) {
    throw new CliError('usage', 'name results by id, or say which with --before, --worker and --status');
  }
  if (filtered) return await removeAll(options);
  const ids = results.map((each) => needId('result', each));
  await withSession(options, ids.length === 1 ? `result ${ids[0]}` : `${ids.length} results`, async (session) => {
    const missed: bigint[] = [];
    for (const id of ids) {
      const { is_success: deleted } = await session.client.unary(
        resultService,
        'Delete',
        { value: id },
        session.question,
      );
      if (!deleted) missed.push(id);
      if (options.json) await printJson({ id: String(id), deleted });
      else if (deleted) await print(`${id}\n`);
    }
    if (missed.length > 0) throw notFound(`result ${missed.join(', ')}`);
  });
}

async function removeAll(options: ResultDeleteOptions): Promise<void> {
  await withSession(options, 'results', async (session) => {
    const request = {
      ...(await filterOf(session, options)),
      ...(options.before !== undefined && { end_time_before: BigInt(options.before) }),
    };
    const { deleted_count: count } = await session.client.unary(resultService, 'DeleteBulk', request, session.question);
    if (options.json) await printJson({ deleted: Number(count) });
    else await print(`${count} deleted\n`);
  });
}
