/**
 * The store on `node:sqlite`: one file in WAL mode, or memory.
 *
 * SQLite answers synchronously, so each call is short and blocks the thread for as long as it takes.
 * Jobs and results that arrive in the same turn of the event loop share one transaction.
 */
import { DatabaseSync } from 'node:sqlite';
import { BulkheadError } from '../errors.ts';
import { migrations } from './migrations.ts';
import { SqliteFunctionSets } from './sqlite-function-sets.ts';
import { SqliteJobs } from './sqlite-jobs.ts';
import { SqliteResults } from './sqlite-results.ts';
import { SqliteWorkers } from './sqlite-workers.ts';
import { SqliteWrites } from './sqlite-writes.ts';
import type { FunctionSetStore, JobStore, ResultStore, Store, WorkerStore } from './store.ts';

/** Opens its database on construction. */
export class SqliteStore implements Store {
  readonly workers: WorkerStore;
  readonly functionSets: FunctionSetStore;
  readonly results: ResultStore;
  readonly jobs: JobStore;
  readonly #database: DatabaseSync;
  readonly #writes: SqliteWrites;

  /**
   * `path` is a file, made where it is missing, or `:memory:`.
   * Throws `config-invalid` where it cannot be opened, is no database, or was written by a newer version.
   */
  constructor(path: string) {
    this.#database = open(path);
    this.#writes = new SqliteWrites(this.#database);
    const results = new SqliteResults(this.#database, this.#writes);
    this.results = results;
    this.jobs = new SqliteJobs(this.#database, this.#writes, results);
    this.workers = new SqliteWorkers(this.#database);
    this.functionSets = new SqliteFunctionSets(this.#database);
  }

  async close(): Promise<void> {
    if (!this.#database.isOpen) return;
    this.#writes.flush();
    this.#database.close();
  }
}

function open(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readBigInts: true, timeout: 5000 });
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    migrate(database, path);
    return database;
  } catch (thrown) {
    database?.close();
    if (thrown instanceof BulkheadError) throw thrown;
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new BulkheadError('config-invalid', `the database ${path} cannot be opened: ${why}`, { cause: thrown });
  }
}

function migrate(database: DatabaseSync, path: string): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    const version = Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
    if (version > migrations.length) {
      throw new BulkheadError(
        'config-invalid',
        `the database ${path} has version ${version}; this Bulkhead knows versions up to ${migrations.length}`,
      );
    }
    for (const step of migrations.slice(version)) database.exec(step);
    database.exec(`PRAGMA user_version = ${migrations.length}`);
    database.exec('COMMIT');
  } catch (thrown) {
    database.exec('ROLLBACK');
    throw thrown;
  }
}
