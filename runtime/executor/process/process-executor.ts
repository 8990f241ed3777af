/**
 * The executor for plugins that are programs: each instance is a process of its own, which speaks go-plugin.
 *
 * A process is not sandboxed: it is ended when it must be, and what it says is bounded, but it can do what the server's
 * user can. So only programs are served that the operator names. What was admitted is what runs: the program is copied into
 * a folder of the executor's, and whoever changes the file changes nothing until it is admitted again.
 */
import { constants } from 'node:fs';
import { chmod, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { BulkheadError } from '../../errors.ts';
import type { Grants } from '../../model/grant.ts';
import type { Limits } from '../../model/limits.ts';
import type { AdmittedPlugin, Executor, InstanceSpec, PluginInstance } from '../executor.ts';
import { clearAtExit } from './at-exit.ts';
import { type Identity, makeIdentity } from './certificate.ts';
import { isStatus } from './connection.ts';
import { readDescription } from './describe.ts';
import { failureOf } from './ending.ts';
import { obstacles, ProcessInstance } from './instance.ts';
import { defaultTimes, PluginProcess, type ProcessTimes } from './plugin-process.ts';
import { ProcessLog, type SendLines } from './process-log.ts';
import { digestOfFile, examineProgram } from './program.ts';
import { startFailure } from './start-failure.ts';
import { CrashGuard, StartGate } from './start-gate.ts';

/** How long a plugin may take to describe itself, in milliseconds. */
const describeWithin = 10_000;

export interface ProcessExecutorOptions {
  /** Caps of every instance, as far as the host holds them itself. */
  readonly limits: Limits;
  readonly onLog: SendLines;
  /** Where they differ from the defaults. */
  readonly times?: Partial<ProcessTimes>;
}

/** What the executor has of its own. */
interface Home {
  readonly folder: string;
  readonly identity: Identity;
  /** The folder is no longer to be removed at exit. */
  stay(): void;
}

/** An admitted program, and who needs it. */
interface Held {
  readonly digest: string;
  /** The copy that is run. */
  readonly program: string;
  /** As the plugin calls itself. */
  readonly name: string;
  /** By the worker's settings, for as long as starts fail. */
  readonly guards: Map<string, CrashGuard>;
  admissions: number;
  instances: number;
}

export class ProcessExecutor implements Executor {
  readonly #options: ProcessExecutorOptions;
  readonly #times: ProcessTimes;
  readonly #gate = new StartGate(2 * availableParallelism());
  /** By digest. */
  readonly #held = new Map<string, Held>();
  readonly #processes = new Set<PluginProcess>();
  readonly #alive = new Set<number>();
  readonly #closing = new AbortController();
  #place: Promise<Home> | undefined;

  constructor(options: ProcessExecutorOptions) {
    this.#options = options;
    this.#times = { ...defaultTimes, ...options.times };
  }

  async admit(path: string): Promise<AdmittedPlugin> {
    await examineProgram(path);
    const { folder } = await this.#home();
    const draft = join(folder, `draft-${crypto.randomUUID()}`);
    await copyFile(path, draft, constants.COPYFILE_FICLONE);
    await chmod(draft, 0o500);
    const digest = await digestOfFile(draft);
    try {
      const runner = await this.#describe(draft, digest);
      const held = this.#held.get(digest);
      if (held) {
        held.admissions++;
        await rm(draft);
      } else {
        const { name } = runner;
        this.#held.set(digest, { digest, program: draft, name, guards: new Map(), admissions: 1, instances: 0 });
      }
      return { digest, path, facets: ['runner'], imports: [], runner, obstacles };
    } catch (thrown) {
      await rm(draft, { force: true });
      const { code, message, details } = BulkheadError.from(thrown);
      if (code === 'internal') throw thrown;
      throw new BulkheadError('plugin-refused', message, { details: { reason: code, ...details }, cause: thrown });
    }
  }

  /** The name that an admitted plugin gave itself. */
  nameOf(digest: string): string | undefined {
    return this.#held.get(digest)?.name;
  }

  dismiss({ digest }: AdmittedPlugin): void {
    const held = this.#held.get(digest);
    if (!held) return;
    held.admissions--;
    void this.#letGo(held);
  }

  instance(spec: InstanceSpec): PluginInstance {
    const held = this.#held.get(spec.plugin.digest);
    if (!held?.admissions)
      throw new BulkheadError('internal', `the plugin ${spec.plugin.path} is not admitted by this executor`);
    held.instances++;
    const { settings, grants, limits = this.#options.limits } = spec;
    return new ProcessInstance(spec, {
      limits,
      start: (signal) => this.#guarded(held, settings, () => this.#loaded(held, { settings, grants, limits, signal })),
      release: () => {
        held.instances--;
        void this.#letGo(held);
      },
    });
  }

  async close(): Promise<void> {
    this.#closing.abort(new BulkheadError('shutting-down', 'the executor was closed'));
    await Promise.all([...this.#processes].map((process) => process.end()));
    const place = await this.#place;
    if (!place) return;
    await rm(place.folder, { recursive: true, force: true, maxRetries: 3 });
    place.stay();
  }

  #home(): Promise<Home> {
    this.#place ??= Promise.all([mkdtemp(join(tmpdir(), 'bulkhead-process-')), makeIdentity()]).then(
      ([folder, identity]) => ({ folder, identity, stay: clearAtExit({ folder, leaders: this.#alive }) }),
    );
    return this.#place;
  }

  /** Frees a program that nobody needs any more. */
  async #letGo({ digest, program, admissions, instances }: Held): Promise<void> {
    if (admissions > 0 || instances > 0) return;
    this.#held.delete(digest);
    await rm(program, { force: true, maxRetries: 3 });
  }

  /** Asks the plugin what it is, in a process that is ended after it. */
  async #describe(program: string, digest: string) {
    const process = await this.#start({ program, digest }, { limits: this.#options.limits });
    try {
      const answer = await process.connection.unary(process.wire.describe, {}, { within: describeWithin });
      return readDescription(answer);
    } catch (thrown) {
      if (isStatus(thrown) && thrown.code === 12)
        throw startFailure('not-a-runner', 'a go-plugin that does not serve bulkhead.process.v1.RunnerPlugin');
      if (isStatus(thrown) && thrown.code === 4)
        throw new BulkheadError('plugin-refused', `it did not describe itself within ${describeWithin} ms`);
      throw await process.blame(thrown);
    } finally {
      await process.end();
    }
  }

  /** A start that counts: where several in a row fail, the next ones are refused for a while. */
  async #guarded(held: Held, settings: Uint8Array, start: () => Promise<PluginProcess>): Promise<PluginProcess> {
    const key = Buffer.from(settings).toString('base64');
    const guard = held.guards.get(key) ?? new CrashGuard();
    guard.check(performance.now());
    try {
      const process = await start();
      held.guards.delete(key);
      return process;
    } catch (thrown) {
      const error = BulkheadError.from(thrown);
      if (crashes.has(error.code)) {
        guard.failed(error, performance.now());
        held.guards.set(key, guard);
      }
      throw error;
    }
  }

  async #loaded(held: Held, wants: StartWants & { readonly settings: Uint8Array }): Promise<PluginProcess> {
    const process = await this.#start(held, wants);
    const kill = () => void process.kill();
    wants.signal?.addEventListener('abort', kill);
    try {
      wants.signal?.throwIfAborted();
      const { failure } = await process.connection.unary(process.wire.load, { settings: wants.settings });
      if (failure) throw failureOf(failure.message);
      return process;
    } catch (thrown) {
      const { code, message, details } = await process.blame(thrown);
      await process.end();
      wants.signal?.throwIfAborted();
      const wrapped = code === 'plugin-failed' ? 'load-failed' : code;
      throw new BulkheadError(wrapped, `in load(): ${message}`, { details, cause: thrown });
    } finally {
      wants.signal?.removeEventListener('abort', kill);
    }
  }

  async #start(held: Pick<Held, 'program' | 'digest'>, { limits, grants, signal }: StartWants): Promise<PluginProcess> {
    const { folder, identity } = await this.#home();
    const ends = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
    const log = new ProcessLog(held.digest, this.#options.onLog, limits.logBytesPerSecond);
    const own = { folder, identity, alive: this.#alive, times: this.#times };
    const spec = { ...own, program: held.program, granted: grants?.env ?? {}, log };
    const process = await this.#gate.enter(
      () => PluginProcess.start({ ...spec, largest: limits.outputBytes, signal: ends }),
      ends,
    );
    this.#processes.add(process);
    void process.closed.then(() => this.#processes.delete(process));
    return process;
  }
}

/** What a start needs beside the program. */
interface StartWants {
  readonly limits: Limits;
  readonly grants?: Grants;
  readonly signal?: AbortSignal;
}

/** Ends of a start that count for a crash loop; what a plugin says of settings does not. */
const crashes: ReadonlySet<string> = new Set([
  'plugin-start-failed',
  'plugin-panicked',
  'plugin-trapped',
  'plugin-exited',
]);
