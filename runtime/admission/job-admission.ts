/** Admission of a single process: checks against workers and plugins in memory, then queues. */
import { BulkheadError } from '../errors.ts';
import { ownBytes } from '../model/bytes.ts';
import type { Metadata } from '../model/call.ts';
import { type Caller, checkReach, checkWorkerName } from '../model/caller.ts';
import { defaultChannel } from '../model/channel.ts';
import type { Job } from '../model/job.ts';
import { type JobRequest, Priority, ResponseType } from '../model/messages.gen.ts';
import type { IdGenerator } from '../model/snowflake.ts';
import type { WorkerDirectory, WorkerRecord } from '../model/worker.ts';
import type { PluginCatalogue, RunnerPlugin } from '../plugins/catalogue.ts';
import type { JobQueue } from '../queue/queue.ts';
import type { Admission, Admitted, ResultWait } from './admission.ts';
import { checkJobRequest, resolveMethod } from './job-rules.ts';
import { invalid, missing, noWorker } from './refusals.ts';

/** What admission works with. */
export interface JobAdmissionParts {
  readonly workers: WorkerDirectory;
  readonly plugins: PluginCatalogue;
  readonly queue: JobQueue;
  readonly results: ResultWait;
  readonly ids: IdGenerator;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** See {@link Admission}. */
export class JobAdmission implements Admission {
  readonly #parts: JobAdmissionParts;
  readonly #now: () => number;
  #closed = false;

  constructor(parts: JobAdmissionParts) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
  }

  close(): void {
    this.#closed = true;
  }

  async submit(request: JobRequest, metadata: Metadata, caller: Caller): Promise<Admitted> {
    if (this.#closed) throw new BulkheadError('shutting-down', 'the server is stopping and takes no new jobs');
    const worker = this.#worker(request, caller);
    checkReach(caller, worker.data, request.worker_id?.value);
    const now = this.#now();
    checkJobRequest(request, now);
    const runner = this.#runner(worker);
    const method = resolveMethod(runner, request.using);
    runner.schemas.checkArgs(method.name, request.args);
    const job = this.#job(request, worker, method.name, metadata, now);
    return job.responseType === ResponseType.DIRECT ? await this.#queueAndWait(job) : await this.#queueOnly(job);
  }

  async #queueOnly(job: Job): Promise<Admitted> {
    await this.#parts.queue.push(job);
    return { id: job.id };
  }

  async #queueAndWait(job: Job): Promise<Admitted> {
    const { queue, results } = this.#parts;
    const result = results.wait(job.id);
    try {
      await queue.push(job);
    } catch (thrown) {
      results.forget(job.id);
      throw thrown;
    }
    return { id: job.id, result };
  }

  #worker({ worker_id: id, worker_name: name }: JobRequest, caller: Caller): WorkerRecord {
    const { workers } = this.#parts;
    if (id !== undefined) {
      const found = workers.byId(id.value);
      if (!found) throw noWorker({ id: id.value });
      return found;
    }
    if (!name) throw missing('worker_id or worker_name');
    checkWorkerName(caller, name);
    const found = workers.byName(name);
    if (!found) throw noWorker({ name });
    return found;
  }

  #runner(worker: WorkerRecord): RunnerPlugin {
    const id = worker.data.runner_id?.value ?? 0n;
    const runner = this.#parts.plugins.byId(id);
    if (runner) return runner;
    throw new BulkheadError('runner-not-found', `the runner of worker '${worker.data.name}' (id ${id}) is not loaded`, {
      details: { id: String(id) },
    });
  }

  #job(request: JobRequest, worker: WorkerRecord, method: string, metadata: Metadata, now: number): Job {
    const { overrides, using } = request;
    const { data } = worker;
    return {
      id: this.#parts.ids.next(),
      workerId: worker.id,
      workerName: data.name,
      channel: data.channel ?? defaultChannel,
      args: ownBytes(request.args),
      metadata,
      ...(using && { using }),
      method,
      priority: request.priority ?? Priority.PRIORITY_MEDIUM,
      timeoutMs: timeoutOf(request),
      enqueuedAt: now,
      attempt: 1,
      responseType: overrides?.response_type ?? data.response_type,
      storeSuccess: overrides?.store_success ?? data.store_success,
      storeFailure: overrides?.store_failure ?? data.store_failure,
    };
  }
}

function timeoutOf({ timeout }: JobRequest): number {
  if (timeout === undefined) return 0;
  if (timeout > BigInt(Number.MAX_SAFE_INTEGER))
    throw invalid('timeout', `must be at most ${Number.MAX_SAFE_INTEGER} milliseconds`);
  return Number(timeout);
}
