/** Request headers as job metadata, and a job's id as a response header. */
import { Metadata } from '@grpc/grpc-js';
import { BulkheadError } from '../errors.ts';
import type { Metadata as JobMetadata } from '../model/call.ts';

/** The response header with the encoded JobId. */
const jobIdHeader = 'x-job-id-bin';
/** The header or trailer with the encoded JobResult. */
export const jobResultHeader = 'x-job-result-bin';
/** The response header of ListenStream that says how many chunks came too early for this listener. */
export const skippedHeader = 'bulkhead-skipped-chunks';
/** `true`: the job is cancelled when the client goes before it was answered. */
const cancelHeader = 'bulkhead-cancel-on-disconnect';
/** `internal`: the output is collected and comes once more as `final_collected`. */
const streamingHeader = 'bulkhead-streaming';

const ownHeaders: ReadonlySet<string> = new Set([
  'user-agent',
  'content-type',
  'te',
  'host',
  'accept-encoding',
  'content-length',
  'connection',
]);

/**
 * The text headers that are the submitter's own. Left out: gRPC's and HTTP's, everything that begins
 * with `jobworkerp-` (the access token among it), and binary ones (`-bin`). Of a header that was sent
 * several times the last value counts.
 */
export function jobMetadata(headers: Metadata): JobMetadata {
  const metadata: Record<string, string> = {};
  for (const [key, value] of Object.entries(headers.getMap())) {
    if (
      ownHeaders.has(key) ||
      key.startsWith('grpc-') ||
      key.startsWith('jobworkerp-') ||
      key === cancelHeader ||
      key === streamingHeader ||
      key.startsWith(':') ||
      key.endsWith('-bin')
    )
      continue;
    metadata[key] = headers.get(key).at(-1)?.toString() ?? value.toString();
  }
  return metadata;
}

/** Whether the client wants its job cancelled when it goes. Throws `field-invalid` for other words than true and false. */
export function cancelsOnDisconnect(headers: Metadata): boolean {
  return choice(headers, cancelHeader, ['false', 'true']) === 'true';
}

/** Whether the client wants the output collected. Throws `field-invalid` for other words. */
export function collectsOutput(headers: Metadata): boolean {
  return choice(headers, streamingHeader, ['response', 'internal']) === 'internal';
}

function choice(headers: Metadata, name: string, words: readonly [string, string]): string {
  const value = headers.get(name).at(-1)?.toString() ?? words[0];
  if (words.includes(value)) return value;
  throw new BulkheadError('field-invalid', `the header ${name} must be ${words.join(' or ')}, got '${value}'`, {
    details: { field: name },
  });
}

/** Response headers that carry a job's id. */
export function jobIdHeaders(encodedId: Buffer): Metadata {
  const headers = new Metadata();
  headers.set(jobIdHeader, encodedId);
  return headers;
}

/** Response headers that carry a result. */
export function jobResultHeaders(encodedResult: Buffer): Metadata {
  const headers = new Metadata();
  headers.set(jobResultHeader, encodedResult);
  return headers;
}
