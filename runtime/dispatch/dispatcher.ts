/** Runs the jobs of this process's channels. */
import { BulkheadError } from '../errors.ts';
import type { Executor } from '../executor/executor.ts';
import type { MethodCall } from '../model/call.ts';
import type { ChannelPlan } from '../model/channel.ts';
import type { Job } from '../model/job.ts';
import type { WorkerDirectory, WorkerRecord } from '../model/worker.ts';
import type { PluginCatalogue, RunnerPlugin } from '../plugins/catalogue.ts';
import type { Consumer, JobQueue } from '../queue/queue.ts';
import type { Results } from '../results/results.ts';
import type { LogSink } from '../telemetry/events.ts';
import { CallRun, failed, failure, type Ran } from './call-run.ts';
import type { Dispatcher } from './dispatch.ts';
import { Instances } from './instances.ts';

/** What dispatch works with. */
export interface DispatcherParts {
  readonly queue: JobQueue;
  readonly executor: Executor;
  readonly results: Results;
  readonly workers: WorkerDirectory;
  readonly plugins: PluginCatalogue;
  readonly channels: readonly ChannelPlan[];
  readonly log: LogSink;
  readonly limits?: DispatchLimits;
}

/** Limits of dispatch; milliseconds. */
export interface DispatchLimits {
  /** For jobs that name no timeout; 0: none. Default: 0, as in jobworkerp-rs. */
  readonly defaultTimeoutMs?: number;
  /** How long an executor may take to end an aborted call. Default: 5000. */
  readonly graceMs?: number;
  /** Idle instances of workers without `use_static`, in all. Default: 256. */
  readonly maxIdleInstances?: number;
}

/** See {@link Dispatcher}. */
export class ChannelDispatcher implements Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #instances: Instances;
  readonly #running = new Set<CallRun>();
  readonly #defaultTimeoutMs: number;
  readonly #graceMs: number;
  #consumers: readonly Consumer[] = [];
  #underWay = 0;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    this.#defaultTimeoutMs = parts.limits?.defaultTimeoutMs ?? 0;
    this.#graceMs = parts.limits?.graceMs ?? 5000;
    this.#instances = new Instances(parts.executor, parts.log, parts.limits?.maxIdleInstances ?? 256);
    parts.workers.onChange((workerId) => this.#instances.retire(workerId));
  }

  start(): void {
    const { channels, queue } = this.#parts;
    this.#consumers = channels.map(({ name, concurrency }) =>
      queue.consume(name, concurrency, (job) => this.#process(job)),
    );
  }

  async stop(drainMs: number): Promise<void> {
    await this.#drained(Date.now() + drainMs);
    const closing = this.#consumers.map((consumer) => consumer.close());
    const stranded = await this.#parts.queue.close();
    const notBegun = failed(new BulkheadError('shutting-down', 'the server stopped before the job began'));
    await Promise.all(
      stranded.map((job) => this.#end(job, { outcome: notBegun.outcome, reusable: false }, Date.now())),
    );
    for (const call of this.#running)
      call.stop(new BulkheadError('cancelled', 'the server stopped before the job ended'));
    await Promise.all(closing);
    await this.#instances.close();
  }

  /** Resolves when nothing waits or runs, at the latest at the given time. */
  async #drained(until: number): Promise<void> {
    while (Date.now() < until) {
      const waiting = await Promise.all(this.#parts.channels.map(({ name }) => this.#parts.queue.size(name)));
      if (this.#underWay === 0 && waiting.every((count) => count === 0)) return;
      await new Promise((resolve) => setTimeout(resolve, Math.min(20, Math.max(1, until - Date.now()))));
    }
  }

  async #process(job: Job): Promise<void> {
    this.#underWay++;
    const startedAt = Date.now();
    try {
      await this.#end(job, await this.#run(job, startedAt), startedAt);
    } catch (thrown) {
      this.#parts.log({ level: 'error', message: 'a job could not be ended', fields: { job: job.id, error: thrown } });
    } finally {
      this.#underWay--;
    }
  }

  #end(job: Job, ran: Ran, startedAt: number): Promise<void> {
    if ('fault' in ran) this.#logFault(job, ran.fault);
    return this.#parts.results.end(job, { outcome: ran.outcome, startedAt, endedAt: Date.now() });
  }

  #logFault(job: Job, error: unknown): void {
    this.#parts.log({
      level: 'error',
      message: 'the host failed to run a job',
      fields: { job: job.id, worker: job.workerName, error },
    });
  }

  async #run(job: Job, startedAt: number): Promise<Ran> {
    try {
      const worker = this.#parts.workers.byId(job.workerId);
      if (!worker)
        return refused(
          new BulkheadError('worker-not-found', `worker '${job.workerName}' was deleted before the job began`),
        );
      const runner = this.#parts.plugins.byId(worker.data.runner_id?.value ?? 0n);
      if (!runner)
        return refused(
          new BulkheadError('runner-not-found', `the runner of worker '${job.workerName}' is not there any more`),
        );
      return await this.#runOn(job, worker, runner, startedAt);
    } catch (thrown) {
      return { ...failed(thrown), fault: thrown };
    }
  }

  async #runOn(job: Job, worker: WorkerRecord, runner: RunnerPlugin, startedAt: number): Promise<Ran> {
    const timeoutMs = job.timeoutMs || this.#defaultTimeoutMs;
    const call: MethodCall = {
      job: {
        jobId: job.id,
        workerName: worker.data.name,
        attempt: job.attempt,
        ...(timeoutMs > 0 && { deadline: startedAt + timeoutMs }),
      },
      ...(job.using !== undefined && { using: job.using }),
      args: job.args,
      metadata: job.metadata,
    };
    const lease = this.#instances.lend(worker, runner);
    const run = new CallRun(lease.instance, call, { timeoutMs, graceMs: this.#graceMs });
    this.#running.add(run);
    const ran = await run.ended;
    this.#running.delete(run);
    lease.release(ran.reusable);
    return ran;
  }
}

function refused(error: BulkheadError): Ran {
  return { outcome: failure(error), reusable: true };
}
