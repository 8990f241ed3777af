/** Results in SQLite. Inserts of one turn of the event loop are written in one transaction. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type {
  JobResult,
  JobResultData,
  Priority,
  ResponseType,
  ResultStatus,
  StreamingType,
} from '../model/messages.gen.ts';
import { big, blob, flag, int, type Parameters, policyField, policyText, type Row, text } from './rows.ts';
import type { ResultStore } from './store.ts';

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

interface Waiting {
  readonly row: Parameters;
  resolve(): void;
  reject(reason: unknown): void;
}

/** See {@link ResultStore}. */
export class SqliteResults implements ResultStore {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #find: StatementSync;
  readonly #byJob: StatementSync;
  readonly #count: StatementSync;
  readonly #expire: StatementSync;
  readonly #shrink: StatementSync;
  #waiting: Waiting[] = [];

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#insert = database.prepare(
      `INSERT INTO job_result (${columns.join(', ')}) VALUES (${columns.map((column) => `:${column}`).join(', ')})`,
    );
    this.#find = database.prepare('SELECT * FROM job_result WHERE id = ?');
    this.#byJob = database.prepare(
      'SELECT * FROM job_result WHERE job_id = ? ORDER BY end_time DESC, id DESC LIMIT 1000',
    );
    this.#count = database.prepare('SELECT count(*) AS n FROM job_result');
    this.#expire = database.prepare('DELETE FROM job_result WHERE end_time < ?');
    this.#shrink = database.prepare(
      'DELETE FROM job_result WHERE id IN (SELECT id FROM job_result ORDER BY end_time, id LIMIT max(0, (SELECT count(*) FROM job_result) - ?))',
    );
  }

  insert(result: JobResult): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.flush());
      this.#waiting.push({ row: toRow(result), resolve, reject });
    });
  }

  /** Writes what waits, now. Never throws: those who wait are told. */
  flush(): void {
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    try {
      this.#database.exec('BEGIN');
      const failures = new Map(batch.map((each) => [each, this.#tryInsert(each.row)]));
      this.#database.exec('COMMIT');
      for (const [each, failure] of failures) failure ? each.reject(failure.thrown) : each.resolve();
    } catch (thrown) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      for (const each of batch) each.reject(thrown);
    }
  }

  /** A row that is refused does not spoil the transaction for the others. */
  #tryInsert(row: Parameters): { readonly thrown: unknown } | undefined {
    try {
      this.#insert.run(row);
      return undefined;
    } catch (thrown) {
      return { thrown };
    }
  }

  async find(id: bigint): Promise<JobResult | undefined> {
    this.flush();
    const row = this.#find.get(id);
    return row && fromRow(row);
  }

  async listByJob(jobId: bigint): Promise<readonly JobResult[]> {
    this.flush();
    return this.#byJob.all(jobId).map(fromRow);
  }

  async count(): Promise<number> {
    this.flush();
    return Number(this.#count.get()?.n);
  }

  async prune(endedBefore: number, keep: number): Promise<number> {
    this.flush();
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
