import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ComponentCache, type TranspiledComponent } from '../../../runtime/executor/wasm/cache.ts';

const component: TranspiledComponent = {
  facts: { facets: ['runner'], imports: [] },
  reports: { 'plugin.core.wasm': { memories: [17], tables: [], writesTables: false, obstacles: [] } },
  files: new Map([
    ['plugin.js', Buffer.from('glue')],
    ['plugin.core.wasm', Buffer.from('module')],
  ]),
};

let folder: string;
let made: number;
const make = async () => {
  made++;
  return component;
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulkhead-cache-'));
  made = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

const textOf = (entry: TranspiledComponent) =>
  [...entry.files].map(([name, bytes]) => [name, Buffer.from(bytes).toString()]);

describe('the cache of transpiled components', () => {
  it('leaves nothing of an entry that is not to be kept', async () => {
    const cache = new ComponentCache(folder);
    expect(textOf(await cache.get('key', make, false))).toEqual(textOf(component));
    expect(readdirSync(folder)).toEqual([]);
    await cache.get('key', make);
    await cache.get('key', make, false);
    expect(made).toBe(2);
  });

  it('makes an entry once, and another process finds it', async () => {
    await new ComponentCache(folder).get('key', make);
    const found = await new ComponentCache(folder).get('key', make);
    expect(made).toBe(1);
    expect(found.facts).toEqual(component.facts);
    expect(found.reports).toEqual(component.reports);
    expect(textOf(found)).toEqual(textOf(component));
  });

  it.each([
    ['a file cut short', (entry: string) => truncateSync(join(entry, 'plugin.js'), 2)],
    ['a file changed', (entry: string) => writeFileSync(join(entry, 'plugin.core.wasm'), 'madule')],
    ['a file missing', (entry: string) => rmSync(join(entry, 'plugin.core.wasm'))],
    ['an index cut short', (entry: string) => truncateSync(join(entry, 'index.json'), 20)],
    ['an index missing', (entry: string) => rmSync(join(entry, 'index.json'))],
  ])('makes an entry again after a torn write: %s', async (_, tear) => {
    await new ComponentCache(folder).get('key', make);
    tear(join(folder, 'key'));
    const mended = await new ComponentCache(folder).get('key', make);
    expect(made).toBe(2);
    expect(textOf(mended)).toEqual(textOf(component));
    await new ComponentCache(folder).get('key', make);
    expect(made).toBe(2);
  });

  it('is whole after many made the same entry at once, and leaves no drafts', async () => {
    const entries = await Promise.all(Array.from({ length: 20 }, () => new ComponentCache(folder).get('key', make)));
    for (const entry of entries) expect(textOf(entry)).toEqual(textOf(component));
    expect(readdirSync(folder)).toEqual(['key']);
  });

  it('keeps entries for their owner alone', async () => {
    await new ComponentCache(folder).get('key', make);
    expect(statSync(join(folder, 'key')).mode & 0o077).toBe(0);
  });

  it('leaves nothing behind when making fails', async () => {
    await expect(new ComponentCache(folder).get('key', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(readdirSync(folder)).toEqual([]);
  });
});
