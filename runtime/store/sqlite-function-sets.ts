/** Function sets in SQLite, each with its targets in one row. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { BulkheadError } from '../errors.ts';
import type { FunctionUsing } from '../model/messages.gen.ts';
import { big, int, type Row, text, uniqueViolated } from './rows.ts';
import type { FunctionSetRecord, FunctionSetStore } from './store.ts';

/** See {@link FunctionSetStore}. */
export class SqliteFunctionSets implements FunctionSetStore {
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #delete: StatementSync;
  readonly #find: StatementSync;
  readonly #findByName: StatementSync;
  readonly #list: StatementSync;
  readonly #count: StatementSync;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare(
      'INSERT INTO function_set (id, name, description, category, targets) VALUES (:id, :name, :description, :category, :targets)',
    );
    this.#update = database.prepare(
      'UPDATE function_set SET name = :name, description = :description, category = :category, targets = :targets WHERE id = :id',
    );
    this.#delete = database.prepare('DELETE FROM function_set WHERE id = ?');
    this.#find = database.prepare('SELECT * FROM function_set WHERE id = ?');
    this.#findByName = database.prepare('SELECT * FROM function_set WHERE name = ?');
    this.#list = database.prepare('SELECT * FROM function_set ORDER BY id DESC LIMIT ? OFFSET ?');
    this.#count = database.prepare('SELECT count(*) AS number FROM function_set');
  }

  async insert(record: FunctionSetRecord): Promise<void> {
    write(this.#insert, record);
  }

  async update(record: FunctionSetRecord): Promise<void> {
    if (write(this.#update, record) > 0) return;
    throw new BulkheadError('function-set-not-found', `there is no function set with id ${record.id}`, {
      details: { id: String(record.id) },
    });
  }

  async delete(id: bigint): Promise<boolean> {
    return Number(this.#delete.run(id).changes) > 0;
  }

  async find(id: bigint): Promise<FunctionSetRecord | undefined> {
    return optional(this.#find.get(id));
  }

  async findByName(name: string): Promise<FunctionSetRecord | undefined> {
    return optional(this.#findByName.get(name));
  }

  async list(limit: number, offset: number): Promise<readonly FunctionSetRecord[]> {
    return this.#list.all(limit, offset).map(fromRow);
  }

  async count(): Promise<number> {
    return int(this.#count.get() ?? {}, 'number');
  }
}

function write(statement: StatementSync, { id, data }: FunctionSetRecord): number {
  const { name, description, category } = data;
  try {
    const row = { id, name, description, category, targets: targetsText(data.targets) };
    return Number(statement.run(row).changes);
  } catch (thrown) {
    if (!(thrown instanceof Error && 'errcode' in thrown && thrown.errcode === uniqueViolated)) throw thrown;
    throw new BulkheadError('function-set-exists', `there is a function set called '${name}' already`, {
      details: { name },
    });
  }
}

function optional(row: Row | undefined): FunctionSetRecord | undefined {
  return row && fromRow(row);
}

function fromRow(row: Row): FunctionSetRecord {
  return {
    id: big(row, 'id'),
    data: {
      name: text(row, 'name'),
      description: text(row, 'description'),
      category: int(row, 'category'),
      targets: targetsOf(text(row, 'targets')),
    },
  };
}

/** A target as JSON: ids are text, because they are longer than a number of JSON can be. */
interface StoredTarget {
  readonly runner?: string;
  readonly worker?: string;
  readonly using?: string;
}

function targetsText(targets: readonly FunctionUsing[]): string {
  const stored = targets.map(({ function_id: id, using }): StoredTarget => {
    return {
      ...(id?.runner_id && { runner: String(id.runner_id.value) }),
      ...(id?.worker_id && { worker: String(id.worker_id.value) }),
      ...(using !== undefined && { using }),
    };
  });
  return JSON.stringify(stored);
}

function targetsOf(json: string): FunctionUsing[] {
  return (JSON.parse(json) as readonly StoredTarget[]).map(({ runner, worker, using }) => ({
    function_id: {
      ...(runner !== undefined && { runner_id: { value: BigInt(runner) } }),
      ...(worker !== undefined && { worker_id: { value: BigInt(worker) } }),
    },
    ...(using !== undefined && { using }),
  }));
}
