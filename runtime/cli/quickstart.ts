/**
 * `npm run quickstart`: shows the whole way once. It builds the example plugins, serves them on a free port,
 * submits jobs through a gRPC client, lets a plugin panic, and shows that the same server goes on.
 *
 * It keeps nothing but the built components and the cache, and exits with 0 only where each answer was the
 * expected one.
 */
import { availableParallelism } from 'node:os';
import { WireClient } from '../api/client.ts';
import { type RunningApp, startApp } from '../app.ts';
import { type JobResultData, ResponseType, ResultStatus } from '../model/messages.gen.ts';
import type { RunnerSchemas } from '../plugins/schemas.ts';
import { statusName } from './client/failures.ts';
import { schemasOf } from './client/lookup.ts';
import { CliError } from './exit-codes.ts';
import { fail } from './program.ts';
import { buildExamples, buildMeter, examplePlugins } from './toolbox/components.ts';
import { duration, progress, step } from './toolbox/progress.mjs';
import { defaultCacheFolder } from './values.ts';

/** A worker that was registered, and the schemas of its runner. */
interface Registered {
  readonly name: string;
  readonly schemas: RunnerSchemas;
}

/** How a job of the tour has to end. */
interface Expected {
  readonly succeeds: boolean;
  /** A part of its output. */
  readonly output: string;
}

/** The method of all the examples that the tour calls. */
const method = 'run';

async function tour(): Promise<void> {
  const began = performance.now();
  await buildMeter();
  await buildExamples();
  const app = await step('starting the server', startServer);
  const client = new WireClient(`127.0.0.1:${app.port}`);
  try {
    say(
      `  127.0.0.1:${app.port} serves ${app
        .plugins()
        .map(({ name }) => name)
        .join(', ')}`,
    );
    const hello = await register(client, 'Hello', { greeting_word: 'Welcome aboard' });
    await submit(client, hello, { name: 'newcomer' }, { succeeds: true, output: 'Welcome aboard, newcomer!' });
    const guide = await register(client, 'MyPlugin', {});
    await submit(client, guide, { input_data: 'a job' }, { succeeds: true, output: 'a job' });
    const panics = await register(client, 'Panics', {});
    const fire = 'everything is on fire';
    await submit(client, panics, { where: 'run', how: 'panic', message: fire }, { succeeds: false, output: fire });
    say('  The plugin panicked, and took nothing with it. The same server, the same worker:');
    await submit(client, panics, { message: 'still here' }, { succeeds: true, output: 'still here' });
  } finally {
    client.close();
    await step('stopping the server', () => app.close());
  }
  say(`\nDone in ${duration(performance.now() - began)}. Now a plugin of your own: npx bulkhead new demo`);
}

function startServer(): Promise<RunningApp> {
  const threads = availableParallelism();
  return startApp({
    listen: { host: '127.0.0.1', port: 0 },
    pluginFolders: [examplePlugins],
    database: ':memory:',
    threads,
    cacheFolder: process.env.BULKHEAD_CACHE_DIR ?? defaultCacheFolder(),
    defaultConcurrency: threads,
    onLog: ({ level, message }) => {
      if (level === 'error') say(`  ${message}`);
    },
  });
}

/** Registers a worker for a runner, as a client does that knows nothing but the runner's name. */
function register(client: WireClient, runner: string, settings: unknown): Promise<Registered> {
  const name = `tour-${runner}`;
  return step(`registering the worker ${name}`, async () => {
    const { data: found } = await client.unary('jobworkerp.service.RunnerService', 'FindByName', { name: runner });
    if (!found?.id || !found.data) throw new CliError('failed', `the server has no runner '${runner}'`);
    const schemas = schemasOf(found.data);
    await client.unary('jobworkerp.service.WorkerService', 'Create', {
      name,
      runner_id: found.id,
      runner_settings: schemas.settings?.fromJson(settings) ?? new Uint8Array(),
      response_type: ResponseType.DIRECT,
    });
    return { name, schemas };
  });
}

/** Submits a job, prints its result, and throws where it is not the expected one. */
async function submit(
  client: WireClient,
  { name, schemas }: Registered,
  args: unknown,
  expected: Expected,
): Promise<void> {
  const codecs = schemas.method(method);
  const result = await step(`job for ${name}: ${JSON.stringify(args)}`, async () => {
    const answer = await client.unary('jobworkerp.service.JobService', 'Enqueue', {
      worker_name: name,
      using: method,
      args: codecs.args?.fromJson(args) ?? new Uint8Array(),
    });
    if (!answer.result?.data) throw new CliError('failed', `the job for ${name} came back without a result`);
    return answer.result.data;
  });
  const output = outputText(result, schemas);
  const succeeded = result.status === ResultStatus.SUCCESS;
  say(`  ${statusName(result.status)} ${output}`);
  if (succeeded !== expected.succeeds || !output.includes(expected.output)) {
    throw new CliError(
      'failed',
      `the job for ${name} ended in another way than it should: expected ${JSON.stringify(expected)}`,
    );
  }
}

/** A result by the runner's own schema; of a failed job, what went wrong. */
function outputText({ status, output }: JobResultData, schemas: RunnerSchemas): string {
  const bytes = output?.items ?? new Uint8Array();
  const codec = status === ResultStatus.SUCCESS ? schemas.method(method).result : undefined;
  return codec ? JSON.stringify(codec.toJson(bytes)) : Buffer.from(bytes).toString('utf8');
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

// What it does and how long that takes is what it is run for.
progress.stream = process.stdout;
try {
  await tour();
} catch (thrown) {
  process.exitCode = fail(thrown);
}
