/** Jobs in SQLite. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { BulkheadError } from '../errors.ts';
import type { Job } from '../model/job.ts';
import type { JobResult } from '../model/messages.gen.ts';
import { JobState, jobColumns, jobFromRow, jobRow, stateNames, storedStates } from './job-rows.ts';
import { isAmong } from './result-filter.ts';
import { int, type Row, uniqueViolated } from './rows.ts';
import type { SqliteResults } from './sqlite-results.ts';
import type { SqliteWrites } from './sqlite-writes.ts';
import type { JobStore, StoredFilter, StoredJob } from './store.ts';

/** Most workers that share one claim; the others have their turn with the next. */
const workersAtOnce = 64;

/** Each worker with jobs that are ready, found by skipping from one to the next in the index. */
const readyWorkers = `
  WITH RECURSIVE w(id) AS (
    SELECT min(worker_id) FROM job WHERE state = ${JobState.ready} AND channel = :channel AND worker_id > :after
    UNION ALL
    SELECT (SELECT min(worker_id) FROM job WHERE state = ${JobState.ready} AND channel = :channel AND worker_id > w.id)
    FROM w WHERE w.id IS NOT NULL LIMIT ${workersAtOnce})
  SELECT id FROM w WHERE id IS NOT NULL`;

/** See {@link JobStore}. */
export class SqliteJobs implements JobStore {
  readonly #database: DatabaseSync;
  readonly #writes: SqliteWrites;
  readonly #results: SqliteResults;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #begin: StatementSync;
  readonly #delete: StatementSync;
  readonly #find: StatementSync;
  readonly #take: StatementSync;
  readonly #wake: StatementSync;
  readonly #nextDue: StatementSync;
  readonly #workers: StatementSync;
  readonly #claim: StatementSync;
  readonly #hasKey: StatementSync;
  /** The last worker that a claim served, by channel, so that the next begins behind it. */
  readonly #served = new Map<string, bigint>();

  constructor(database: DatabaseSync, writes: SqliteWrites, results: SqliteResults) {
    this.#database = database;
    this.#writes = writes;
    this.#results = results;
    const named = jobColumns.map((column) => `:${column}`).join(', ');
    this.#insert = database.prepare(`INSERT INTO job (${jobColumns.join(', ')}) VALUES (${named})`);
    const changed = jobColumns.filter((column) => column !== 'id').map((column) => `${column} = :${column}`);
    this.#update = database.prepare(`UPDATE job SET ${changed.join(', ')} WHERE id = :id`);
    this.#begin = database.prepare(`UPDATE job SET state = ${JobState.running}, updated_at = ? WHERE id = ?`);
    this.#delete = database.prepare('DELETE FROM job WHERE id = ?');
    this.#find = database.prepare('SELECT * FROM job WHERE id = ?');
    this.#take = database.prepare(
      `UPDATE job SET state = ${JobState.held} WHERE id = ? AND state IN (${JobState.scheduled}, ${JobState.ready}) RETURNING *`,
    );
    this.#wake = database.prepare(
      `UPDATE job SET state = ${JobState.ready} WHERE state = ${JobState.scheduled} AND run_after_time <= ?`,
    );
    this.#nextDue = database.prepare(`SELECT min(run_after_time) AS due FROM job WHERE state = ${JobState.scheduled}`);
    this.#workers = database.prepare(readyWorkers);
    this.#claim = database.prepare(
      `UPDATE job SET state = ${JobState.held} WHERE id IN (
         SELECT id FROM job WHERE state = ${JobState.ready} AND channel = ? AND worker_id = ?
         ORDER BY priority DESC, run_after_time, id LIMIT ?) RETURNING *`,
    );
    this.#hasKey = database.prepare(`SELECT 1 AS found FROM job WHERE uniq_key = ? AND state <> ${JobState.stale}`);
  }

  async recover(now: number): Promise<number> {
    const interrupted = this.#database
      .prepare(
        `UPDATE job SET state = ${JobState.ready}, attempt = attempt + 1, interruptions = interruptions + 1, updated_at = ?
         WHERE state = ${JobState.running}`,
      )
      .run(now);
    this.#database.exec(`UPDATE job SET state = ${JobState.ready} WHERE state = ${JobState.held}`);
    return Number(interrupted.changes);
  }

  async insert(job: Job, held: boolean): Promise<void> {
    const state = held ? JobState.held : job.runAfter > job.enqueuedAt ? JobState.scheduled : JobState.ready;
    const row = jobRow(job, state, job.enqueuedAt);
    await this.#writes
      .add(() => this.#insert.run(row))
      .catch((thrown: unknown) => {
        if (!isTaken(thrown) || job.uniqKey === undefined) throw thrown;
        throw jobExists(job.uniqKey);
      });
  }

  async wake(now: number): Promise<number | undefined> {
    this.#writes.flush();
    this.#wake.run(now);
    const due = this.#nextDue.get()?.due;
    return typeof due === 'bigint' ? Number(due) : undefined;
  }

  async claim(channel: string, limit: number): Promise<readonly Job[]> {
    this.#writes.flush();
    const workers = this.#readyWorkers(channel);
    const claimed: Job[] = [];
    let share = Math.ceil(limit / Math.max(1, workers.length));
    // What one worker does not use of its share goes to the others, in a second round.
    for (let round = 0; round < 2 && claimed.length < limit; round++, share = limit) {
      for (const worker of workers) {
        const most = Math.min(share, limit - claimed.length);
        if (most <= 0) break;
        claimed.push(...this.#claim.all(channel, worker, most).map(jobFromRow));
        this.#served.set(channel, worker);
      }
    }
    return claimed;
  }

  #readyWorkers(channel: string): bigint[] {
    const from = (after: bigint) => this.#workers.all({ channel, after }).map(({ id }) => id as bigint);
    const served = this.#served.get(channel) ?? lowest;
    const next = from(served);
    if (next.length >= workersAtOnce || served === lowest) return next;
    return [...next, ...from(lowest).filter((id) => id <= served)].slice(0, workersAtOnce);
  }

  async take(id: bigint): Promise<Job | undefined> {
    this.#writes.flush();
    const row = this.#take.get(id);
    return row && jobFromRow(row);
  }

  giveBack(ids: readonly bigint[]): Promise<void> {
    const statement = this.#database.prepare(
      `UPDATE job SET state = ${JobState.ready} WHERE id = ? AND state = ${JobState.held}`,
    );
    return this.#writes.add(() => {
      for (const id of ids) statement.run(id);
    });
  }

  begin(id: bigint, now: number): Promise<void> {
    return this.#writes.add(() => this.#begin.run(now, id));
  }

  settle(id: bigint, result: JobResult | undefined, next: Job | undefined, now: number): Promise<void> {
    const state = next && next.runAfter > now ? JobState.scheduled : JobState.ready;
    const row = next && jobRow(next, state, now);
    return this.#writes.add(() => {
      if (result) this.#results.write(result);
      if (row) this.#update.run(row);
      else this.#delete.run(id);
    });
  }

  async find(id: bigint): Promise<StoredJob | undefined> {
    this.#writes.flush();
    const row = this.#find.get(id);
    return row && stored(row);
  }

  async hasKey(uniqKey: string): Promise<boolean> {
    this.#writes.flush();
    return this.#hasKey.get(uniqKey) !== undefined;
  }

  async list(filter: StoredFilter, limit: number, offset = 0, newestFirst = false): Promise<readonly StoredJob[]> {
    this.#writes.flush();
    const { where, values } = condition(filter);
    const order = newestFirst ? 'DESC' : 'ASC';
    return this.#database
      .prepare(`SELECT * FROM job WHERE ${where} ORDER BY id ${order} LIMIT ? OFFSET ?`)
      .all(...values, limit, offset)
      .map(stored);
  }

  async count(filter: StoredFilter): Promise<number> {
    this.#writes.flush();
    const { where, values } = condition(filter);
    return Number(this.#database.prepare(`SELECT count(*) AS n FROM job WHERE ${where}`).get(...values)?.n);
  }

  async markStale(ids: readonly bigint[], now: number): Promise<readonly Job[]> {
    this.#writes.flush();
    const mark = this.#database.prepare(
      `UPDATE job SET state = ${JobState.stale}, updated_at = ? WHERE id = ? AND state IN (${JobState.scheduled}, ${JobState.ready}) RETURNING *`,
    );
    const marked: Job[] = [];
    await this.#writes.add(() => {
      for (const id of ids) marked.push(...mark.all(now, id).map(jobFromRow));
    });
    return marked;
  }

  async purge(markedBefore: number): Promise<number> {
    this.#writes.flush();
    const statement = this.#database.prepare(`DELETE FROM job WHERE state = ${JobState.stale} AND updated_at < ?`);
    return Number(statement.run(markedBefore).changes);
  }
}

const lowest = -(2n ** 63n);

function isTaken(thrown: unknown): boolean {
  return thrown instanceof Error && 'errcode' in thrown && thrown.errcode === uniqueViolated;
}

function jobExists(uniqKey: string): BulkheadError {
  return new BulkheadError('job-exists', `a job with the uniq_key '${uniqKey}' is under way already`, {
    details: { uniq_key: uniqKey },
  });
}

function stored(row: Row): StoredJob {
  return {
    job: jobFromRow(row),
    state: stateNames[int(row, 'state') as JobState],
    updatedAt: int(row, 'updated_at'),
  };
}

function condition(filter: StoredFilter): { readonly where: string; readonly values: (bigint | number | string)[] } {
  const states = filter.states.flatMap((state) => storedStates[state]);
  const parts = [`state IN (${states.join(', ')})`];
  const values: (bigint | number | string)[] = [];
  const add = (text: string, value: bigint | number | string | undefined): void => {
    if (value === undefined) return;
    parts.push(text);
    values.push(value);
  };
  add('channel = ?', filter.channel);
  add('worker_id = ?', filter.workerId);
  add(isAmong('worker_id'), filter.within && `[${filter.within.join()}]`);
  add('updated_at < ?', filter.updatedBefore);
  return { where: parts.join(' AND '), values };
}
