/** `worker create|upsert|list|show|delete`. */
import {
  QueueType,
  ResponseType,
  type RetryPolicy,
  RunnerType,
  type Worker,
  type WorkerData,
  WorkerSortField,
} from '../../model/messages.gen.ts';
import { CliError } from '../exit-codes.ts';
import { encode, plain } from '../payload.ts';
import { notFound } from './failures.ts';
import { asId, type Complete, findRunner, findWorker, schemasOf } from './lookup.ts';
import type { ConnectionOptions } from './options.ts';
import { note, print, printFacts, printJson, printTable } from './output.ts';
import { type Session, withSession } from './session.ts';
import { jsonText } from './text.ts';
import { mark, nameOf } from './values-out.ts';
import { type Json, wireJson, wireMessage } from './wire-json.ts';

const workerService = 'jobworkerp.service.WorkerService';
const runnerService = 'jobworkerp.service.RunnerService';

export interface WorkerOptions extends ConnectionOptions {
  /** A worker as `show --json` prints it; the other options change it. */
  readonly from?: unknown;
  readonly runner?: string;
  readonly settings?: unknown;
  readonly description?: string;
  readonly channel?: string;
  readonly response?: 'direct' | 'no-result';
  readonly queue?: 'normal' | 'with-backup' | 'db-only';
  readonly periodic?: number;
  readonly retry?: unknown;
  readonly storeSuccess?: boolean;
  readonly storeFailure?: boolean;
  readonly static?: boolean;
  readonly broadcast?: boolean;
}

/** Creates a worker, or with `replace` changes the one of that name. */
export async function save(name: string | undefined, replace: boolean, options: WorkerOptions): Promise<void> {
  const base = asObject(options.from);
  const wanted = name ?? base.name;
  if (typeof wanted !== 'string' || wanted === '') {
    throw new CliError('usage', 'name the worker, as an argument or in --from');
  }
  await withSession(options, `worker '${wanted}'`, async (session) => {
    const { client, question } = session;
    const data = await workerData(session, wanted, base, options);
    const { id } = await client.unary(workerService, replace ? 'UpsertByName' : 'Create', data, question);
    if (options.json) await printJson({ id: String(id?.value ?? ''), name: wanted });
    else await print(`${id?.value ?? ''}\n`);
    note(`worker ${wanted} is there; run a job with: bulkhead job enqueue ${wanted}`);
  });
}

function asObject(value: unknown): Json {
  if (value === undefined) return {};
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw new CliError('usage', '--from: it has to be an object, as `bulkhead worker show NAME --json` prints it');
}

async function workerData(
  session: Session,
  name: string,
  base: Json,
  options: WorkerOptions,
): Promise<Partial<WorkerData>> {
  const { id: _id, runner: baseRunner, runner_id: baseRunnerId, settings: baseSettings, ...fields } = base;
  const named = options.runner ?? baseRunner ?? baseRunnerId;
  if (typeof named !== 'string') throw new CliError('usage', `worker '${name}': name its runner with --runner`);
  const runner = await findRunner(session, named);
  const settings = options.settings ?? baseSettings;
  const place = options.settings === undefined ? '--from: settings' : '--settings';
  return {
    ...wireMessage(session.schema, 'jobworkerp.data.WorkerData', '--from', fields),
    name,
    runner_id: runner.id,
    runner_settings: encode(place, schemasOf(runner.data).settings, settings),
    ...changes(session, options),
  };
}

/** What the options say beside `--from`. */
function changes({ schema }: Session, options: WorkerOptions): Partial<WorkerData> {
  const { description, channel, response, queue, periodic, retry } = options;
  return {
    ...(description !== undefined && { description }),
    ...(channel !== undefined && { channel }),
    ...(response && { response_type: response === 'direct' ? ResponseType.DIRECT : ResponseType.NO_RESULT }),
    ...(queue && { queue_type: QueueType[queue.toUpperCase().replace('-', '_') as keyof typeof QueueType] }),
    ...(periodic !== undefined && { periodic_interval: periodic }),
    ...(retry !== undefined && {
      retry_policy: wireMessage(schema, 'jobworkerp.data.RetryPolicy', '--retry', retry) as RetryPolicy,
    }),
    ...(options.storeSuccess !== undefined && { store_success: options.storeSuccess }),
    ...(options.storeFailure !== undefined && { store_failure: options.storeFailure }),
    ...(options.static !== undefined && { use_static: options.static }),
    ...(options.broadcast !== undefined && { broadcast_results: options.broadcast }),
  };
}

export interface WorkerListOptions extends ConnectionOptions {
  readonly name?: string;
  readonly runner?: string;
  readonly channel?: string;
  readonly periodic?: boolean;
  readonly limit: number;
}

/** Lists workers by name. */
export async function list(options: WorkerListOptions): Promise<void> {
  await withSession(
    options,
    options.runner === undefined ? 'workers' : `runner '${options.runner}'`,
    async (session) => {
      const { client, question } = session;
      const runner = options.runner === undefined ? undefined : await findRunner(session, options.runner);
      const request = {
        limit: options.limit,
        ascending: true,
        sort_by: WorkerSortField.WORKER_SORT_FIELD_NAME,
        ...(options.name !== undefined && { name_filter: options.name }),
        ...(options.channel !== undefined && { channel: options.channel }),
        ...(options.periodic !== undefined && { is_periodic: options.periodic }),
        ...(runner && { runner_ids: [runner.id] }),
      };
      const names = await runnerNames(session);
      const rows: string[][] = [];
      let count = 0;
      for await (const { id, data } of client.stream(workerService, 'FindList', request, question)) {
        if (!id || !data) continue;
        count++;
        if (options.json) await printJson(await workerJson(session, { id, data }, names, false));
        else rows.push(rowOf({ id, data }, names));
      }
      if (!options.json)
        await printTable(['WORKER', 'RUNNER', 'CHANNEL', 'RESPONSE', 'STATIC', 'PERIODIC', 'ID'], rows);
      if (count === options.limit) note(`the first ${options.limit}; more with --limit`);
    },
  );
}

function rowOf({ id, data }: Complete<Worker>, names: ReadonlyMap<bigint, string>): string[] {
  const runnerId = data.runner_id?.value ?? 0n;
  return [
    data.name,
    names.get(runnerId) ?? `${runnerId} (gone)`,
    data.channel || '[default]',
    nameOf(ResponseType, data.response_type),
    mark(data.use_static),
    data.periodic_interval === 0 ? '' : `${data.periodic_interval} ms`,
    String(id.value),
  ];
}

/** Names of runners by id. */
async function runnerNames({ client, question }: Session): Promise<Map<bigint, string>> {
  const names = new Map<bigint, string>();
  const request = { runner_types: [RunnerType.PLUGIN], limit: 1000 };
  for await (const { id, data } of client.stream(runnerService, 'FindListBy', request, question)) {
    if (id && data) names.set(id.value, data.name);
  }
  return names;
}

/** Prints one worker with its settings. */
export async function show(nameOrId: string, options: ConnectionOptions): Promise<void> {
  await withSession(options, `worker '${nameOrId}'`, async (session) => {
    const worker = await findWorker(session, nameOrId);
    const json = await workerJson(session, worker, new Map(), true);
    if (options.json) return await printJson(json);
    const facts = Object.entries(json).map(([key, value]): [string, string] => [
      key.replaceAll('_', ' '),
      typeof value === 'object' ? jsonText(value) : String(value),
    ]);
    await printFacts(facts.filter(([, text]) => text !== ''));
  });
}

/** A worker as flat JSON; `--from` reads it again. Settings by the runner's schema, where they were asked for. */
async function workerJson(
  session: Session,
  worker: Complete<Worker>,
  names: ReadonlyMap<bigint, string>,
  withSettings: boolean,
): Promise<Json> {
  const {
    id,
    name,
    description,
    runner_id,
    runner_settings: _settings,
    ...rest
  } = wireJson(session.schema, 'jobworkerp.data.Worker', worker);
  const runnerId = worker.data.runner_id?.value ?? 0n;
  if (!withSettings) return { id, name, description, runner: names.get(runnerId) ?? null, runner_id, ...rest };
  const { data } = await session.client.unary(runnerService, 'Find', { value: runnerId }, session.question);
  const bytes = worker.data.runner_settings;
  const codec = data?.data && schemasOf(data.data).settings;
  const settings = codec ? codec.toJson(bytes) : plain(bytes);
  return { id, name, description, runner: data?.data?.name ?? null, runner_id, settings, ...rest };
}

/** Deletes workers; those that are not there make the command fail, after all were tried. */
export async function remove(names: readonly string[], options: ConnectionOptions): Promise<void> {
  const subject = names.length === 1 ? `worker '${names[0]}'` : `${names.length} workers`;
  await withSession(options, subject, async (session) => {
    const missed: string[] = [];
    for (const name of names) {
      const id = await idOf(session, name);
      const request = { value: id ?? 0n };
      const deleted =
        id !== undefined && (await session.client.unary(workerService, 'Delete', request, session.question)).is_success;
      if (!deleted) missed.push(name);
      if (options.json) await printJson({ name, id: id === undefined ? null : String(id), deleted });
      else if (deleted) await print(`${id}\n`);
    }
    if (missed.length > 0) throw notFound(`worker '${missed.join("', '")}'`, 'worker-not-found');
  });
}

async function idOf({ client, question }: Session, name: string): Promise<bigint | undefined> {
  const { data } = await client.unary(workerService, 'FindByName', { name }, question);
  return data?.id?.value ?? asId(name);
}
