/** Request headers as job metadata, and a job's id as a response header. */
import { Metadata } from '@grpc/grpc-js';
import type { Metadata as JobMetadata } from '../model/call.ts';

/** The response header with the encoded JobId. */
const jobIdHeader = 'x-job-id-bin';

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
      key.startsWith(':') ||
      key.endsWith('-bin')
    )
      continue;
    metadata[key] = headers.get(key).at(-1)?.toString() ?? value.toString();
  }
  return metadata;
}

/** Response headers that carry a job's id. */
export function jobIdHeaders(encodedId: Buffer): Metadata {
  const headers = new Metadata();
  headers.set(jobIdHeader, encodedId);
  return headers;
}
