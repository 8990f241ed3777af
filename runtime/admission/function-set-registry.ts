/** Function sets, checked and kept in the store. */
import { BulkheadError } from '../errors.ts';
import type { FunctionSet, FunctionSetData } from '../model/messages.gen.ts';
import { mostRows, pageOf } from '../model/page.ts';
import type { IdGenerator } from '../model/snowflake.ts';
import type { FunctionSetRecord, FunctionSetStore } from '../store/store.ts';
import { checkFunctionUsing } from './function-desk.ts';
import type { FunctionSets } from './functions.ts';
import { invalid, missing } from './refusals.ts';

const mostSets = 10_000;
const mostTargets = 1000;
const longestName = 255;
const longestDescription = 65_536;

/** See {@link FunctionSets}. */
export class FunctionSetRegistry implements FunctionSets {
  readonly #store: FunctionSetStore;
  readonly #ids: IdGenerator;

  constructor(store: FunctionSetStore, ids: IdGenerator) {
    this.#store = store;
    this.#ids = ids;
  }

  async create(data: FunctionSetData): Promise<bigint> {
    checkSet(data);
    if ((await this.#store.count()) >= mostSets)
      throw new BulkheadError('queue-full', `there are ${mostSets} function sets already, which is the limit`);
    const id = this.#ids.next();
    await this.#store.insert({ id, data });
    return id;
  }

  async update(id: bigint, data: FunctionSetData): Promise<void> {
    checkSet(data);
    await this.#store.update({ id, data });
  }

  remove(id: bigint): Promise<boolean> {
    return this.#store.delete(id);
  }

  async byId(id: bigint): Promise<FunctionSet | undefined> {
    return optional(await this.#store.find(id));
  }

  async byName(name: string): Promise<FunctionSet | undefined> {
    return optional(await this.#store.findByName(name));
  }

  async list(limit: number | undefined, offset: bigint | undefined): Promise<readonly FunctionSet[]> {
    const page = pageOf(limit, offset, mostRows);
    return (await this.#store.list(page.limit, page.offset)).map(message);
  }

  count(): Promise<number> {
    return this.#store.count();
  }
}

function checkSet({ name, description, targets }: FunctionSetData): void {
  if (name.trim() === '') throw missing('name');
  if (name.length > longestName)
    throw invalid('name', `must have at most ${longestName} characters, has ${name.length}`);
  if (/\p{Cc}/u.test(name)) throw invalid('name', 'must not have control characters');
  if (description.length > longestDescription)
    throw invalid('description', `must have at most ${longestDescription} characters`);
  if (targets.length > mostTargets) throw invalid('targets', `must have at most ${mostTargets} entries`);
  const known = new Set<string>();
  for (const [index, target] of targets.entries()) {
    checkFunctionUsing(target, `targets[${index}].`);
    const { runner_id: runner, worker_id: worker } = target.function_id ?? {};
    const key = JSON.stringify([String(runner?.value), String(worker?.value), target.using]);
    if (known.has(key)) throw invalid(`targets[${index}]`, 'is there twice');
    known.add(key);
  }
}

function message({ id, data }: FunctionSetRecord): FunctionSet {
  return { id: { value: id }, data };
}

function optional(record: FunctionSetRecord | undefined): FunctionSet | undefined {
  return record && message(record);
}
