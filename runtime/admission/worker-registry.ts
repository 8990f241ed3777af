/** All workers in memory, written through to the store. */
import { BulkheadError } from '../errors.ts';
import { type Caller, checkReach, reaches, reachesAll } from '../model/caller.ts';
import type { ChannelPlan } from '../model/channel.ts';
import type { CountWorkerRequest, FindWorkerListRequest, WorkerData } from '../model/messages.gen.ts';
import type { IdGenerator } from '../model/snowflake.ts';
import type { WorkerRecord } from '../model/worker.ts';
import type { PluginCatalogue } from '../plugins/catalogue.ts';
import type { Results } from '../results/results.ts';
import type { Store } from '../store/store.ts';
import type { LogSink } from '../telemetry/events.ts';
import type { Workers } from './admission.ts';
import { noWorker } from './refusals.ts';
import { TemporaryWorkers } from './temporary-workers.ts';
import { filterWorkers, selectWorkers } from './worker-list.ts';
import { checkWorker } from './worker-rules.ts';

/** What the registry works with. */
export interface WorkerRegistryParts {
  readonly store: Pick<Store, 'workers' | 'jobs'>;
  readonly plugins: PluginCatalogue;
  readonly channels: readonly ChannelPlan[];
  /** Says which jobs have ended, for the workers that go with them. */
  readonly results: Pick<Results, 'onEnd'>;
  readonly log: LogSink;
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
  readonly #temporary: TemporaryWorkers;
  readonly #listeners: ((workerId: bigint) => void)[] = [];
  /** The end of the last change: changes wait for each other. */
  #last: Promise<unknown> = Promise.resolve();

  /** Reads the store. */
  static async open(parts: WorkerRegistryParts): Promise<WorkerRegistry> {
    const registry = new WorkerRegistry(parts);
    for (const record of await parts.store.workers.all()) {
      if (record.temporary) await registry.#temporary.adopt(record);
      else registry.#put(record);
    }
    parts.results.onEnd(({ workerId }) => void registry.#release(workerId));
    return registry;
  }

  private constructor(parts: WorkerRegistryParts) {
    this.#parts = parts;
    this.#temporary = new TemporaryWorkers({
      store: parts.store,
      record: (data) => this.#record(data),
      gone: (id) => this.#announce(id),
      most: this.#most,
    });
  }

  byId(id: bigint): WorkerRecord | undefined {
    return this.#byId.get(id) ?? this.#temporary.byId(id);
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
      // A temporary worker goes with its jobs and not before.
      if (this.#temporary.byId(id)) return false;
      const known = this.#byId.get(id);
      if (known) checkReach(caller, known.data, id);
      const removed = await this.#parts.store.workers.delete(id);
      if (known) {
        this.#drop(known);
        this.#announce(id);
      }
      return removed;
    });
  }

  async borrow(data: WorkerData, caller: Caller): Promise<WorkerRecord> {
    if (!reachesAll(caller)) {
      const message = `token '${caller.name}' may call its workers by name, and no runner: that makes a worker`;
      throw new BulkheadError('permission-denied', message, { details: { token: caller.name } });
    }
    this.#check(data);
    return await this.#temporary.borrow(data);
  }

  jobEnded(workerId: bigint): Promise<void> {
    return this.#temporary.jobEnded(workerId);
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

  /** A job has ended, and nobody waits for what follows. */
  async #release(workerId: bigint): Promise<void> {
    try {
      await this.jobEnded(workerId);
    } catch (error) {
      this.#parts.log({
        level: 'error',
        message: 'a temporary worker was not removed',
        fields: { worker: workerId, error },
      });
    }
  }

  async #create(data: WorkerData, caller: Caller): Promise<bigint> {
    checkReach(caller, data);
    this.#check(data);
    const most = this.#most;
    if (this.#byId.size >= most)
      throw new BulkheadError('queue-full', `there are ${most} workers already, which is the limit`);
    const record = this.#record(data);
    await this.#parts.store.workers.insert(record);
    this.#put(record);
    return record.id;
  }

  async #change(known: WorkerRecord, data: WorkerData, caller: Caller): Promise<void> {
    checkReach(caller, known.data, known.id);
    checkReach(caller, data);
    this.#check(data);
    const record: WorkerRecord = { ...known, data: ownCopy(data), updatedAt: this.#now() };
    await this.#parts.store.workers.update(record);
    this.#drop(known);
    this.#put(record);
    this.#announce(record.id);
  }

  #check(data: WorkerData): void {
    checkWorker(data, this.#parts.plugins, this.#parts.channels);
  }

  #record(data: WorkerData): WorkerRecord {
    const now = this.#now();
    return { id: this.#parts.ids.next(), data: ownCopy(data), createdAt: now, updatedAt: now };
  }

  get #most(): number {
    return this.#parts.maxWorkers ?? 100_000;
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
