/** Workers in SQLite. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { BulkheadError } from '../errors.ts';
import type { QueueType, ResponseType } from '../model/messages.gen.ts';
import type { WorkerRecord } from '../model/worker.ts';
import {
  big,
  blob,
  flag,
  int,
  type Parameters,
  policyField,
  policyText,
  type Row,
  text,
  uniqueViolated,
} from './rows.ts';
import type { WorkerStore } from './store.ts';

const columns = [
  'id',
  'name',
  'description',
  'runner_id',
  'runner_settings',
  'retry_policy',
  'periodic_interval',
  'channel',
  'queue_type',
  'response_type',
  'store_success',
  'store_failure',
  'use_static',
  'broadcast_results',
  'created_at',
  'updated_at',
  'temporary',
] as const;

/** See {@link WorkerStore}. */
export class SqliteWorkers implements WorkerStore {
  readonly #all: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #delete: StatementSync;

  constructor(database: DatabaseSync) {
    this.#all = database.prepare('SELECT * FROM worker ORDER BY id');
    this.#insert = database.prepare(
      `INSERT INTO worker (${columns.join(', ')}) VALUES (${columns.map((column) => `:${column}`).join(', ')})`,
    );
    const changed = columns.filter((column) => column !== 'id').map((column) => `${column} = :${column}`);
    this.#update = database.prepare(`UPDATE worker SET ${changed.join(', ')} WHERE id = :id`);
    this.#delete = database.prepare('DELETE FROM worker WHERE id = ?');
  }

  async all(): Promise<readonly WorkerRecord[]> {
    return this.#all.all().map(fromRow);
  }

  async insert(record: WorkerRecord): Promise<void> {
    write(this.#insert, record);
  }

  async update(record: WorkerRecord): Promise<void> {
    if (write(this.#update, record) === 0) {
      throw new BulkheadError('worker-not-found', `there is no worker with id ${record.id}`, {
        details: { id: String(record.id) },
      });
    }
  }

  async delete(id: bigint): Promise<boolean> {
    return Number(this.#delete.run(id).changes) > 0;
  }
}

function write(statement: StatementSync, record: WorkerRecord): number {
  try {
    return Number(statement.run(toRow(record)).changes);
  } catch (thrown) {
    if (thrown instanceof Error && 'errcode' in thrown && thrown.errcode === uniqueViolated) {
      throw new BulkheadError('worker-exists', `there is a worker called '${record.data.name}' already`, {
        details: { name: record.data.name },
      });
    }
    throw thrown;
  }
}

function toRow({ id, data, createdAt, updatedAt, temporary }: WorkerRecord): Parameters {
  return {
    id,
    name: data.name,
    description: data.description,
    runner_id: data.runner_id?.value ?? 0n,
    runner_settings: data.runner_settings,
    retry_policy: policyText(data.retry_policy),
    periodic_interval: data.periodic_interval,
    channel: data.channel ?? null,
    queue_type: data.queue_type,
    response_type: data.response_type,
    store_success: Number(data.store_success),
    store_failure: Number(data.store_failure),
    use_static: Number(data.use_static),
    broadcast_results: Number(data.broadcast_results),
    created_at: createdAt,
    updated_at: updatedAt,
    temporary: Number(temporary ?? false),
  };
}

function fromRow(row: Row): WorkerRecord {
  return {
    id: big(row, 'id'),
    createdAt: int(row, 'created_at'),
    updatedAt: int(row, 'updated_at'),
    ...(flag(row, 'temporary') && { temporary: true }),
    data: {
      name: text(row, 'name'),
      description: text(row, 'description'),
      runner_id: { value: big(row, 'runner_id') },
      runner_settings: blob(row, 'runner_settings'),
      ...policyField(row, 'retry_policy'),
      periodic_interval: int(row, 'periodic_interval'),
      ...(row.channel !== null && { channel: text(row, 'channel') }),
      queue_type: int(row, 'queue_type') as QueueType,
      response_type: int(row, 'response_type') as ResponseType,
      store_success: flag(row, 'store_success'),
      store_failure: flag(row, 'store_failure'),
      use_static: flag(row, 'use_static'),
      broadcast_results: flag(row, 'broadcast_results'),
    },
  };
}
