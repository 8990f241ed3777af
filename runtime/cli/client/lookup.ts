/** From what the user named, a worker or runner by name or id, to what the server has, and to the plugin's schemas. */
import { type Runner, type RunnerData, StreamingOutputType, type Worker } from '../../model/messages.gen.ts';
import type { MethodDescription, RunnerDescription } from '../../model/method.ts';
import { compileRunnerSchemas, type RunnerSchemas } from '../../plugins/schemas.ts';
import { CliError } from '../exit-codes.ts';
import { notFound } from './failures.ts';
import type { Session } from './session.ts';

const workers = 'jobworkerp.service.WorkerService';
const runners = 'jobworkerp.service.RunnerService';
/** Ids are int64; nothing larger is one. */
const largestId = 2n ** 63n - 1n;

/** A message that has its id and its data, as all answers of a server do. */
export type Complete<T extends { readonly id?: unknown; readonly data?: unknown }> = T & {
  readonly id: NonNullable<T['id']>;
  readonly data: NonNullable<T['data']>;
};

/** A worker with its runner: what a job of it takes and gives. */
export interface Target {
  readonly worker: Complete<Worker>;
  readonly runner: RunnerDescription;
  readonly schemas: RunnerSchemas;
}

/** The worker of that name, or of that id where no worker has the name. */
export async function findWorker({ client, question }: Session, nameOrId: string): Promise<Complete<Worker>> {
  const named = await client.unary(workers, 'FindByName', { name: nameOrId }, question);
  const id = named.data ? undefined : asId(nameOrId);
  const found = id === undefined ? named : await client.unary(workers, 'Find', { value: id }, question);
  if (found.data && isComplete(found.data)) return found.data;
  throw notFound(`worker '${nameOrId}'`, 'worker-not-found');
}

/** The runner of that name, or of that id where no runner has the name. */
export async function findRunner({ client, question }: Session, nameOrId: string): Promise<Complete<Runner>> {
  const named = await client.unary(runners, 'FindByName', { name: nameOrId }, question);
  const id = named.data ? undefined : asId(nameOrId);
  const found = id === undefined ? named : await client.unary(runners, 'Find', { value: id }, question);
  if (found.data && isComplete(found.data)) return found.data;
  throw notFound(`runner '${nameOrId}'`, 'runner-not-found');
}

/** The worker of that name or id, and what its plugin says of itself. */
export async function findTarget(session: Session, nameOrId: string): Promise<Target> {
  return await targetOf(session, await findWorker(session, nameOrId));
}

/** What the plugin of a worker says of itself. */
export async function targetOf(session: Session, worker: Complete<Worker>): Promise<Target> {
  const id = worker.data.runner_id?.value ?? 0n;
  const { data } = await session.client.unary(runners, 'Find', { value: id }, session.question);
  if (!data?.data) {
    throw notFound(`the runner of worker '${worker.data.name}' (id ${id})`, 'runner-not-found');
  }
  return { worker, runner: describe(data.data), schemas: schemasOf(data.data) };
}

/** A number that is an id, or undefined. */
export function asId(text: string): bigint | undefined {
  if (!/^\d{1,19}$/.test(text)) return undefined;
  const id = BigInt(text);
  return id <= largestId ? id : undefined;
}

/** An id of a command line. `what` is the kind of thing that has it. */
export function needId(what: string, text: string): bigint {
  const id = asId(text);
  if (id !== undefined) return id;
  throw new CliError('usage', `${what} '${text}': an id is a whole number, such as 1965349870712651776`);
}

/** Whether an answer has what answers always have. */
export function isComplete<T extends { readonly id?: unknown; readonly data?: unknown }>(
  message: T,
): message is Complete<T> {
  return message.id !== undefined && message.data !== undefined;
}

/** The schemas of a runner, compiled. Throws `plugin-refused` where one is broken. */
export function schemasOf(data: RunnerData): RunnerSchemas {
  return compileRunnerSchemas(describe(data));
}

/** A runner as its plugin described it to the server; methods by name. */
export function describe(data: RunnerData): RunnerDescription {
  const methods = Object.entries(data.method_proto_map?.schemas ?? {}).map(([name, schema]): MethodDescription => {
    const { description, client_stream_data_proto: feedDataProto } = schema;
    return {
      name,
      argsProto: schema.args_proto,
      resultProto: schema.result_proto,
      outputType: outputTypes[schema.output_type] ?? 'non-streaming',
      needFeed: schema.require_client_stream,
      ...(description !== undefined && { description }),
      ...(feedDataProto !== undefined && { feedDataProto }),
    };
  });
  methods.sort((a, b) => (a.name < b.name ? -1 : 1));
  const { name, description, runner_settings_proto: settingsProto } = data;
  return { name, description, settingsProto, settingsJsonSchema: '', methods };
}

const outputTypes: Readonly<Record<number, MethodDescription['outputType']>> = {
  [StreamingOutputType.NON_STREAMING]: 'non-streaming',
  [StreamingOutputType.STREAMING]: 'streaming',
  [StreamingOutputType.BOTH]: 'both',
};
