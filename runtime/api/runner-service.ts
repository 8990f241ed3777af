/** RunnerService: what the server can run, with the schemas of settings and methods. */
import { BulkheadError } from '../errors.ts';
import {
  type CountRunnerRequest,
  type MethodSchema,
  type OptionalRunnerResponse,
  type Runner,
  RunnerSortField,
  RunnerType,
  StreamingOutputType,
} from '../model/messages.gen.ts';
import type { MethodDescription } from '../model/method.ts';
import { cutPage } from '../model/page.ts';
import type { PluginCatalogue, RunnerPlugin } from '../plugins/catalogue.ts';
import type { PluginManagement } from '../plugins/management.ts';
import type { Handlers } from './handlers.ts';

/** Rows of FindListBy where the request sets no limit. */
const defaultLimit = 100;

/** A runner is a plugin's file: Create serves one, with the plugin's own description, and Delete ends that. */
export function runnerService(
  plugins: PluginCatalogue,
  management: PluginManagement,
): Handlers<'jobworkerp.service.RunnerService'> {
  return {
    Create: async ({ name, runner_type: type, definition }) => {
      if (type !== RunnerType.PLUGIN) throw otherType(type);
      return {
        id: { value: (await management.register(name, definition)).id },
      };
    },
    Delete: async ({ value }) => ({
      is_success: await management.unload(value),
    }),
    Find: async ({ value }) => optional(plugins.byId(value)),
    FindByName: async ({ name }) => optional(plugins.byName(name)),
    FindList: ({ limit, offset }) => cutPage([...plugins.list()].sort(newestFirst), limit, offset).map(message),
    Count: async () => ({ total: BigInt(plugins.list().length) }),
    FindListBy: (request) => {
      const rows = filtered(plugins, request);
      const compare = request.sort_by === RunnerSortField.RUNNER_SORT_FIELD_NAME ? byName : byId;
      const direction = request.ascending ? 1 : -1;
      rows.sort((a, b) => direction * compare(a, b));
      return cutPage(rows, request.limit ?? defaultLimit, request.offset).map(message);
    },
    CountBy: async (request) => ({ total: BigInt(filtered(plugins, request).length) }),
  };
}

function otherType(type: number): BulkheadError {
  const name = Object.entries(RunnerType).find(([, number]) => number === type)?.[0] ?? String(type);
  return new BulkheadError(
    'unimplemented',
    `runners of the type ${name} are not offered: Bulkhead runs plugins (PLUGIN)`,
    {
      details: { runner_type: name },
    },
  );
}

function filtered(
  plugins: PluginCatalogue,
  { runner_types: types, name_filter: prefix }: CountRunnerRequest,
): RunnerPlugin[] {
  if (types.length > 0 && !types.includes(RunnerType.PLUGIN)) return [];
  return plugins.list().filter(({ plugin }) => prefix === undefined || plugin.runner.name.startsWith(prefix));
}

function byId(a: RunnerPlugin, b: RunnerPlugin): number {
  return a.id < b.id ? -1 : Number(a.id > b.id);
}

function newestFirst(a: RunnerPlugin, b: RunnerPlugin): number {
  return byId(b, a);
}

function byName(a: RunnerPlugin, b: RunnerPlugin): number {
  return a.plugin.runner.name < b.plugin.runner.name ? -1 : 1;
}

function optional(runner: RunnerPlugin | undefined): OptionalRunnerResponse {
  return runner ? { data: message(runner) } : {};
}

function message({ id, plugin }: RunnerPlugin): Runner {
  const { name, description, settingsProto, methods } = plugin.runner;
  return {
    id: { value: id },
    data: {
      name,
      description,
      runner_type: RunnerType.PLUGIN,
      runner_settings_proto: settingsProto,
      definition: plugin.path,
      method_proto_map: { schemas: Object.fromEntries(methods.map((method) => [method.name, methodSchema(method)])) },
    },
  };
}

function methodSchema(method: MethodDescription): MethodSchema {
  return {
    args_proto: method.argsProto,
    result_proto: method.resultProto,
    ...(method.description !== undefined && { description: method.description }),
    output_type: outputTypes[method.outputType],
    require_client_stream: method.needFeed,
    ...(method.feedDataProto !== undefined && { client_stream_data_proto: method.feedDataProto }),
  };
}

/** The wire has no word for a method that never runs. */
const outputTypes: Readonly<Record<MethodDescription['outputType'], StreamingOutputType>> = {
  'non-streaming': StreamingOutputType.NON_STREAMING,
  streaming: StreamingOutputType.STREAMING,
  both: StreamingOutputType.BOTH,
  none: StreamingOutputType.NON_STREAMING,
};
