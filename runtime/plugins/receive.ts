/** Writes a stream of bytes into a file, bounded in size and in patience, and checks its digest. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { BulkheadError } from '../errors.ts';

/** What the bytes have to be. */
export interface Expected {
  /** SHA-256, hex. */
  readonly sha256: string;
  readonly maxBytes: number;
  /** Longest wait for the next chunk, in milliseconds. */
  readonly idleMs: number;
}

/**
 * Answers how many bytes came. Throws `message-too-large` as soon as there are too many, `field-invalid` where their
 * digest is another, `cancelled` where nothing comes any more, and what `chunks` throws. The file is there in any case.
 */
export async function receive(chunks: AsyncIterable<Uint8Array>, path: string, expected: Expected): Promise<number> {
  const { sha256, maxBytes, idleMs } = expected;
  const hash = createHash('sha256');
  const file = await open(path, 'wx', 0o600);
  let size = 0;
  try {
    for await (const chunk of impatient(chunks, idleMs)) {
      size += chunk.byteLength;
      if (size > maxBytes)
        throw new BulkheadError(
          'message-too-large',
          `the component has more than the ${maxBytes} bytes that are taken`,
          {
            details: { limit: maxBytes },
          },
        );
      hash.update(chunk);
      await file.writeFile(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  const digest = hash.digest('hex');
  if (digest === sha256) return size;
  throw new BulkheadError('field-invalid', `sha256 is ${sha256}, but the ${size} bytes that came have ${digest}`, {
    details: { field: 'sha256' },
  });
}

/** The same items; throws `cancelled` where one takes longer than that. */
async function* impatient<T>(items: AsyncIterable<T>, idleMs: number): AsyncGenerator<T, void, undefined> {
  const iterator = items[Symbol.asyncIterator]();
  try {
    for (;;) {
      const item = await withTimer(iterator.next(), idleMs);
      if (item.done) return;
      yield item.value;
    }
  } finally {
    // Not awaited: where an item is late, so is this.
    void iterator.return?.();
  }
}

async function withTimer<T>(promise: Promise<T>, ms: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new BulkheadError('cancelled', `the upload was given up: nothing came for ${ms} ms`)),
    ms,
  );
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
