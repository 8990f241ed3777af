/** W3C trace context, as it travels in a job's metadata: which trace a job belongs to, and whether it is recorded. */
import type { Metadata } from './call.ts';

/** The header, and the key in a job's metadata. */
export const traceparentKey = 'traceparent';

/** What a `traceparent` says. */
export interface TraceParent {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** Whoever began the trace records it. */
  readonly sampled: boolean;
}

const form = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;

/** Undefined for what is no `traceparent`: it comes from anybody. */
export function parseTraceparent(text: string | undefined): TraceParent | undefined {
  const match = text !== undefined && text.length <= 256 ? form.exec(text) : null;
  if (!match) return undefined;
  const [, traceId = '', spanId = '', flags = '0'] = match;
  // Version 00 has nothing after its flags.
  if (text?.startsWith('00') && text.length !== 55) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** The trace of a job, by its metadata. */
export function traceOf(metadata: Metadata): TraceParent | undefined {
  return parseTraceparent(metadata[traceparentKey]);
}
