/** How a feed is cut into chunks, where no plugin's schema would show it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FeedFormat, openFeed } from '../../runtime/cli/client/chunks.ts';

describe('a feed', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bulkhead-chunks-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const read = async (content: string | Buffer, format: FeedFormat): Promise<string[]> => {
    const file = join(folder, 'feed');
    writeFileSync(file, content);
    const chunks: string[] = [];
    for await (const chunk of openFeed(file, format, undefined).chunks) chunks.push(Buffer.from(chunk).toString());
    return chunks;
  };

  it('of lines has them without their ends, empty ones too', async () => {
    expect(await read('one\r\n\ntwo\nthree', 'lines')).toEqual(['one', '', 'two', 'three']);
    expect(await read('one\n', 'lines')).toEqual(['one']);
    expect(await read('', 'lines')).toEqual([]);
  });

  it('of lines has those that are longer than what is read at once', async () => {
    const long = 'x'.repeat(200_000);
    expect(await read(`${long}\nshort\n${long}`, 'lines')).toEqual([long, 'short', long]);
  });

  it('of JSON without a schema takes strings, and leaves empty lines out', async () => {
    expect(await read('"one"\n\n "two" \n', 'json')).toEqual(['one', 'two']);
    await expect(read('"one"\n{}\n', 'json')).rejects.toThrow(/line 2: the plugin has no schema/);
    await expect(read('one\n', 'json')).rejects.toThrow(/line 1: it is no JSON: .*other formats: lines, bytes/);
  });

  it('of bytes has all of them, in pieces', async () => {
    const content = Buffer.alloc(300_000, 'abc');
    const chunks = await read(content, 'bytes');
    expect(chunks.length).toBeGreaterThan(1);
    expect(chunks.join('')).toBe(content.toString());
  });

  it('that is closed ends, whatever is left of it', async () => {
    const file = join(folder, 'long');
    writeFileSync(file, 'line\n'.repeat(100_000));
    const feed = openFeed(file, 'lines', undefined);
    let count = 0;
    for await (const _ of feed.chunks) if (++count === 3) feed.close();
    expect(count).toBeLessThan(100_000);
  });
});
