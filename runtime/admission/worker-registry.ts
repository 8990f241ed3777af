/** All workers in memory, written through to the store. */
import { BulkheadError } from '../errors.ts';
import { type Caller, checkReach, reaches, reachesAll } from '../model/caller.ts';
import type { ChannelPlan } from '../model/channel.ts';
import type { CountWorkerRequest, FindWorkerListRequest, WorkerData } from '../model/messages.gen.ts';
import type { IdGenerator } from '../model/snowflake.ts';
import type { WorkerRecord } from '../model/worker.ts';
import type { PluginCatalogue } from '../plugins/catalogue.ts';
import type { WorkerStore } from '../store/store.ts';
import type { Workers } from './admission.ts';
import { noWorker } from './refusals.ts';
import { filterWorkers, selectWorkers } from './worker-list.ts';
import { checkWorker } from './worker-rules.ts';

/** What the registry works with. */
export interface WorkerRegistryParts {
  readonly store: WorkerStore;
  readonly plugins: PluginCatalogue;
  readonly channels: readonly ChannelPlan[];
  readonly ids: IdGenerator;
  /** Most workers that there may be. Default: 100,000. */
  readonly maxWorkers?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** See {@link Workers}. Made by {@link WorkerRegistry.open}. */
export class WorkerRegistry implements Workers {
  readonly #parts: WorkerRegistryParts;
  readonly #byId = new Map<bigint, WorkerRecord>();
  readonly #byName = new Map<string, WorkerRecord>();
  readonly #listeners: ((workerId: bigint) => void)[] = [];
  /** The end of the last change: changes wait for each other. */
  #last: Promise<unknown> = Promise.resolve();

  /** Reads the store. */
  static async open(parts: WorkerRegistryParts): Promise<WorkerRegistry> {
    const registry = new WorkerRegistry(parts);
    for (const record of await parts.store.all()) registry.#put(record);
    return registry;
  }

  private constructor(parts: WorkerRegistryParts) {
    this.#parts = parts;
  }

  byId(id: bigint): WorkerRecord | undefined {
    return this.#byId.get(id);
  }

  byName(name: string): WorkerRecord | undefined {
    return this.#byName.get(name);
  }

  onChange(listener: (workerId: bigint) => void): void {
    this.#listeners.push(listener);
  }

  create(data: WorkerData, caller: Caller): Promise<bigint> {
    return this.#inTurn(() => this.#create(data, caller));
  }

  upsertByName(data: WorkerData, caller: Caller): Promise<bigint> {
    return this.#inTurn(async () => {
      const known = this.#byName.get(data.name);
      if (!known) return await this.#create(data, caller);
      await this.#change(known, data, caller);
      return known.id;
    });
  }

  update(id: bigint, data: WorkerData, caller: Caller): Promise<void> {
    return this.#inTurn(async () => {
      const known = this.#byId.get(id);
      if (!known) throw noWorker({ id });
      await this.#change(known, data, caller);
    });
  }

  remove(id: bigint, caller: Caller): Promise<boolean> {
    return this.#inTurn(async () => {
      const known = this.#byId.get(id);
      if (known) checkReach(caller, known.data, id);
      const removed = await this.#parts.store.delete(id);
      if (known) {
        this.#drop(known);
        this.#announce(id);
      }
      return removed;
    });
  }

  list(request: FindWorkerListRequest, caller: Caller): readonly WorkerRecord[] {
    return selectWorkers(this.#within(caller), request);
  }

  count(request: CountWorkerRequest, caller: Caller): number {
    return filterWorkers(this.#within(caller), request).length;
  }

  idsWithin(caller: Caller): readonly bigint[] | undefined {
    return reachesAll(caller) ? undefined : Array.from(this.#within(caller), ({ id }) => id);
  }

  #within(caller: Caller): Iterable<WorkerRecord> {
    return this.#byId.values().filter(({ data }) => reaches(caller, data));
  }

  async #create(data: WorkerData, caller: Caller): Promise<bigint> {
    checkReach(caller, data);
    this.#check(data);
    const most = this.#parts.maxWorkers ?? 100_000;
    if (this.#byId.size >= most)
      throw new BulkheadError('queue-full', `there are ${most} workers already, which is the limit`);
    const now = this.#now();
    const record: WorkerRecord = { id: this.#parts.ids.next(), data: ownCopy(data), createdAt: now, updatedAt: now };
    await this.#parts.store.insert(record);
    this.#put(record);
    return record.id;
  }

  async #change(known: WorkerRecord, data: WorkerData, caller: Caller): Promise<void> {
    checkReach(caller, known.data, known.id);
    checkReach(caller, data);
    this.#check(data);
    const record: WorkerRecord = { ...known, data: ownCopy(data), updatedAt: this.#now() };
    await this.#parts.store.update(record);
    this.#drop(known);
    this.#put(record);
    this.#announce(record.id);
  }

  #check(data: WorkerData): void {
    checkWorker(data, this.#parts.plugins, this.#parts.channels);
  }

  #now(): number {
    return (this.#parts.now ?? Date.now)();
  }

  #put(record: WorkerRecord): void {
    this.#byId.set(record.id, record);
    this.#byName.set(record.data.name, record);
  }

  #drop(record: WorkerRecord): void {
    this.#byId.delete(record.id);
    this.#byName.delete(record.data.name);
  }

  #announce(id: bigint): void {
    for (const listener of this.#listeners) listener(id);
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#last.then(change);
    this.#last = done.catch(() => undefined); // the caller of `change` hears of it
    return done;
  }
}

/** The settings came as a view of a network buffer that should not live as long as the worker. */
function ownCopy(data: WorkerData): WorkerData {
  return { ...data, runner_settings: new Uint8Array(data.runner_settings) };
}
