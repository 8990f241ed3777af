/** Results in SQLite. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type {
  JobResult,
  JobResultData,
  Priority,
  ResponseType,
  ResultStatus,
  StreamingType,
} from '../model/messages.gen.ts';
import { conditionOf, orderOf } from './result-filter.ts';
import { big, blob, flag, int, type Parameters, policyField, policyText, type Row, text } from './rows.ts';
import type { SqliteWrites } from './sqlite-writes.ts';
import type { ResultFilter, ResultPage, ResultStore } from './store.ts';

const columns = [
  'id',
  'job_id',
  'worker_id',
  'worker_name',
  'args',
  'uniq_key',
  'status',
  'output',
  'retried',
  'max_retry',
  'priority',
  'timeout',
  'streaming_type',
  'enqueue_time',
  'run_after_time',
  'start_time',
  'end_time',
  'response_type',
  'store_success',
  'store_failure',
  'method',
  'broadcast_results',
  'retry_policy',
  'metadata',
] as const;

/** See {@link ResultStore}. */
export class SqliteResults implements ResultStore {
  readonly #database: DatabaseSync;
  readonly #writes: SqliteWrites;
  readonly #insert: StatementSync;
  readonly #find: StatementSync;
  readonly #byJob: StatementSync;
  readonly #delete: StatementSync;
  readonly #expire: StatementSync;
  readonly #shrink: StatementSync;

  constructor(database: DatabaseSync, writes: SqliteWrites) {
    this.#database = database;
    this.#writes = writes;
    this.#insert = database.prepare(
      `INSERT INTO job_result (${columns.join(', ')}) VALUES (${columns.map((column) => `:${column}`).join(', ')})`,
    );
    this.#find = database.prepare('SELECT * FROM job_result WHERE id = ?');
    this.#byJob = database.prepare(
      'SELECT * FROM job_result WHERE job_id = ? ORDER BY end_time DESC, id DESC LIMIT 1000',
    );
    this.#delete = database.prepare('DELETE FROM job_result WHERE id = ?');
    this.#expire = database.prepare('DELETE FROM job_result WHERE end_time < ?');
    this.#shrink = database.prepare(
      'DELETE FROM job_result WHERE id IN (SELECT id FROM job_result ORDER BY end_time, id LIMIT max(0, (SELECT count(*) FROM job_result) - ?))',
    );
  }

  insert(result: JobResult): Promise<void> {
    const row = toRow(result);
    return this.#writes.add(() => this.#insert.run(row));
  }

  /** Inserts at once, as part of a write that is under way. */
  write(result: JobResult): void {
    this.#insert.run(toRow(result));
  }

  async find(id: bigint): Promise<JobResult | undefined> {
    this.#writes.flush();
    const row = this.#find.get(id);
    return row && fromRow(row);
  }

  async listByJob(jobId: bigint): Promise<readonly JobResult[]> {
    this.#writes.flush();
    return this.#byJob.all(jobId).map(fromRow);
  }

  async list(filter: ResultFilter, page: ResultPage): Promise<readonly JobResult[]> {
    this.#writes.flush();
    const { where, values } = conditionOf(filter);
    return this.#database
      .prepare(`SELECT * FROM job_result WHERE ${where} ${orderOf(page)}`)
      .all(...values, page.limit, page.offset)
      .map(fromRow);
  }

  async count(filter: ResultFilter = {}): Promise<number> {
    this.#writes.flush();
    const { where, values } = conditionOf(filter);
    return Number(this.#database.prepare(`SELECT count(*) AS n FROM job_result WHERE ${where}`).get(...values)?.n);
  }

  async delete(filter: ResultFilter): Promise<number> {
    this.#writes.flush();
    const { where, values } = conditionOf(filter);
    return Number(this.#database.prepare(`DELETE FROM job_result WHERE ${where}`).run(...values).changes);
  }

  async deleteOne(id: bigint): Promise<boolean> {
    this.#writes.flush();
    return Number(this.#delete.run(id).changes) > 0;
  }

  async prune(endedBefore: number, keep: number): Promise<number> {
    this.#writes.flush();
    return Number(this.#expire.run(endedBefore).changes) + Number(this.#shrink.run(keep).changes);
  }
}

function toRow({ id, data, metadata }: JobResult): Parameters {
  if (!id || !data) throw new TypeError('a result without id or data cannot be stored');
  return {
    id: id.value,
    job_id: data.job_id?.value ?? 0n,
    worker_id: data.worker_id?.value ?? 0n,
    worker_name: data.worker_name,
    args: data.args,
    uniq_key: data.uniq_key ?? null,
    status: data.status,
    output: data.output?.items ?? null,
    retried: data.retried,
    max_retry: data.max_retry,
    priority: data.priority,
    timeout: BigInt.asIntN(64, data.timeout),
    streaming_type: data.streaming_type,
    enqueue_time: data.enqueue_time,
    run_after_time: data.run_after_time,
    start_time: data.start_time,
    end_time: data.end_time,
    response_type: data.response_type,
    store_success: Number(data.store_success),
    store_failure: Number(data.store_failure),
    method: data.using ?? null,
    broadcast_results: Number(data.broadcast_results),
    retry_policy: policyText(data.resolved_retry_policy),
    metadata: JSON.stringify(metadata),
  };
}

function fromRow(row: Row): JobResult {
  return {
    id: { value: big(row, 'id') },
    data: dataFromRow(row),
    metadata: JSON.parse(text(row, 'metadata')) as Record<string, string>,
  };
}

function dataFromRow(row: Row): JobResultData {
  return {
    job_id: { value: big(row, 'job_id') },
    worker_id: { value: big(row, 'worker_id') },
    worker_name: text(row, 'worker_name'),
    args: blob(row, 'args'),
    ...(row.uniq_key !== null && { uniq_key: text(row, 'uniq_key') }),
    status: int(row, 'status') as ResultStatus,
    ...(row.output !== null && { output: { items: blob(row, 'output') } }),
    retried: int(row, 'retried'),
    max_retry: int(row, 'max_retry'),
    priority: int(row, 'priority') as Priority,
    timeout: BigInt.asUintN(64, big(row, 'timeout')),
    streaming_type: int(row, 'streaming_type') as StreamingType,
    enqueue_time: big(row, 'enqueue_time'),
    run_after_time: big(row, 'run_after_time'),
    start_time: big(row, 'start_time'),
    end_time: big(row, 'end_time'),
    response_type: int(row, 'response_type') as ResponseType,
    store_success: flag(row, 'store_success'),
    store_failure: flag(row, 'store_failure'),
    ...(row.method !== null && { using: text(row, 'method') }),
    broadcast_results: flag(row, 'broadcast_results'),
    ...policyField(row, 'resolved_retry_policy'),
  };
}
