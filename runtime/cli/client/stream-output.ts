/** Prints what a streaming job yields: a line for each chunk, or with `--json` an event for everything. */
import type { AnswerStream } from '../../api/client.ts';
import type { ResultOutputItem } from '../../model/messages.gen.ts';
import type { MessageCodec } from '../../plugins/schemas.ts';
import { decode } from '../payload.ts';
import type { Target } from './lookup.ts';
import { note, print, printJson } from './output.ts';
import { type OutputOptions, resultJson } from './results.ts';
import type { Session } from './session.ts';
import { visible } from './text.ts';
import type { Json } from './wire-json.ts';

/** One line of `--json`; `event` says which kind. */
export function printEvent(
  event: { readonly event: 'job' | 'data' | 'final' | 'end' | 'failed' } & Json,
): Promise<void> {
  return printJson(event);
}

/** Prints the stream to its end. A job that failed is told of, and thrown as the error of the call that it is. */
export async function printStream(
  session: Session,
  call: AnswerStream<ResultOutputItem>,
  target: Target | undefined,
  codec: MessageCodec | undefined,
  options: OutputOptions,
): Promise<void> {
  const began = performance.now();
  let chunks = 0;
  try {
    for await (const item of call) {
      if (item.data !== undefined) chunks++;
      await printItem(item, codec, options);
    }
  } catch (thrown) {
    const result = session.client.failure(thrown)?.result;
    if (result && options.json) await printEvent({ event: 'failed', result: resultJson(session, result, target) });
    throw thrown;
  }
  note(`${chunks} chunks in ${Math.round(performance.now() - began)} ms`);
}

async function printItem(item: ResultOutputItem, codec: MessageCodec | undefined, { json, raw }: OutputOptions) {
  const bytes = item.data ?? item.final_collected;
  if (bytes !== undefined) {
    if (json) await printEvent({ event: item.data ? 'data' : 'final', output: decode(codec, bytes) });
    else if (raw) await print(bytes);
    else await printJson(decode(codec, bytes));
  }
  if (!item.end) return;
  if (json) await printEvent({ event: 'end', metadata: { ...item.end.metadata } });
  else for (const [key, value] of Object.entries(item.end.metadata)) note(visible(`metadata ${key}=${value}`));
}
