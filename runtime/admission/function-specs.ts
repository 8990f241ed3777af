/** Runners and workers as their callers see them: methods with JSON Schemas. */
import { BulkheadError } from '../errors.ts';
import {
  type FunctionMethodSchema,
  type FunctionSpecs,
  RunnerType,
  StreamingOutputType,
} from '../model/messages.gen.ts';
import type { MethodDescription } from '../model/method.ts';
import type { WorkerRecord } from '../model/worker.ts';
import type { RunnerPlugin } from '../plugins/catalogue.ts';

/** A runner; `using`: as if it had that method only. Throws `function-not-found`. */
export function runnerSpecs(runner: RunnerPlugin, using?: string): FunctionSpecs {
  const { name, description } = runner.plugin.runner;
  return {
    runner_type: RunnerType.PLUGIN,
    runner_id: { value: runner.id },
    name,
    settings_schema: runner.schemas.settingsJsonSchema(),
    ...methodsOf(runner, description, using),
  };
}

/** A worker; it has its settings already. Throws `function-not-found`. */
export function workerSpecs({ id, data }: WorkerRecord, runner: RunnerPlugin, using?: string): FunctionSpecs {
  return {
    runner_type: RunnerType.PLUGIN,
    runner_id: { value: runner.id },
    worker_id: { value: id },
    name: data.name,
    settings_schema: '',
    ...methodsOf(runner, data.description, using),
  };
}

function methodsOf(
  runner: RunnerPlugin,
  description: string,
  using: string | undefined,
): Pick<FunctionSpecs, 'description' | 'methods'> {
  const { methods, name } = runner.plugin.runner;
  if (using === undefined) return { description, methods: schemasOf(runner, methods) };
  const method = methods.find((each) => each.name === using);
  if (!method)
    throw new BulkheadError('function-not-found', `runner '${name}' has no method '${using}'`, {
      details: { runner: name, method: using },
    });
  return { description: method.description ?? `${description} - ${using}`, methods: schemasOf(runner, [method]) };
}

function schemasOf(
  { schemas }: RunnerPlugin,
  methods: readonly MethodDescription[],
): { schemas: Record<string, FunctionMethodSchema> } {
  const entries = methods.map(({ name, description, outputType }): [string, FunctionMethodSchema] => {
    const { args, result } = schemas.jsonSchemas(name);
    return [
      name,
      {
        ...(description !== undefined && { description }),
        arguments_schema: args,
        ...(result !== undefined && { result_schema: result }),
        output_type: outputTypes[outputType],
      },
    ];
  });
  return { schemas: Object.fromEntries(entries) };
}

/** The wire has no word for a method that never runs. */
const outputTypes: Readonly<Record<MethodDescription['outputType'], StreamingOutputType>> = {
  'non-streaming': StreamingOutputType.NON_STREAMING,
  streaming: StreamingOutputType.STREAMING,
  both: StreamingOutputType.BOTH,
  none: StreamingOutputType.NON_STREAMING,
};
