/** Chunks of a feed, from stdin or a file: messages as lines of JSON, lines as they are, or bytes as they come. */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type { MessageCodec } from '../../plugins/schemas.ts';
import { CliError } from '../exit-codes.ts';
import { encode } from '../payload.ts';

/** How a feed is cut into chunks. */
export type FeedFormat = 'json' | 'lines' | 'bytes';

/** The longest line, in bytes; servers take less. */
const longestLine = 64 << 20;
/** The largest chunk of bytes: what plugins are handed at once. */
const chunkBytes = 64 << 10;

/** A feed that is being read. */
export interface Feed {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Stops reading, so that nothing keeps the process alive for it. */
  close(): void;
}

/** Opens the feed; `-` is stdin. Reading throws with exit code 2 where a line is no message, with its number. */
export function openFeed(path: string, format: FeedFormat, codec: MessageCodec | undefined): Feed {
  const name = path === '-' ? 'stdin' : path;
  const source: Readable = path === '-' ? process.stdin : createReadStream(path, { highWaterMark: chunkBytes });
  const state = { closed: false };
  const bytes = readable(source, name, state);
  const chunks = format === 'bytes' ? bytes : format === 'lines' ? linesOf(bytes, name) : messages(bytes, name, codec);
  const close = (): void => {
    state.closed = true;
    source.destroy();
  };
  return { chunks, close };
}

async function* readable(source: Readable, name: string, state: { readonly closed: boolean }): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) yield chunk;
  } catch (error) {
    if (state.closed) return;
    throw new CliError('usage', `${name} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

async function* messages(
  bytes: AsyncIterable<Buffer>,
  name: string,
  codec: MessageCodec | undefined,
): AsyncGenerator<Uint8Array> {
  let number = 0;
  for await (const line of linesOf(bytes, name)) {
    number++;
    const text = line.toString('utf8').trim();
    if (text !== '') yield encode(`${name}, line ${number}`, codec, parse(text, `${name}, line ${number}`));
  }
}

function parse(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError('usage', `${place}: it is no JSON: ${why}; other formats: lines, bytes`);
  }
}

/** Lines without their ends. The last one needs none. */
async function* linesOf(bytes: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const chunk of bytes) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      yield withoutReturn(Buffer.concat([...rest, chunk.subarray(start, end)]));
      rest = [];
      restBytes = 0;
      start = end + 1;
    }
    restBytes += chunk.length - start;
    if (restBytes > longestLine) throw new CliError('usage', `${name}: a line has more than ${longestLine} bytes`);
    if (start < chunk.length) rest.push(chunk.subarray(start));
  }
  if (restBytes > 0) yield withoutReturn(Buffer.concat(rest));
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === 13 ? line.subarray(0, -1) : line;
}
