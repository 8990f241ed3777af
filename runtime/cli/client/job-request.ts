/** From the options of `job enqueue` and `job stream` to the request and its headers. */
import { type JobRequest, Priority } from '../../model/messages.gen.ts';
import type { MethodDescription } from '../../model/method.ts';
import type { MessageCodec } from '../../plugins/schemas.ts';
import { chooseMethod } from '../choose-method.ts';
import { CliError } from '../exit-codes.ts';
import { type PayloadSource, readPayload } from '../payload.ts';
import { findTarget, findWorker, type Target } from './lookup.ts';
import type { ConnectionOptions } from './options.ts';
import type { OutputOptions } from './results.ts';
import type { Session } from './session.ts';
import { wireMessage } from './wire-json.ts';

/** The header by which a client asks that its job be cancelled with its call. */
const cancelHeader = 'bulkhead-cancel-on-disconnect';
/** The header by which a client asks that the output come once more as a whole, at its end. */
const streamingHeader = 'bulkhead-streaming';

/** What a job may be told. */
export interface JobOptions extends ConnectionOptions, PayloadSource, OutputOptions {
  readonly json?: true;
  readonly raw?: true;
  readonly method?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Milliseconds. */
  readonly timeout?: number;
  readonly priority?: 'high' | 'medium' | 'low';
  /** Milliseconds since 1970. */
  readonly runAfter?: number;
  readonly uniqKey?: string;
  readonly overrides?: unknown;
  readonly cancelOnExit?: true;
  /** Of streams: the whole output once more, as its end. */
  readonly collect?: true;
}

/** A job that can be sent. */
export interface PreparedJob {
  readonly request: Partial<JobRequest> & { readonly worker_name: string };
  readonly headers: Readonly<Record<string, string>>;
  /** Not there with `--raw`: bytes need no schema. */
  readonly target?: Target;
  readonly method?: MethodDescription;
  /** The codec of output and chunks; not there: plain bytes. */
  readonly result?: MessageCodec;
  /** The codec of a feed's chunks. */
  readonly feed?: MessageCodec;
}

/** Looks the worker up, encodes the arguments by its plugin's schema, and puts the request together. */
export async function prepareJob(session: Session, worker: string, options: JobOptions): Promise<PreparedJob> {
  const headers = jobHeaders(options);
  const settings = jobSettings(session, options);
  if (options.raw) {
    const { data } = await findWorker(session, worker);
    return { request: { ...settings, worker_name: data.name, args: readPayload(options, undefined) }, headers };
  }
  const target = await findTarget(session, worker);
  const method = chooseMethod(target.runner, options.method);
  const { args, result, feed } = target.schemas.method(method.name);
  return {
    request: { ...settings, worker_name: target.worker.data.name, args: readPayload(options, args) },
    headers,
    target,
    method,
    ...(result && { result }),
    ...(feed && { feed }),
  };
}

const priorities = { high: Priority.PRIORITY_HIGH, medium: Priority.PRIORITY_MEDIUM, low: Priority.PRIORITY_LOW };

function jobSettings({ schema }: Session, options: JobOptions): Partial<JobRequest> {
  const { method, timeout, priority, runAfter, uniqKey, overrides } = options;
  return {
    ...(method !== undefined && { using: method }),
    ...(timeout !== undefined && { timeout: BigInt(timeout) }),
    ...(priority && { priority: priorities[priority] }),
    ...(runAfter !== undefined && { run_after_time: BigInt(runAfter) }),
    ...(uniqKey !== undefined && { uniq_key: uniqKey }),
    ...(overrides !== undefined && {
      overrides: wireMessage(schema, 'jobworkerp.data.JobExecutionOverrides', '--overrides', overrides),
    }),
  };
}

function jobHeaders({ metadata = {}, cancelOnExit, collect }: JobOptions): Record<string, string> {
  const entries = Object.entries(metadata).map(([key, value]) => [checkedKey(key), checkedValue(key, value)] as const);
  return {
    ...Object.fromEntries(entries),
    ...(cancelOnExit && { [cancelHeader]: 'true' }),
    ...(collect && { [streamingHeader]: 'internal' }),
  };
}

/** Metadata travels as headers of the call, so it has to be what headers can be, and none that mean something. */
function checkedKey(key: string): string {
  const name = key.toLowerCase();
  if (!/^[a-z0-9_.-]{1,128}$/.test(name)) {
    throw new CliError('usage', `--metadata ${key}: a key has letters, digits, _, . and - only`);
  }
  if (/^(grpc-|jobworkerp-|bulkhead-|(te|host|user-agent|content-type)$)|-bin$/.test(name)) {
    throw new CliError('usage', `--metadata ${key}: that header means something to gRPC or to the server`);
  }
  return name;
}

function checkedValue(key: string, value: string): string {
  if (/^[ -~]*$/.test(value)) return value;
  throw new CliError(
    'usage',
    `--metadata ${key}: a value has printable ASCII characters only; send others in the args`,
  );
}
