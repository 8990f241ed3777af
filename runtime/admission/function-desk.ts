/** Functions of a single process. See {@link Functions}. */
import { BulkheadError } from '../errors.ts';
import { type Caller, checkReach, checkWorkerName, reaches } from '../model/caller.ts';
import type {
  CreateWorkerRequest,
  FunctionCallOptions,
  FunctionCallRequest,
  FunctionSpecs,
  FunctionUsing,
  JobRequest,
} from '../model/messages.gen.ts';
import type { MethodDescription } from '../model/method.ts';
import type { WorkerRecord } from '../model/worker.ts';
import type { PluginCatalogue, RunnerPlugin } from '../plugins/catalogue.ts';
import type { Admission, Admitted, AdmittedStream, Workers } from './admission.ts';
import { argsFromJson, outputToJson } from './function-json.ts';
import { runnerSpecs, workerSpecs } from './function-specs.ts';
import { runnerNamed, workerDataFrom, workerDataOf } from './function-worker.ts';
import type { FunctionCall, Functions, MadeWorker } from './functions.ts';
import { findMethod } from './job-rules.ts';
import { invalid, missing, noWorker } from './refusals.ts';

/** What the desk works with. */
export interface FunctionDeskParts {
  readonly admission: Admission;
  readonly workers: Workers;
  readonly plugins: PluginCatalogue;
}

/** Between the name of a function and that of its method. */
const delimiter = '___';
/** How long a job may run where its caller does not say, in milliseconds; as in jobworkerp-rs. */
const defaultTimeoutMs = 300_000n;
const longestUsing = 255;

/** What is to be called. */
interface Target {
  readonly runner: RunnerPlugin;
  readonly using?: string;
  /** The worker for one job. It has to be told of the job's end. */
  borrow(): Promise<WorkerRecord>;
}

export class FunctionDesk implements Functions {
  readonly #parts: FunctionDeskParts;

  constructor(parts: FunctionDeskParts) {
    this.#parts = parts;
  }

  *list(
    { runners, workers }: { readonly runners: boolean; readonly workers: boolean },
    caller: Caller,
  ): Generator<FunctionSpecs> {
    if (runners) for (const runner of this.#parts.plugins.list()) yield runnerSpecs(runner);
    if (!workers) return;
    for (const worker of this.#parts.workers.list({ runner_types: [], runner_ids: [], ascending: true }, caller)) {
      const specs = this.#ofWorker(worker);
      if (specs) yield specs;
    }
  }

  find(which: FunctionUsing, caller: Caller): FunctionSpecs | undefined {
    checkFunctionUsing(which, '');
    return this.#find(which, caller);
  }

  byRunnerName(name: string): FunctionSpecs | undefined {
    const runner = this.#parts.plugins.byName(name);
    return runner && runnerSpecs(runner);
  }

  byWorkerName(name: string, caller: Caller): FunctionSpecs | undefined {
    const worker = this.#parts.workers.byName(name);
    return worker && reaches(caller, worker.data) ? this.#ofWorker(worker) : undefined;
  }

  ofTargets(targets: readonly FunctionUsing[], caller: Caller): FunctionSpecs[] {
    return targets.flatMap((target) => {
      try {
        return this.#find(target, caller) ?? [];
      } catch (thrown) {
        if (BulkheadError.from(thrown).code === 'function-not-found') return [];
        throw thrown;
      }
    });
  }

  async createWorker(request: CreateWorkerRequest, caller: Caller): Promise<MadeWorker> {
    const data = workerDataFrom(request, this.#parts.plugins);
    return { id: await this.#parts.workers.create(data, caller), name: data.name };
  }

  async upsertWorker(request: CreateWorkerRequest, caller: Caller): Promise<MadeWorker> {
    const data = workerDataFrom(request, this.#parts.plugins);
    return { id: await this.#parts.workers.upsertByName(data, caller), name: data.name };
  }

  async call(request: FunctionCallRequest, caller: Caller): Promise<FunctionCall> {
    const { options } = request;
    const target = this.#target(request, caller);
    const { schemas } = target.runner;
    const method = findMethod(target.runner, target.using);
    const streams = options?.streaming ?? method.outputType === 'streaming';
    checkCallable(method, streams);
    const job: JobRequest = {
      args: argsFromJson(schemas, method.name, request.args_json),
      timeout: timeoutOf(options),
      ...(request.uniq_key !== undefined && { uniq_key: request.uniq_key }),
      ...(target.using !== undefined && { using: target.using }),
    };
    const startedAt = Date.now();
    const admitted = await this.#submit(target, job, options?.metadata ?? {}, streams, caller);
    return { ...admitted, startedAt, toJson: (bytes) => outputToJson(schemas, method.name, bytes) };
  }

  async #submit(
    target: Target,
    job: JobRequest,
    metadata: Readonly<Record<string, string>>,
    streams: boolean,
    caller: Caller,
  ): Promise<Admitted & AdmittedStream> {
    const { admission, workers } = this.#parts;
    const worker = await target.borrow();
    try {
      if (streams)
        return await admission.submitStream(job, metadata, { feeds: false, collects: false }, caller, worker);
      return await admission.submit(job, metadata, caller, worker);
    } catch (thrown) {
      await workers.jobEnded(worker.id);
      throw thrown;
    }
  }

  #target(
    { runner_name: runnerName, worker_name: workerName, runner_parameters: parameters }: FunctionCallRequest,
    caller: Caller,
  ): Target {
    const { plugins, workers } = this.#parts;
    if (workerName !== undefined) {
      const { found, using } = withMethod(workerName, (name) => workers.byName(name));
      if (found) checkReach(caller, found.data);
      else checkWorkerName(caller, workerName);
      if (!found) throw noWorker({ name: workerName });
      return { runner: this.#runnerOf(found), ...using, borrow: async () => found };
    }
    if (runnerName === undefined) throw missing('runner_name or worker_name');
    const { found, using } = withMethod(runnerName, (name) => plugins.byName(name));
    const runner = found ?? runnerNamed(runnerName, plugins);
    const { settings_json: settings = '', worker_options: workerOptions } = parameters ?? {};
    const { name } = runner.plugin.runner;
    const data = workerDataOf(runner, { name, description: 'for calls of a function' }, settings, workerOptions);
    return { runner, ...using, borrow: () => workers.borrow(data, caller) };
  }

  #find({ function_id: id, using }: FunctionUsing, caller: Caller): FunctionSpecs | undefined {
    if (id?.worker_id) {
      const worker = this.#parts.workers.byId(id.worker_id.value);
      return worker && !worker.temporary && reaches(caller, worker.data) ? this.#ofWorker(worker, using) : undefined;
    }
    const runner = this.#parts.plugins.byId(id?.runner_id?.value ?? 0n);
    return runner && runnerSpecs(runner, using);
  }

  #ofWorker(worker: WorkerRecord, using?: string): FunctionSpecs | undefined {
    const runner = this.#parts.plugins.byId(worker.data.runner_id?.value ?? 0n);
    return runner && workerSpecs(worker, runner, using);
  }

  #runnerOf({ data }: WorkerRecord): RunnerPlugin {
    const id = data.runner_id?.value ?? 0n;
    const runner = this.#parts.plugins.byId(id);
    if (runner) return runner;
    throw new BulkheadError('runner-not-found', `the runner of worker '${data.name}' (id ${id}) is not loaded`, {
      details: { id: String(id) },
    });
  }
}

/** Throws `field-missing` and `field-invalid`; `prefix` says where it stands in a request. */
export function checkFunctionUsing({ function_id: id, using }: FunctionUsing, prefix: string): void {
  if (!id) throw missing(`${prefix}function_id`);
  const value = (id.runner_id ?? id.worker_id)?.value;
  if (value === undefined) throw missing(`${prefix}function_id.runner_id or worker_id`);
  if (value <= 0n) throw invalid(`${prefix}function_id`, `must be greater than 0, got ${value}`);
  if (using === '') throw invalid(`${prefix}using`, 'must not be empty: leave it out for all methods');
  if ((using?.length ?? 0) > longestUsing)
    throw invalid(`${prefix}using`, `must have at most ${longestUsing} characters`);
}

/** What a name means: itself, or what comes before the delimiter, with a method after it. */
function withMethod<T>(name: string, find: (name: string) => T | undefined): { found?: T; using?: { using: string } } {
  const whole = find(name);
  if (whole) return { found: whole };
  const at = name.indexOf(delimiter);
  const found = at < 0 ? undefined : find(name.slice(0, at));
  return found ? { found, using: { using: name.slice(at + delimiter.length) } } : {};
}

function checkCallable({ name, needFeed, outputType }: MethodDescription, streams: boolean): void {
  const obstacle = needFeed
    ? 'reads a feed, which a call of a function does not have: use JobService.EnqueueWithClientStream'
    : streams && outputType === 'non-streaming'
      ? 'does not stream its output: leave options.streaming out'
      : !streams && outputType === 'streaming'
        ? 'only streams its output: leave options.streaming out, or set it'
        : undefined;
  if (obstacle === undefined) return;
  throw new BulkheadError('method-not-runnable', `method '${name}' ${obstacle}`, { details: { method: name } });
}

function timeoutOf(options: FunctionCallOptions | undefined): bigint {
  const timeout = options?.timeout_ms ?? defaultTimeoutMs;
  if (timeout >= 0n) return timeout;
  throw invalid('options.timeout_ms', `must not be negative, got ${timeout}`);
}
