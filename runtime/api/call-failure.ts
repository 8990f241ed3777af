/** What a client can say of a call that failed, without the types of grpc-js. */
import { type Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { ErrorDetails } from '../errors.ts';
import type { JobResult } from '../model/messages.gen.ts';
import type { WireSchema } from './schema.ts';

/** The trailer with a server's own code and details. */
const errorTrailer = 'bulkhead-error';
/** The header or trailer with an encoded JobResult. */
const resultHeader = 'x-job-result-bin';
/** The header with an encoded JobId. */
const idHeader = 'x-job-id-bin';

/** A failed call. */
export interface CallFailure {
  /** Name of the gRPC status, such as `NOT_FOUND`. */
  readonly status: string;
  /** The server's text, or that of grpc-js where no server answered. */
  readonly message: string;
  /** A code of Bulkhead's catalogue, where the server is one; newer servers may have codes that are not in ours. */
  readonly code?: string;
  readonly details?: ErrorDetails;
  /** How the job ended, where a stream failed because its job did. */
  readonly result?: JobResult;
}

/** Reads what a call rejected with; undefined where that is no failed call. */
export function callFailure(thrown: unknown, schema: WireSchema): CallFailure | undefined {
  if (!isServiceError(thrown)) return undefined;
  const result = resultOf(thrown.metadata, schema);
  return {
    status: status[thrown.code] ?? String(thrown.code),
    message: thrown.details,
    ...ownError(thrown.metadata),
    ...(result && { result }),
  };
}

/** The JobResult that headers or trailers carry. */
export function resultOf(metadata: Metadata, schema: WireSchema): JobResult | undefined {
  const bytes = metadata.get(resultHeader)[0];
  return typeof bytes === 'object' ? schema.codec('jobworkerp.data.JobResult').decode(bytes) : undefined;
}

/** The job's id that headers carry. */
export function jobIdOf(metadata: Metadata, schema: WireSchema): bigint | undefined {
  const bytes = metadata.get(idHeader)[0];
  return typeof bytes === 'object' ? schema.codec('jobworkerp.data.JobId').decode(bytes).value : undefined;
}

function isServiceError(thrown: unknown): thrown is ServiceError {
  return thrown instanceof Error && 'code' in thrown && 'details' in thrown && 'metadata' in thrown;
}

function ownError(metadata: Metadata): Pick<CallFailure, 'code' | 'details'> {
  const text = metadata.get(errorTrailer)[0];
  if (typeof text !== 'string') return {};
  try {
    const { code, details } = JSON.parse(text) as { code?: unknown; details?: ErrorDetails };
    return typeof code === 'string' ? { code, ...(details && { details }) } : {};
  } catch {
    return {}; // another server's trailer of that name
  }
}
