/** Jobs under way, as the server knows them. */
import type { Job, JobResult } from '../../model/messages.gen.ts';
import { CliError } from '../exit-codes.ts';
import { findTarget, isComplete, type Target, targetOf } from './lookup.ts';
import type { Session } from './session.ts';

/** The job of an id; undefined where the server has none, because it ended or never was. */
export async function findJob({ client, question }: Session, id: bigint): Promise<Job | undefined> {
  const { data } = await client.unary('jobworkerp.service.JobService', 'Find', { value: id }, question);
  return data;
}

/** The newest stored result of a job: one that was tried again may have several. */
export async function lastResult({ client, question }: Session, id: bigint): Promise<JobResult | undefined> {
  let newest: JobResult | undefined;
  const request = { job_id: { value: id } };
  for await (const each of client.stream('jobworkerp.service.JobResultService', 'FindListByJobId', request, question))
    if (!newest?.data || (each.data && each.data.end_time >= newest.data.end_time)) newest = each;
  return newest;
}

/** What may be said of a job whose worker the server does not tell. */
export interface JobHints {
  readonly worker?: string;
  readonly method?: string;
}

/** The worker and plugin of a job, and its method where that was named. */
export async function targetOfJob(
  session: Session,
  id: bigint,
  { worker, method }: JobHints,
): Promise<{ readonly target: Target; readonly using?: string }> {
  if (worker !== undefined) return { target: await findTarget(session, worker), ...(method && { using: method }) };
  const job = (await findJob(session, id)) ?? (await lastResult(session, id));
  const target = await targetOfWorker(session, job?.data?.worker_id?.value);
  if (!target) {
    throw new CliError(
      'refused',
      `job ${id}: the server does not say whose it is, it may have ended; name its worker with --worker`,
    );
  }
  const using = method ?? job?.data?.using;
  return { target, ...(using !== undefined && { using }) };
}

/** The worker of an id and its plugin; undefined where one of them is gone. */
async function targetOfWorker(session: Session, id: bigint | undefined): Promise<Target | undefined> {
  if (id === undefined) return undefined;
  const { client, question } = session;
  const { data } = await client.unary('jobworkerp.service.WorkerService', 'Find', { value: id }, question);
  if (!data || !isComplete(data)) return undefined;
  try {
    return await targetOf(session, data);
  } catch (thrown) {
    if (thrown instanceof CliError) return undefined; // its plugin is not there any more
    throw thrown;
  }
}

/** Targets by worker, each looked up once. */
export class Targets {
  readonly #session: Session;
  readonly #known = new Map<bigint, Promise<Target | undefined>>();

  constructor(session: Session) {
    this.#session = session;
  }

  of(workerId: bigint | undefined): Promise<Target | undefined> {
    const id = workerId ?? 0n;
    const known = this.#known.get(id) ?? targetOfWorker(this.#session, workerId);
    this.#known.set(id, known);
    return known;
  }
}
