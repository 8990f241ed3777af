/** Admission of a single process: checks against workers and plugins in memory, then queues. */
import { BulkheadError } from '../errors.ts';
import { ownBytes } from '../model/bytes.ts';
import type { Metadata } from '../model/call.ts';
import { type Caller, checkReach, checkWorkerName, localCaller } from '../model/caller.ts';
import { defaultChannel } from '../model/channel.ts';
import type { Job, Writable } from '../model/job.ts';
import { type JobRequest, Priority, QueueType, ResponseType, StreamingType } from '../model/messages.gen.ts';
import type { IdGenerator } from '../model/snowflake.ts';
import type { WorkerDirectory, WorkerRecord } from '../model/worker.ts';
import type { PluginCatalogue, RunnerPlugin } from '../plugins/catalogue.ts';
import type { Feeds } from '../queue/feeds.ts';
import type { JobQueue } from '../queue/queue.ts';
import type { Results } from '../results/results.ts';
import { type EngineEvents, noEvents } from '../telemetry/events.ts';
import type { Admission, Admitted, AdmittedStream, StreamOptions } from './admission.ts';
import { checkJobRequest, type JobMode, resolveMethod } from './job-rules.ts';
import { missing, noWorker } from './refusals.ts';
import { checkPeriodAndResponse, checkQueueAndResponse } from './worker-rules.ts';

/** What admission works with. */
export interface JobAdmissionParts {
  readonly workers: WorkerDirectory;
  readonly plugins: PluginCatalogue;
  readonly queue: JobQueue;
  readonly feeds: Feeds;
  readonly results: Pick<Results, 'wait' | 'forget' | 'openOutput'>;
  readonly ids: IdGenerator;
  readonly events?: EngineEvents;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** What somebody wants run, and where. */
interface Asked {
  readonly request: JobRequest;
  readonly metadata: Metadata;
  readonly worker: WorkerRecord;
  readonly caller: Caller;
}

/** See {@link Admission}. */
export class JobAdmission implements Admission {
  readonly #parts: JobAdmissionParts;
  readonly #events: EngineEvents;
  readonly #now: () => number;
  #closed = false;

  constructor(parts: JobAdmissionParts) {
    this.#parts = parts;
    this.#events = parts.events ?? noEvents;
    this.#now = parts.now ?? Date.now;
  }

  close(): void {
    this.#closed = true;
  }

  async submit(
    request: JobRequest,
    metadata: Metadata,
    caller: Caller,
    worker = this.#worker(request, caller),
  ): Promise<Admitted> {
    const { queue, results } = this.#parts;
    const job = this.#admit({ request, metadata, worker, caller }, 'once', StreamingType.STREAMING_TYPE_NONE);
    if (job.responseType !== ResponseType.DIRECT) {
      await queue.push(job);
      this.#events.jobQueued(job);
      return { id: job.id };
    }
    const result = results.wait(job.id);
    await this.#push(job);
    return { id: job.id, result };
  }

  async submitStream(
    request: JobRequest,
    metadata: Metadata,
    { feeds, collects }: StreamOptions,
    caller: Caller,
    worker = this.#worker(request, caller),
  ): Promise<AdmittedStream> {
    const mode: JobMode = feeds ? 'fed' : this.isFeedable(worker) ? 'feedable' : 'stream';
    const streaming = collects ? StreamingType.STREAMING_TYPE_INTERNAL : StreamingType.STREAMING_TYPE_RESPONSE;
    const job = this.#admit({ request, metadata, worker, caller }, mode, streaming);
    this.#parts.feeds.open(job.id);
    const output = job.responseType === ResponseType.DIRECT ? this.#parts.results.openOutput(job) : undefined;
    await this.#push(job);
    return output ? { id: job.id, output } : { id: job.id };
  }

  /** Whether the guide's preconditions hold: one instance at a time, and it stays. */
  isFeedable({ data }: WorkerRecord): boolean {
    const channel = this.#parts.queue.channels().find(({ name }) => name === (data.channel ?? defaultChannel));
    return data.use_static && channel?.concurrency === 1;
  }

  #admit(asked: Asked, mode: JobMode, streaming: StreamingType): Job {
    const { request, worker } = asked;
    if (this.#closed) throw new BulkheadError('shutting-down', 'the server is stopping and takes no new jobs');
    checkJobRequest(request);
    const runner = this.#runner(worker);
    const method = resolveMethod(runner, request.using, mode);
    runner.schemas.checkArgs(method.name, request.args);
    const job = this.#job(asked, method.name, streaming);
    // Reports and figures by worker have one name for all calls of a runner, not one for each.
    return worker.temporary ? { ...job, workerName: `${runner.plugin.runner.name} (call)` } : job;
  }

  /** Queues a job that somebody waits for. */
  async #push(job: Job): Promise<void> {
    const { queue, results, feeds } = this.#parts;
    try {
      await queue.push(job);
    } catch (thrown) {
      results.forget(job.id);
      feeds.close(job.id);
      throw thrown;
    }
    this.#events.jobQueued(job);
  }

  /** The worker that the request names, where the caller reaches it. */
  #worker({ worker_id: id, worker_name: name }: JobRequest, caller: Caller): WorkerRecord {
    const { workers } = this.#parts;
    if (id !== undefined) {
      const found = workers.byId(id.value);
      if (!found || found.temporary) throw noWorker({ id: id.value });
      checkReach(caller, found.data, id.value);
      return found;
    }
    if (!name) throw missing('worker_id or worker_name');
    checkWorkerName(caller, name);
    const found = workers.byName(name);
    if (!found) throw noWorker({ name });
    checkReach(caller, found.data);
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

  #job({ request, metadata, worker, caller }: Asked, method: string, streaming: StreamingType): Job {
    const { id: workerId, data } = worker;
    const { overrides, using, uniq_key: uniqKey } = request;
    const now = this.#now();
    const runAfter = Number(request.run_after_time ?? 0n);
    const responseType = overrides?.response_type ?? data.response_type;
    const retryPolicy = overrides?.retry_policy ?? data.retry_policy;
    checkQueueAndResponse('overrides.response_type', data.queue_type, responseType);
    checkPeriodAndResponse('overrides.response_type', data.periodic_interval, responseType);
    const job: Writable<Job> = {
      id: this.#parts.ids.next(),
      workerId,
      workerName: data.name,
      channel: data.channel ?? defaultChannel,
      args: ownBytes(request.args),
      metadata,
      method,
      priority: request.priority ?? Priority.PRIORITY_MEDIUM,
      timeoutMs: Number(request.timeout ?? 0n),
      enqueuedAt: now,
      runAfter,
      attempt: 1,
      interruptions: 0,
      periodMs: data.periodic_interval,
      phaseAt: runAfter || now,
      queueType: data.queue_type,
      // As in jobworkerp-rs, what is to run later or again survives whatever the queue type says.
      kept: data.queue_type !== QueueType.NORMAL || runAfter > now || data.periodic_interval > 0,
      streaming,
      responseType,
      storeSuccess: overrides?.store_success ?? data.store_success,
      storeFailure: overrides?.store_failure ?? data.store_failure,
      broadcast: overrides?.broadcast_results ?? data.broadcast_results,
    };
    if (using) job.using = using;
    if (uniqKey) job.uniqKey = uniqKey;
    if (retryPolicy) job.retryPolicy = retryPolicy;
    if (overrides) job.overrides = overrides;
    if (caller !== localCaller) job.caller = caller.name;
    return job;
  }
}
