/** `runner list|show`. */
import { type Runner, RunnerSortField, RunnerType } from '../../model/messages.gen.ts';
import type { MethodDescription } from '../../model/method.ts';
import { type Complete, describe, findRunner, isComplete } from './lookup.ts';
import type { ConnectionOptions } from './options.ts';
import { note, printFacts, printJson, printTable } from './output.ts';
import { withSession } from './session.ts';
import { clock, mark, nameOf } from './values-out.ts';
import { type Json, wireJson } from './wire-json.ts';

const runnerService = 'jobworkerp.service.RunnerService';

export interface RunnerListOptions extends ConnectionOptions {
  readonly uploads?: true;
  readonly name?: string;
  readonly limit: number;
}

/** Lists runners by name; or what was uploaded, served or not. */
export async function list(options: RunnerListOptions): Promise<void> {
  if (options.uploads) return await listUploads(options);
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

async function listUploads(options: RunnerListOptions): Promise<void> {
  await withSession(options, 'uploads', async ({ client, question, schema }) => {
    const { plugins } = await client.unary('bulkhead.plugin.v1.PluginService', 'List', {}, question);
    const wanted = plugins.filter(({ name }) => name.startsWith(options.name ?? '')).slice(0, options.limit);
    if (options.json) {
      for (const each of wanted) await printJson(wireJson(schema, 'bulkhead.plugin.v1.UploadedPlugin', each));
      return;
    }
    const rows = wanted.map(({ name, sha256, size_bytes: size, uploaded_at: time, runner_id: id }) => {
      return [name, mark(id !== undefined), size, clock(time), sha256.slice(0, 12)];
    });
    await printTable(['PLUGIN', 'SERVED', 'BYTES', 'UPLOADED (UTC)', 'SHA-256'], rows);
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
