/** The SQLite store, in memory and as a file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { migrations } from '../../runtime/store/migrations.ts';
import { SqliteStore } from '../../runtime/store/sqlite.ts';
import { result, storeConformance } from './conformance.ts';
import { jobStoreConformance } from './job-conformance.ts';

const folder = mkdtempSync(join(tmpdir(), 'bulkhead-store-'));
let files = 0;
const freshFile = (): string => join(folder, `${files++}.db`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

storeConformance('SQLite in memory', async () => new SqliteStore(':memory:'));
jobStoreConformance('SQLite in memory', async () => new SqliteStore(':memory:'));
jobStoreConformance('SQLite in a file', async () => new SqliteStore(freshFile()));
storeConformance('SQLite in a file', async () => new SqliteStore(freshFile()));

describe('a SQLite file', () => {
  it('keeps what was inserted when it is opened again, also without waiting for the insert', async () => {
    const path = freshFile();
    const first = new SqliteStore(path);
    const inserted = first.results.insert(result(1n, 2n, 3));
    await first.close();
    await inserted;
    const second = new SqliteStore(path);
    expect(await second.results.count()).toBe(1);
    await second.close();
  });

  it('brings an older database up to date, step by step', async () => {
    const path = freshFile();
    const old = new DatabaseSync(path);
    expect(old.prepare('PRAGMA user_version').get()).toMatchObject({ user_version: 0 });
    old.close();
    await new SqliteStore(path).close();
    const now = new DatabaseSync(path);
    expect(now.prepare('PRAGMA user_version').get()).toMatchObject({ user_version: migrations.length });
    expect(now.prepare('PRAGMA journal_mode').get()).toMatchObject({ journal_mode: 'wal' });
    now.close();
  });

  it('refuses a database of a newer version', () => {
    const path = freshFile();
    const newer = new DatabaseSync(path);
    newer.exec(`PRAGMA user_version = ${migrations.length + 1}`);
    newer.close();
    expect(() => new SqliteStore(path)).toThrow(/has version \d+; this Bulkhead knows versions up to/);
  });

  it('refuses a file that is no database, and a folder that is not there, naming the path', () => {
    const path = freshFile();
    writeFileSync(path, 'this is no database at all, but long enough to look like one'.repeat(20));
    expect(() => new SqliteStore(path)).toThrow(path);
    expect(() => new SqliteStore(join(folder, 'missing', 'x.db'))).toThrow(/cannot be opened/);
  });
});
