/** Results of jobs: as JSON, as the line of a person, and as the error of a job that failed. */
import { type JobResult, type JobResultData, ResultStatus } from '../../model/messages.gen.ts';
import type { MessageCodec } from '../../plugins/schemas.ts';
import { CliError } from '../exit-codes.ts';
import { decode, plain } from '../payload.ts';
import { jobError } from './failures.ts';
import type { Target } from './lookup.ts';
import { note, print, printJson } from './output.ts';
import type { Session } from './session.ts';
import { type Json, wireJson } from './wire-json.ts';

/** How output is to be printed. */
export interface OutputOptions {
  readonly json?: true;
  /** The plugin's bytes as they are. */
  readonly raw?: true;
}

/** The codecs of the method that made a result, where its plugin is known and still has it. */
function codecsOf(
  target: Target | undefined,
  using: string | undefined,
): { args?: MessageCodec; result?: MessageCodec } {
  const methods = target?.runner.methods ?? [];
  const method = methods.find(({ name }) => name === using) ?? (using ? undefined : methods[0]);
  return method && target ? target.schemas.method(method.name) : {};
}

/** A result as flat JSON: `output` by the plugin's schema where the job succeeded, else `error`, a text. */
export function resultJson({ schema }: Session, result: JobResult, target: Target | undefined): Json {
  const { args: _args, output: _output, ...json } = wireJson(schema, 'jobworkerp.data.JobResult', result);
  const { data } = result;
  if (!data) return json;
  const codecs = codecsOf(target, data.using);
  const bytes = data.output?.items ?? new Uint8Array();
  const ended = succeeded(data)
    ? { output: decodeLoosely(codecs.result, bytes) }
    : { error: Buffer.from(bytes).toString('utf8') };
  return { ...json, args: decodeLoosely(codecs.args, data.args), ...ended };
}

/** By the schema where the bytes fit it: a plugin may have another schema than when the result was made. */
function decodeLoosely(codec: MessageCodec | undefined, bytes: Uint8Array): unknown {
  try {
    return codec ? codec.toJson(bytes) : plain(bytes);
  } catch {
    return plain(bytes);
  }
}

/** Prints a result that was waited for; throws where its job failed. */
export async function printResult(
  session: Session,
  result: JobResult,
  target: Target | undefined,
  { json, raw }: OutputOptions,
  shape: (json: Json) => Json = (each) => each,
): Promise<void> {
  const { data } = result;
  if (!data) throw new CliError('refused', 'the server answered a result without data; it may be of another version');
  const subject = `job ${data.job_id?.value ?? ''} of worker '${data.worker_name}'`;
  if (json) await printJson(shape(resultJson(session, result, target)));
  if (!succeeded(data)) throw jobError(subject, data.status, data.output?.items);
  const bytes = data.output?.items ?? new Uint8Array();
  if (raw && !json) await print(bytes);
  else if (!json) await printJson(decode(codecsOf(target, data.using).result, bytes));
  note(`${subject}: SUCCESS in ${data.end_time - data.start_time} ms`);
}

function succeeded({ status }: JobResultData): boolean {
  return status === ResultStatus.SUCCESS;
}
