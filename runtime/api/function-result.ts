/**
 * What a function's caller reads: one message with the result, or one for each chunk and a last one. The last message
 * of a job says how it ended, also where it failed; only what no result says (a reader that is too slow, a server that
 * stops) ends the call with a status of its own.
 */
import type { FunctionCall } from '../admission/functions.ts';
import {
  type FunctionExecutionInfo,
  type FunctionResult,
  type JobResult,
  ResultStatus,
} from '../model/messages.gen.ts';
import { JobFailed } from '../results/results.ts';

/** The metadata of a result that says the error's code. */
const errorCode = 'bulkhead-error-code';

export async function* functionResults(call: FunctionCall): AsyncGenerator<FunctionResult, void, undefined> {
  if (call.output) yield* streamed(call, call.output);
  else if (call.result) yield ended(call, await call.result);
  // Nobody waits for the job (NO_RESULT): where it is to be found is all there is to say.
  else yield { output: '', last_info: { ...infoOf(call, {}), started_at: BigInt(call.startedAt) } };
}

async function* streamed(
  call: FunctionCall,
  output: NonNullable<FunctionCall['output']>,
): AsyncGenerator<FunctionResult, void, undefined> {
  try {
    for await (const { data, end } of output) {
      if (data) yield { ...outputOf(call, data), status: ResultStatus.SUCCESS };
      if (end) yield { output: '', status: ResultStatus.SUCCESS, last_info: endedNow(call, end.metadata) };
    }
  } catch (thrown) {
    if (!(thrown instanceof JobFailed)) throw thrown;
    yield ended(call, thrown.result);
  } finally {
    output.close();
  }
}

function ended(call: FunctionCall, { data, metadata }: JobResult): FunctionResult {
  const status = data?.status ?? ResultStatus.OTHER_ERROR;
  const bytes = data?.output?.items ?? new Uint8Array(0);
  const startedAt = data?.start_time ?? BigInt(call.startedAt);
  const completedAt = data?.end_time ?? BigInt(Date.now());
  const info = { ...infoOf(call, metadata), ...times(startedAt, completedAt) };
  if (status === ResultStatus.SUCCESS) return { ...outputOf(call, bytes), status, last_info: info };
  return {
    output: '',
    status,
    error_message: Buffer.from(bytes).toString('utf8'),
    error_code: metadata[errorCode] ?? 'internal',
    last_info: info,
  };
}

/** JSON that does not fit its schema is given all the same, with what is wrong. */
function outputOf(call: FunctionCall, bytes: Uint8Array): FunctionResult {
  const { json, problem } = call.toJson(bytes);
  return { output: json, ...(problem !== undefined && { error_message: problem, error_code: 'plugin-failed' }) };
}

function endedNow(call: FunctionCall, metadata: Readonly<Record<string, string>>): FunctionExecutionInfo {
  return { ...infoOf(call, metadata), ...times(BigInt(call.startedAt), BigInt(Date.now())) };
}

function infoOf(
  { id }: FunctionCall,
  metadata: Readonly<Record<string, string>>,
): Pick<FunctionExecutionInfo, 'job_id' | 'metadata'> {
  return { job_id: String(id), metadata: { ...metadata } };
}

function times(startedAt: bigint, completedAt: bigint): Omit<FunctionExecutionInfo, 'job_id' | 'metadata'> {
  return { started_at: startedAt, completed_at: completedAt, execution_time_ms: completedAt - startedAt };
}
