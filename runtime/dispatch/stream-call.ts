/** A streaming call: chunks go from the plugin to the results stage, at the pace of whoever reads them. */
import type { OutputStream } from '../executor/executor.ts';
import type { CallOutcome } from '../model/call.ts';
import type { OutputSink } from '../results/results.ts';
import type { CallRun } from './call-run.ts';

/** How a stream went. */
export interface StreamTally {
  chunks: number;
}

/**
 * Reads the stream to its end. The time limit is for the wait for a chunk, as in jobworkerp-rs; the time in which a
 * reader is waited for does not count. The outcome's output is the last chunk: what jobworkerp-rs collects.
 */
export async function streamCall(
  stream: OutputStream,
  sink: OutputSink,
  run: CallRun,
  tally: StreamTally,
): Promise<CallOutcome> {
  let last: Uint8Array = new Uint8Array(0);
  for await (const chunk of stream) {
    last = chunk;
    tally.chunks++;
    run.pause();
    await sink.write(chunk, run.signal);
    run.progress();
  }
  const end = await stream.end;
  return end.ok ? { ...end, output: last } : end;
}
