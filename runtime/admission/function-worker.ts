/** The worker that a function's caller asks for: by name, or for a single job. */
import { BulkheadError } from '../errors.ts';
import {
  type CreateWorkerRequest,
  QueueType,
  ResponseType,
  RunnerType,
  type WorkerData,
  type WorkerOptions,
} from '../model/messages.gen.ts';
import type { PluginCatalogue, RunnerPlugin } from '../plugins/catalogue.ts';
import { settingsFromJson } from './function-json.ts';
import { invalid, missing } from './refusals.ts';

/** What is said where a request says nothing. */
const noOptions: WorkerOptions = {
  store_success: false,
  store_failure: false,
  use_static: false,
  broadcast_results: false,
};

/** Options are the caller's; a worker answers (DIRECT) from memory (NORMAL) unless they say otherwise. */
export function workerDataOf(
  runner: RunnerPlugin,
  { name, description = '' }: { readonly name: string; readonly description?: string },
  settingsJson: string,
  { retry_policy: retryPolicy, channel, queue_type, response_type, ...flags }: WorkerOptions = noOptions,
): WorkerData {
  return {
    name,
    description,
    runner_id: { value: runner.id },
    runner_settings: settingsFromJson(runner.schemas, settingsJson),
    periodic_interval: 0,
    ...(retryPolicy && { retry_policy: retryPolicy }),
    ...(channel !== undefined && { channel }),
    queue_type: queue_type ?? QueueType.NORMAL,
    response_type: response_type ?? ResponseType.DIRECT,
    ...flags,
  };
}

/** The worker of a CreateWorkerRequest. Throws `field-missing`, `field-invalid`, and as {@link runnerNamed}. */
export function workerDataFrom(request: CreateWorkerRequest, plugins: PluginCatalogue): WorkerData {
  const { name, description, settings_json: settings = '', worker_options: options } = request;
  if (name === '') throw missing('name');
  if (!/^[a-zA-Z][\w-]*$/.test(name))
    throw invalid('name', `must begin with a letter and have only letters, digits, _ and -, got '${name}'`);
  return workerDataOf(
    runnerOf(request, plugins),
    { name, ...(description !== undefined && { description }) },
    settings,
    options,
  );
}

function runnerOf({ runner_name: name, runner_id: id }: CreateWorkerRequest, plugins: PluginCatalogue): RunnerPlugin {
  if (name !== undefined) return runnerNamed(name, plugins);
  if (id === undefined) throw missing('runner_name or runner_id');
  const runner = plugins.byId(id.value);
  if (runner) return runner;
  throw new BulkheadError('runner-not-found', `there is no runner with id ${id.value}`, {
    details: { id: String(id.value) },
  });
}

/** Throws `field-missing`, `runner-not-found`, and `unimplemented` for names that jobworkerp-rs gives to other types. */
export function runnerNamed(name: string, plugins: PluginCatalogue): RunnerPlugin {
  if (name === '') throw missing('runner_name');
  const runner = plugins.byName(name);
  if (runner) return runner;
  if (name !== 'PLUGIN' && Object.hasOwn(RunnerType, name))
    throw new BulkheadError('unimplemented', `runners of the type ${name} are not offered: Bulkhead runs plugins`, {
      details: { runner_type: name },
    });
  throw new BulkheadError('runner-not-found', `there is no runner called '${name}'`, { details: { name } });
}
