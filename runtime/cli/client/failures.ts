/** A call that failed, as one line: what it was about, what is wrong, status and code, and what to do. */
import type { CallFailure } from '../../api/client.ts';
import type { ErrorCode } from '../../errors.ts';
import { ResultStatus } from '../../model/messages.gen.ts';
import { CliError, type exitCodes } from '../exit-codes.ts';
import { visible } from './text.ts';

type ExitKind = keyof typeof exitCodes;

/** What somebody can do, by the server's own code. */
const adviceByCode: Readonly<Partial<Record<ErrorCode, string>>> = {
  'worker-not-found': 'list them with: bulkhead worker list',
  'worker-exists': 'change it with: bulkhead worker upsert',
  'runner-not-found': 'list them with: bulkhead runner list',
  'job-not-found': 'see what was stored with: bulkhead result list',
  'job-exists': 'wait for it, or take another --uniq-key',
  'not-broadcast': 'only workers that were made with --broadcast can be listened to',
  'feed-refused': 'feed a job that runs, streams and reads a feed',
  'feed-full': 'try again later',
  'listen-timeout': 'listen again, or longer with --timeout',
  'too-many-listeners': 'try again later',
  'method-required': 'name one with --using',
  'method-not-found': 'see: bulkhead runner show RUNNER',
  'method-not-runnable': 'a method that streams runs with `bulkhead job stream`, one that reads a feed with its --feed',
  'args-invalid': 'see its schema with: bulkhead runner show RUNNER',
  'settings-invalid': 'see their schema with: bulkhead runner show RUNNER',
  'runner-exists': 'what was uploaded is replaced with --replace',
  'queue-full': 'try again later',
  'rate-limited': 'try again in a moment',
  'calls-limited': 'try again when others of this token have ended',
  'shutting-down': 'try again when it is back',
};

/** What somebody can do, by the status, where the code says nothing. */
const adviceByStatus: Readonly<Record<string, string>> = {
  UNAVAILABLE: 'start a server with `bulkhead serve`, or name another one with --address or --profile',
  UNAUTHENTICATED: 'give a token with --token-file or BULKHEAD_TOKEN, or in the profile',
  PERMISSION_DENIED: 'take a token that may do this',
  DEADLINE_EXCEEDED: 'the server is overloaded or not there',
};

const kinds: Readonly<Record<string, ExitKind>> = {
  INVALID_ARGUMENT: 'usage',
  UNAVAILABLE: 'unreachable',
  CANCELLED: 'failed',
};

/** The error of a failed call. `subject` is what it was about: `worker 'greeter'`. */
export function failureError(failure: CallFailure, subject: string, server: ServerFacts): CliError {
  const { status, code, result } = failure;
  if (result?.data) {
    const job = subject.startsWith('job ') ? subject : `job ${result.data.job_id?.value ?? ''} of ${subject}`;
    return jobError(job, result.data.status, result.data.output?.items, code);
  }
  const answered = code !== undefined || (status !== 'UNAVAILABLE' && status !== 'DEADLINE_EXCEEDED');
  // A newer server may have codes that are not in our catalogue.
  const advice = adviceByCode[code as ErrorCode] ?? adviceOf(failure, server);
  const place = answered ? subject : `server ${server.address}`;
  const text = `${place}: ${plainText(failure)} [${[status, code].filter(Boolean).join(' ')}]${advice ? `; ${advice}` : ''}`;
  return new CliError(kindOf(failure), visible(text));
}

/** How the server was called. */
export interface ServerFacts {
  /** HOST:PORT. */
  readonly address: string;
  readonly tls?: unknown;
}

/** Somebody is there, but does not understand: most often one side speaks TLS and the other does not. */
function adviceOf({ status, message }: CallFailure, { tls }: ServerFacts): string | undefined {
  const nobodyThere = /ECONNREFUSED|Name resolution|EHOSTUNREACH|ENETUNREACH/.test(message);
  if (status !== 'UNAVAILABLE' || nobodyThere) return adviceByStatus[status];
  return tls
    ? 'it may not speak TLS, or its certificate is for another name (--tls-server-name) or of another authority (--tls-ca)'
    : 'it may speak nothing but TLS (--tls), or be no server of jobs';
}

/** Without what grpc-js puts around the error of a connection. */
function plainText({ status, code, message }: CallFailure): string {
  if (status === 'DEADLINE_EXCEEDED' && code === undefined) return 'it did not answer in time';
  return message
    .replace(/^No connection established\. Last error: (Error: )?/, '')
    .replace(/[. ]*Resolution note:.*$/s, '')
    .replace(/ \(\d{4}-\d\d-\d\dT[^)]*\)$/, '')
    .trim();
}

/** The error of a job that ended without success. Its output is what went wrong, in words. */
export function jobError(subject: string, status: number, output: Uint8Array | undefined, code?: string): CliError {
  const text = Buffer.from(output ?? []).toString('utf8') || 'it gave no reason';
  return new CliError(
    'failed',
    visible(`${subject}: ${text} [${[statusName(status), code].filter(Boolean).join(' ')}]`),
  );
}

/** The error where the server was asked for something and answered that there is none. */
export function notFound(subject: string, code?: ErrorCode): CliError {
  const advice = code === undefined ? undefined : adviceByCode[code];
  const tags = ['NOT_FOUND', code].filter(Boolean).join(' ');
  const text = `${subject}: the server has none of that name or id [${tags}]${advice ? `; ${advice}` : ''}`;
  return new CliError('refused', visible(text));
}

/** `SUCCESS`, `CANCELLED`, …; the number of a status that is newer than this client. */
export function statusName(status: number): string {
  return Object.entries(ResultStatus).find(([, value]) => value === status)?.[0] ?? String(status);
}

/** A deadline without a code is the client's own: the server did not answer. Who listened may listen again. */
function kindOf({ status, code }: CallFailure): ExitKind {
  if (status === 'DEADLINE_EXCEEDED') return code === 'deadline-exceeded' ? 'failed' : 'unreachable';
  if (code?.startsWith('plugin-') && status === 'INTERNAL') return 'failed';
  return kinds[status] ?? 'refused';
}
