/** `runner list|show|install|remove`. */
import { type Runner, RunnerSortField, RunnerType } from '../../model/messages.gen.ts';
import type { MethodDescription } from '../../model/method.ts';
import { type Complete, describe, findRunner, isComplete } from './lookup.ts';
import type { ConnectionOptions } from './options.ts';
import { note, print, printFacts, printJson, printTable } from './output.ts';
import { withSession } from './session.ts';
import { nameOf } from './values-out.ts';
import type { Json } from './wire-json.ts';

const runnerService = 'jobworkerp.service.RunnerService';

export interface RunnerListOptions extends ConnectionOptions {
  readonly name?: string;
  readonly limit: number;
}

/** Lists runners by name. */
export async function list(options: RunnerListOptions): Promise<void> {
  await withSession(options, 'runners', async ({ client, question }) => {
    const request = {
      limit: options.limit,
      ascending: true,
      sort_by: RunnerSortField.RUNNER_SORT_FIELD_NAME,
      ...(options.name !== undefined && { name_filter: options.name }),
    };
    const rows: string[][] = [];
    for await (const runner of client.stream(runnerService, 'FindListBy', request, question)) {
      if (!isComplete(runner)) continue;
      const { name, methods } = describe(runner.data);
      const type = nameOf(RunnerType, runner.data.runner_type);
      if (options.json) await printJson(runnerJson(runner));
      rows.push([name, type, methods.map((method) => method.name).join(', '), String(runner.id.value)]);
    }
    if (!options.json) await printTable(['RUNNER', 'TYPE', 'METHODS', 'ID'], rows);
    if (rows.length === options.limit) note(`the first ${options.limit}; more with --limit`);
  });
}

/** Prints a runner with the schemas of its settings and methods. */
export async function show(nameOrId: string, options: ConnectionOptions): Promise<void> {
  await withSession(options, `runner '${nameOrId}'`, async (session) => {
    const runner = await findRunner(session, nameOrId);
    if (options.json) return await printJson(runnerJson(runner));
    const { name, description, settingsProto, methods } = describe(runner.data);
    await printFacts([
      ['runner', name],
      ['description', description],
      ['id', runner.id.value],
      ['file', runner.data.definition],
      ['settings', schemaText(settingsProto)],
      ...methods.flatMap(methodFacts),
    ]);
  });
}

function methodFacts(method: MethodDescription): [string, string][] {
  const about = [method.outputType, ...(method.needFeed ? ['reads a feed'] : []), method.description ?? ''];
  return [
    [`method ${method.name}`, about.filter(Boolean).join(', ')],
    ['  args', schemaText(method.argsProto)],
    ['  result', schemaText(method.resultProto)],
    ...(method.needFeed ? ([['  feed', schemaText(method.feedDataProto ?? '')]] as [string, string][]) : []),
  ];
}

/** A schema below its name, without the lines that are the same everywhere. */
function schemaText(proto: string): string {
  const lines = proto.split('\n').filter((line) => !/^\s*(syntax\b.*|package\b.*)?$/.test(line));
  return lines.length === 0 ? 'plain bytes' : `\n${lines.map((line) => line.trimEnd()).join('\n')}`;
}

/** A runner as flat JSON, its methods as a list. */
function runnerJson({ id, data }: Complete<Runner>): Json {
  const { name, description, settingsProto, methods } = describe(data);
  return {
    id: String(id.value),
    name,
    description,
    runner_type: nameOf(RunnerType, data.runner_type),
    definition: data.definition,
    settings_proto: settingsProto,
    methods: methods.map((method) => ({
      name: method.name,
      description: method.description ?? '',
      output_type: method.outputType,
      need_feed: method.needFeed,
      args_proto: method.argsProto,
      result_proto: method.resultProto,
      feed_data_proto: method.feedDataProto ?? null,
    })),
  };
}

export interface InstallOptions extends ConnectionOptions {
  readonly name?: string;
  readonly description?: string;
}

/** Has the server serve a plugin file of its plugin folders. */
export async function install(file: string, options: InstallOptions): Promise<void> {
  await withSession(options, `plugin '${file}'`, async ({ client, question }) => {
    const request = {
      name: options.name ?? '',
      description: options.description ?? '',
      runner_type: RunnerType.PLUGIN,
      definition: file,
    };
    const { id } = await client.unary(runnerService, 'Create', request, question);
    const { data } = await client.unary(runnerService, 'Find', { value: id?.value ?? 0n }, question);
    const name = data?.data?.name ?? options.name ?? '';
    if (options.json) await printJson({ id: String(id?.value ?? ''), name, definition: file });
    else await print(`${name}\n`);
    note(`runner ${name} is served; make a worker of it with: bulkhead worker create NAME --runner ${name}`);
  });
}

/** Has the server serve a runner no longer. */
export async function remove(nameOrId: string, options: ConnectionOptions): Promise<void> {
  await withSession(options, `runner '${nameOrId}'`, async (session) => {
    const { id, data } = await findRunner(session, nameOrId);
    const { is_success: removed } = await session.client.unary(runnerService, 'Delete', id, session.question);
    if (options.json) await printJson({ id: String(id.value), name: data.name, removed });
    else if (removed) await print(`${data.name}\n`);
  });
}
