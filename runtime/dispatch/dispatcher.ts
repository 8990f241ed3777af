/** Runs the jobs of this process's channels. */
import { BulkheadError } from '../errors.ts';
import type { Executor, PluginInstance } from '../executor/executor.ts';
import type { CallOutcome, MethodCall } from '../model/call.ts';
import { type ChannelPlan, displayName } from '../model/channel.ts';
import type { Job } from '../model/job.ts';
import { StreamingType } from '../model/messages.gen.ts';
import type { WorkerDirectory, WorkerRecord } from '../model/worker.ts';
import type { PluginCatalogue, RunnerPlugin } from '../plugins/catalogue.ts';
import type { Feeds } from '../queue/feeds.ts';
import type { Consumer, JobQueue, Lease } from '../queue/queue.ts';
import type { Results } from '../results/results.ts';
import { type EngineEvents, jobFields, jobMarks, type LogSink, noEvents } from '../telemetry/events.ts';
import { CallRun, failed, failure, type Ran } from './call-run.ts';
import type { Dispatcher } from './dispatch.ts';
import { Instances } from './instances.ts';
import { type StreamTally, streamCall } from './stream-call.ts';
import { judge } from './verdict.ts';

/** What dispatch works with. */
export interface DispatcherParts {
  readonly queue: JobQueue;
  readonly feeds: Feeds;
  readonly executor: Executor;
  readonly results: Pick<Results, 'end' | 'abandon' | 'sink'>;
  readonly workers: WorkerDirectory;
  readonly plugins: PluginCatalogue;
  readonly channels: readonly ChannelPlan[];
  readonly log: LogSink;
  readonly events?: EngineEvents;
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
  /** Runs of a job that may end with the process before it is given up. Default: 100. */
  readonly maxInterruptions?: number;
}

/** A run, and how much of a stream it gave. */
interface Tried extends Ran {
  readonly chunks: number;
}

/** See {@link Dispatcher}. */
export class ChannelDispatcher implements Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #events: EngineEvents;
  readonly #instances: Instances;
  readonly #running = new Map<CallRun, Job>();
  readonly #concurrency: Map<string, number>;
  readonly #defaultTimeoutMs: number;
  readonly #graceMs: number;
  readonly #maxInterruptions: number;
  #consumers: ReadonlyMap<string, Consumer> = new Map();
  #underWay = 0;
  /** The time to drain is over: jobs that are kept are left to the next process. */
  #leaving: BulkheadError | undefined;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    this.#events = parts.events ?? noEvents;
    this.#concurrency = new Map(parts.channels.map(({ name, concurrency }) => [name, concurrency]));
    this.#defaultTimeoutMs = parts.limits?.defaultTimeoutMs ?? 0;
    this.#graceMs = parts.limits?.graceMs ?? 5000;
    this.#maxInterruptions = parts.limits?.maxInterruptions ?? 100;
    this.#instances = new Instances(parts.executor, parts.log, parts.limits?.maxIdleInstances ?? 256);
    parts.workers.onChange((workerId) => this.#instances.retire(workerId));
    parts.plugins.onChange((runnerId) => this.#instances.retireRunner(runnerId));
  }

  start(): void {
    const { queue } = this.#parts;
    this.#consumers = new Map(
      this.channels().map(({ name, concurrency }) => [
        name,
        queue.consume(name, concurrency, (lease) => this.#process(lease)),
      ]),
    );
  }

  channels(): readonly ChannelPlan[] {
    return [...this.#concurrency].map(([name, concurrency]) => ({ name, concurrency }));
  }

  resize(channel: string, concurrency: number): void {
    const consumer = this.#consumers.get(channel);
    if (!consumer) throw new BulkheadError('field-invalid', `channel '${displayName(channel)}' is not served here`);
    if (!Number.isInteger(concurrency) || concurrency < 1)
      throw new BulkheadError('field-invalid', `concurrency must be a whole number of at least 1, got ${concurrency}`);
    this.#concurrency.set(channel, concurrency);
    consumer.resize(concurrency);
  }

  release(workerId?: bigint): void {
    if (workerId === undefined) this.#instances.retireAll();
    else this.#instances.retire(workerId);
  }

  async load(workerId: bigint, timeoutMs: number): Promise<void> {
    const { worker, runner } = this.#resolve({ workerId, workerName: String(workerId) });
    const lease = this.#instances.lend(worker, runner);
    const call = async (): Promise<CallOutcome> => {
      await lease.instance.load();
      return { ok: true, output: new Uint8Array(0), metadata: {} };
    };
    const { outcome, reusable } = await new CallRun(call, { timeoutMs, graceMs: 0 }).ended;
    lease.release(reusable && outcome.ok);
    if (!outcome.ok) throw BulkheadError.fromWire(outcome.error);
  }

  async stop(drainMs: number): Promise<void> {
    const { queue } = this.#parts;
    await this.#drained(Date.now() + drainMs);
    const closing = [...this.#consumers.values()].map((consumer) => consumer.close());
    const stranded = await queue.close();
    const notBegun = failed(new BulkheadError('shutting-down', 'the server stopped before the job began'));
    await Promise.all(stranded.map((job) => this.#end(job, { ...notBegun, chunks: 0 }, Date.now())));
    this.#leaving = new BulkheadError('shutting-down', 'the server stopped before the job ended; it will run again');
    for (const [call, job] of this.#running)
      call.stop(job.kept ? this.#leaving : new BulkheadError('cancelled', 'the server stopped before the job ended'));
    await Promise.all(closing);
    await this.#instances.close();
  }

  /** Resolves when nothing waits in memory or runs, at the latest at the given time. */
  async #drained(until: number): Promise<void> {
    while (Date.now() < until) {
      const waiting = this.#parts.queue.channels().reduce((sum, channel) => sum + channel.waiting, 0);
      if (this.#underWay === 0 && waiting === 0) return;
      await new Promise((resolve) => setTimeout(resolve, Math.min(20, Math.max(1, until - Date.now()))));
    }
  }

  async #process(lease: Lease): Promise<Job | undefined> {
    this.#underWay++;
    const { job } = lease;
    const startedAt = Date.now();
    const start = { readyAt: Math.max(job.enqueuedAt, job.runAfter), startedAt };
    this.#events.runStarted(job, start);
    try {
      const tried = await this.#run(lease, startedAt);
      this.#events.runEnded(job, { ...start, ...tried, endedAt: Date.now() });
      if (this.#leaving && job.kept && !tried.outcome.ok) {
        this.#parts.results.abandon(job, this.#leaving);
        return undefined;
      }
      lease.ran();
      return await this.#end(job, tried, startedAt);
    } catch (thrown) {
      this.#parts.log({
        level: 'error',
        message: 'a job could not be ended',
        fields: { ...jobFields(job), error: thrown },
      });
      return undefined;
    } finally {
      this.#underWay--;
    }
  }

  async #end(job: Job, ran: Tried, startedAt: number): Promise<Job | undefined> {
    if ('fault' in ran) this.#logFault(job, ran.fault);
    const endedAt = Date.now();
    const { feeds, results } = this.#parts;
    const verdict = judge(job, ran.outcome, endedAt, ran.chunks === 0 && !feeds.wasFed(job.id));
    if (job.streaming !== StreamingType.STREAMING_TYPE_NONE && verdict.next === undefined) feeds.close(job.id);
    await results.end(job, { ...verdict, outcome: ran.outcome, startedAt, endedAt });
    return verdict.next;
  }

  #logFault(job: Job, error: unknown): void {
    this.#parts.log({
      level: 'error',
      message: 'the host failed to run a job',
      fields: { ...jobFields(job), error },
    });
  }

  async #run(lease: Lease, startedAt: number): Promise<Tried> {
    const tally: StreamTally = { chunks: 0 };
    try {
      const { job } = lease;
      if (job.interruptions > this.#maxInterruptions) return { ...refused(givenUp(job)), chunks: 0 };
      const { worker, runner } = this.#resolve(job);
      return { ...(await this.#runOn(lease, worker, runner, startedAt, tally)), chunks: tally.chunks };
    } catch (thrown) {
      return { ...failed(thrown), chunks: tally.chunks };
    }
  }

  /** Throws where the worker or its runner is not there any more. */
  #resolve({ workerId, workerName }: Pick<Job, 'workerId' | 'workerName'>): {
    readonly worker: WorkerRecord;
    readonly runner: RunnerPlugin;
  } {
    const worker = this.#parts.workers.byId(workerId);
    if (!worker) throw new BulkheadError('worker-not-found', `worker '${workerName}' was deleted before the job began`);
    const runner = this.#parts.plugins.byId(worker.data.runner_id?.value ?? 0n);
    if (!runner)
      throw new BulkheadError('runner-not-found', `the runner of worker '${worker.data.name}' is not there any more`);
    return { worker, runner };
  }

  async #runOn(
    lease: Lease,
    worker: WorkerRecord,
    runner: RunnerPlugin,
    startedAt: number,
    tally: StreamTally,
  ): Promise<Ran> {
    const { job } = lease;
    const timeoutMs = job.timeoutMs || this.#defaultTimeoutMs;
    const streams = job.streaming !== StreamingType.STREAMING_TYPE_NONE;
    // A stream may last; its time is for each chunk, and dispatch keeps it.
    const call = callOf(job, worker, streams || timeoutMs === 0 ? undefined : startedAt + timeoutMs);
    const loan = this.#instances.lend(worker, runner);
    const { instance } = loan;
    const run = new CallRun(
      (self) =>
        streams ? this.#stream(job, instance, call, self, tally) : instance.run(call, { signal: self.signal }),
      { timeoutMs, graceMs: this.#graceMs },
    );
    this.#running.set(run, job);
    lease.onCancel((reason) => run.stop(reason));
    const ran = await run.ended;
    this.#running.delete(run);
    loan.release(ran.reusable);
    return ran;
  }

  #stream(
    job: Job,
    instance: PluginInstance,
    call: MethodCall,
    run: CallRun,
    tally: StreamTally,
  ): Promise<CallOutcome> {
    const { feeds, results } = this.#parts;
    const stream = instance.stream(call, { signal: run.signal });
    if (this.#readsFeed(job)) {
      void stream.begun.then((begun) => {
        if (begun) feeds.attach(job.id, (chunk, isFinal) => instance.feed(chunk, isFinal));
      });
    }
    return streamCall(stream, results.sink(job), run, tally);
  }

  #readsFeed(job: Job): boolean {
    const worker = this.#parts.workers.byId(job.workerId);
    const runner = this.#parts.plugins.byId(worker?.data.runner_id?.value ?? 0n);
    return runner?.plugin.runner.methods.find(({ name }) => name === job.method)?.needFeed ?? false;
  }
}

function callOf(job: Job, worker: WorkerRecord, deadline: number | undefined): MethodCall {
  return {
    job: {
      jobId: job.id,
      workerName: worker.data.name,
      attempt: job.attempt,
      ...jobMarks(job),
      ...(deadline !== undefined && { deadline }),
    },
    ...(job.using !== undefined && { using: job.using }),
    args: job.args,
    metadata: job.metadata,
  };
}

function givenUp({ interruptions }: Job): BulkheadError {
  return new BulkheadError('interrupted', `the server ended ${interruptions} times while the job ran; it is given up`);
}

function refused(error: BulkheadError): Ran {
  return { outcome: failure(error), reusable: true };
}
