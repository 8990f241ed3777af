/**
 * Writes that share a transaction: those of one turn of the event loop are committed together.
 *
 * A write is a function that runs its statements; one that throws takes back its own statements and nobody
 * else's. Reads that must see what was written before call {@link SqliteWrites.flush} first.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';

interface Waiting {
  readonly write: () => void;
  resolve(): void;
  reject(reason: unknown): void;
}

export class SqliteWrites {
  readonly #database: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #savepoint: StatementSync;
  readonly #release: StatementSync;
  #waiting: Waiting[] = [];

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#begin = database.prepare('BEGIN');
    this.#commit = database.prepare('COMMIT');
    this.#savepoint = database.prepare('SAVEPOINT one_write');
    this.#release = database.prepare('RELEASE one_write');
  }

  /** Resolves when the write is committed. Rejects with what it threw, or with what the commit failed of. */
  add(write: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.flush());
      this.#waiting.push({ write, resolve, reject });
    });
  }

  /** Writes what waits, now. Never throws: those who wait are told. */
  flush(): void {
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    try {
      this.#begin.run();
      const failures = new Map(batch.map((each) => [each, this.#try(each.write)]));
      this.#commit.run();
      for (const [each, failure] of failures) failure ? each.reject(failure.thrown) : each.resolve();
    } catch (thrown) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      for (const each of batch) each.reject(thrown);
    }
  }

  #try(write: () => void): { readonly thrown: unknown } | undefined {
    this.#savepoint.run();
    try {
      write();
      return undefined;
    } catch (thrown) {
      this.#database.exec('ROLLBACK TO one_write');
      return { thrown };
    } finally {
      this.#release.run();
    }
  }
}
