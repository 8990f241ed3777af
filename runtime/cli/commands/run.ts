/** `bulkhead run`: one job without a server, JSON in and JSON out. */
import { Command } from 'commander';
import { BulkheadError, type ErrorWire } from '../../errors.ts';
import type { PluginInstance } from '../../executor/executor.ts';
import type { Metadata, MethodCall } from '../../model/call.ts';
import type { MethodDescription } from '../../model/method.ts';
import type { MessageCodec } from '../../plugins/schemas.ts';
import { chooseMethod } from '../choose-method.ts';
import { jsonText } from '../client/text.ts';
import { CliError } from '../exit-codes.ts';
import type { LocalPlugin } from '../local-plugin.ts';
import { decode, encode } from '../payload.ts';
import { cacheOption, count, grantsOption, json, pair } from '../values.ts';

const help = `
JSON is read and written by the plugin's own schemas: 64-bit integers as strings, bytes as base64. Where the
plugin has no schema, the value is a JSON string: its text is what goes in and comes out; output that is no text
is {"base64": "…"}. The result goes to stdout, one line for each chunk of a stream; what the plugin logs, the
metadata that it answers and errors go to stderr. @FILE reads JSON from a file, - from stdin. The plugin reaches
what its manifest asks for and --grants allows.

Examples:
  $ bulkhead run hello.wasm --method run --args '{"name":"you"}'
  $ bulkhead run hello.wasm --args '{"name":"you"}' --settings '{"greeting_word":"Welcome"}'
  $ bulkhead run ./demo --args @args.json --stream      builds ./demo first`;

interface RunOptions {
  readonly method?: string;
  readonly args?: unknown;
  readonly settings?: unknown;
  readonly metadata?: Metadata;
  readonly stream?: true;
  readonly timeout?: number;
  readonly grants?: string;
  readonly cache: string;
}

export function runCommand(): Command {
  return new Command('run')
    .description('run one job of a plugin, without a server')
    .argument('<FILE>', 'component, or folder of a plugin crate')
    .option('-m, --method <NAME>', 'the method; may be left out where there is only one')
    .option('-a, --args <JSON>', 'the arguments', json)
    .option('-s, --settings <JSON>', "the worker's settings", json)
    .option('--metadata <KEY=VALUE>', 'metadata for the plugin; may be repeated', pair)
    .option('--stream', 'stream the output')
    .option('--timeout <MS>', 'end the job after so many milliseconds', count)
    .addOption(grantsOption())
    .addOption(cacheOption())
    .addHelpText('after', help)
    .action(async (path: string, options: RunOptions) => {
      const { withPlugin } = await import('../local-plugin.ts');
      await withPlugin(path, options, (local) => runJob(local, options));
    });
}

async function runJob({ executor, plugin, schemas, permissions }: LocalPlugin, options: RunOptions): Promise<void> {
  const method = chooseMethod(plugin.runner, options.method);
  const stream = wantsStream(method, options.stream ?? false);
  const codecs = schemas.method(method.name);
  const settings = encode('--settings', schemas.settings, options.settings);
  const args = encode('--args', codecs.args, options.args);
  const deadline = options.timeout === undefined ? {} : { deadline: Date.now() + options.timeout };
  const call: MethodCall = {
    job: { jobId: 1n, workerName: 'bulkhead run', attempt: 1, ...deadline },
    ...(options.method !== undefined && { using: options.method }),
    args,
    metadata: options.metadata ?? {},
  };
  const instance = executor.instance({
    plugin,
    settings,
    grants: permissions.effective,
    limits: permissions.limits.effective,
    isolation: 'per-job',
  });
  const print = (bytes: Uint8Array): void => printResult(codecs.result, bytes);
  try {
    await (stream ? runStream : runOnce)(instance, call, options.timeout, print);
  } finally {
    await instance.dispose();
  }
}

async function runOnce(
  instance: PluginInstance,
  call: MethodCall,
  timeout: number | undefined,
  print: (bytes: Uint8Array) => void,
) {
  const outcome = await instance.run(call, timeoutSignal(timeout));
  if (!outcome.ok) throw failure(outcome.error);
  print(outcome.output);
  printMetadata(outcome.metadata);
}

async function runStream(
  instance: PluginInstance,
  call: MethodCall,
  timeout: number | undefined,
  print: (bytes: Uint8Array) => void,
) {
  const stream = instance.stream(call, timeoutSignal(timeout));
  for await (const chunk of stream) print(chunk);
  const end = await stream.end;
  if (!end.ok) throw failure(end.error);
  printMetadata(end.metadata);
}

/** A plugin's failure is no defect of ours, whatever its code says. */
function failure(error: ErrorWire): Error {
  return error.code === 'internal'
    ? BulkheadError.fromWire(error)
    : new CliError('failed', `${error.message} [${error.code}]`);
}

function timeoutSignal(timeout: number | undefined): { signal?: AbortSignal } {
  if (timeout === undefined) return {};
  const controller = new AbortController();
  const late = new BulkheadError('deadline-exceeded', `the job did not end within ${timeout} ms`);
  setTimeout(() => controller.abort(late), timeout).unref();
  return { signal: controller.signal };
}

function wantsStream({ name, outputType, needFeed }: MethodDescription, asked: boolean): boolean {
  if (outputType === 'none') throw new CliError('usage', `method '${name}' is listed but never executed`);
  if (needFeed)
    throw new CliError(
      'usage',
      `method '${name}' reads a feed, which \`run\` has none of: use a server and FeedToStream`,
    );
  if (outputType === 'non-streaming' && asked)
    throw new CliError('usage', `method '${name}' does not stream: leave --stream out`);
  return outputType === 'streaming' || asked;
}

function printResult(codec: MessageCodec | undefined, bytes: Uint8Array): void {
  process.stdout.write(`${jsonText(decode(codec, bytes))}\n`);
}

function printMetadata(metadata: Metadata): void {
  for (const [key, value] of Object.entries(metadata)) process.stderr.write(`metadata ${key}=${value}\n`);
}
