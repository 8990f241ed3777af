/** Stdin as a whole, for what has to be there before anything else is done. */
import { readSync } from 'node:fs';
import { CliError } from './exit-codes.ts';

/** The most that is read, in bytes; servers take less. */
const mostBytes = 64 << 20;
/** How long to wait for more, in milliseconds, where a pipe says that there is nothing yet. */
const pauseMs = 5;

/** Reads until stdin ends. It blocks: a pipe that another process made non-blocking is asked again and again. */
export function readStdin(): Buffer {
  const chunks: Buffer[] = [];
  let size = 0;
  while (size <= mostBytes) {
    const chunk = readChunk();
    if (chunk.length === 0) return Buffer.concat(chunks);
    chunks.push(chunk);
    size += chunk.length;
  }
  throw new CliError('usage', `stdin: it has more than ${mostBytes} bytes`);
}

/** What there is, at least one byte; nothing at the end. */
function readChunk(): Buffer {
  const room = Buffer.allocUnsafe(64 << 10);
  while (true) {
    try {
      return room.subarray(0, readSync(0, room));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'EOF') return room.subarray(0, 0);
      if (code !== 'EAGAIN') throw new CliError('usage', `stdin cannot be read: ${String(error)}`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
    }
  }
}
