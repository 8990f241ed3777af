/**
 * A process that speaks go-plugin: started, shaken hands with, connected, found healthy, and ended again.
 *
 * It ends by its controller's Shutdown, then SIGTERM, then SIGKILL, each for its time. Why a call failed is asked of
 * the process, not of the call: gRPC says "unavailable" for everything, so {@link PluginProcess.blame} waits for the end.
 */
import { BulkheadError } from '../../errors.ts';
import { Broker } from './broker.ts';
import type { Identity } from './certificate.ts';
import { Child } from './child.ts';
import { Connection, isStatus, statusName } from './connection.ts';
import { endingError } from './ending.ts';
import { environmentOf, type Handshake, magicCookie, readHandshake } from './handshake.ts';
import { Lines } from './lines.ts';
import type { ProcessLog } from './process-log.ts';
import { startFailure } from './start-failure.ts';
import { type Wire, wire } from './wire.ts';

/** How long each step may take, in milliseconds. */
export interface ProcessTimes {
  /** From the start to the handshake line, and from there to the first answer. */
  readonly handshake: number;
  /** For Shutdown, before SIGTERM. */
  readonly shutdown: number;
  /** For SIGTERM, before SIGKILL. */
  readonly terminate: number;
  /** For Cancel to end its job, before SIGKILL. */
  readonly cancel: number;
}

export const defaultTimes: ProcessTimes = { handshake: 10_000, shutdown: 2000, terminate: 1000, cancel: 100 };

/** How long a process whose connection broke may take to end, in milliseconds. */
const endWithin = 2000;
/** What go-plugin says to who starts a plugin without, or with another, cookie. */
const cookieWords = /This binary is a plugin|no magic cookie/;

export interface ProcessSpec {
  readonly program: string;
  /** The folder that the folders of children are made in. */
  readonly folder: string;
  readonly identity: Identity;
  readonly granted: Readonly<Record<string, string>>;
  readonly log: ProcessLog;
  /** Process ids that live. */
  readonly alive: Set<number>;
  readonly times: ProcessTimes;
  /** Bytes of one answer. */
  readonly largest: number;
  /** Aborting it ends the process, also while it starts. */
  readonly signal?: AbortSignal;
}

export class PluginProcess {
  readonly log: ProcessLog;
  readonly wire: Wire = wire();
  readonly connection: Connection;
  readonly #child: Child;
  readonly #spec: ProcessSpec;
  readonly #place: Handshake;
  #broker: Broker | undefined;
  #ending: Promise<void> | undefined;

  /** Starts one. Throws why that failed, or the reason of the signal; nothing is left of the process then. */
  static async start(spec: ProcessSpec): Promise<PluginProcess> {
    spec.signal?.throwIfAborted();
    const { identity, granted, log } = spec;
    const child = await Child.start({
      program: spec.program,
      parentFolder: spec.folder,
      environment: (folder) => environmentOf({ folder, certificate: identity.certificate, granted }),
      onLife: (pid, lives) => (lives ? spec.alive.add(pid) : spec.alive.delete(pid)),
      onLine: (target, line) => log.write(target, line),
    });
    const kill = () => child.kill('SIGKILL');
    spec.signal?.addEventListener('abort', kill);
    try {
      spec.signal?.throwIfAborted();
      const line = await handshakeLine(child, spec);
      const process = new PluginProcess(spec, child, readHandshake(line, child.folder));
      await process.#greet();
      return process;
    } catch (error) {
      kill();
      await child.closed;
      throw spec.signal?.aborted ? spec.signal.reason : error;
    } finally {
      spec.signal?.removeEventListener('abort', kill);
    }
  }

  private constructor(spec: ProcessSpec, child: Child, place: Handshake) {
    this.#spec = spec;
    this.#child = child;
    this.#place = place;
    this.log = spec.log;
    this.connection = connect(place, spec);
    void child.closed.then(() => {
      this.connection.close();
      this.#broker?.close();
    });
    this.#subscribe();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** It has ended, or is being ended. */
  get isOver(): boolean {
    return this.#child.isOver || this.#ending !== undefined;
  }

  /** Resolves when it has ended and nothing is left of it. */
  get closed(): Promise<unknown> {
    return this.#child.closed;
  }

  /** Connections by id, in both directions. Opened when it is first asked for. */
  get broker(): Broker {
    this.#broker ??= new Broker(this.connection, {
      identity: this.#spec.identity,
      folder: this.#child.folder,
      largest: this.#spec.largest,
      readPlace: (network, address, certificate) =>
        readHandshake(`1|1|${network}|${address}|grpc|${certificate ?? ''}`, this.#child.folder),
      certificate: this.#place.certificate,
    });
    return this.#broker;
  }

  /** Ends it in peace. Resolves when nothing is left of it. */
  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  /** Ends it, and what it started, at once. Resolves when nothing is left of it. */
  async kill(): Promise<void> {
    this.#ending ??= this.#child.closed.then(() => undefined);
    this.#child.kill('SIGKILL');
    await this.#child.closed;
  }

  /** Asks the plugin to end its job; kills it where it has not once `job` settles or the time is over. */
  async cancel(job: Promise<unknown>): Promise<void> {
    const within = this.#spec.times.cancel;
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, within);
    const asked = this.connection.unary(this.wire.cancel, {}, { within }).then(
      ({ is_cancelled: ends }) => (ends ? Promise.race([job, late.promise]) : undefined),
      () => undefined, // whatever it answers: it is ended
    );
    await Promise.race([asked, late.promise]);
    clearTimeout(timer);
    await this.kill();
  }

  /** The error of a call that failed: how the process ended, where it did; otherwise what the plugin answered. */
  async blame(thrown: unknown): Promise<BulkheadError> {
    if (!isStatus(thrown)) return BulkheadError.from(thrown);
    const broken = ['UNAVAILABLE', 'CANCELLED', 'INTERNAL', 'UNKNOWN'].includes(statusName(thrown.code));
    if (broken && !(await this.#answers())) {
      const exit = await this.#endedWithin(endWithin);
      if (exit) return endingError(exit, this.log.words);
      await this.kill();
      return new BulkheadError('plugin-trapped', `the plugin's connection broke (${thrown.details}); it was ended`);
    }
    return new BulkheadError('plugin-failed', `the plugin answered ${statusName(thrown.code)}: ${thrown.details}`);
  }

  async #answers(): Promise<boolean> {
    if (this.#child.isOver) return false;
    return this.connection.isHealthy(endWithin).catch(() => false);
  }

  async #endedWithin(ms: number) {
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => late.resolve(undefined), ms);
    const exit = await Promise.race([this.#child.closed, late.promise]);
    clearTimeout(timer);
    return exit;
  }

  /** The first answer: it proves the connection and its certificates. */
  async #greet(): Promise<void> {
    const { handshake } = this.#spec.times;
    let why = 'its health service says that it does not serve';
    let cause: unknown;
    try {
      if (await this.connection.isHealthy(handshake)) return;
    } catch (error) {
      if (this.#child.isOver || (await this.#endedWithin(100))) throw await startEnded(this.#child, this.#spec.log);
      cause = error;
      why = `its health service does not answer: ${BulkheadError.from(error).message}`;
    }
    throw startFailure('not-healthy', why, { cause });
  }

  /** Its output has to be read, or it waits for its reader. */
  #subscribe(): void {
    const out = new Lines((line) => this.log.write('stdout', line));
    const errors = new Lines((line) => this.log.write('stderr', line));
    const stdio = this.connection.subscribe(this.wire.stdio, {});
    stdio.on('data', ({ channel, data }: { channel: number; data: Uint8Array }) => {
      if (channel === 1) out.write(data);
      if (channel === 2) errors.write(data);
    });
    // It ends with the process, or is not there in old plugins; neither is anybody's fault.
    stdio.on('error', () => undefined);
    stdio.once('status', () => {
      out.end();
      errors.end();
    });
  }

  async #end(): Promise<void> {
    const { shutdown, terminate } = this.#spec.times;
    if (!this.#child.isOver) {
      // The process may be gone before it has answered: only its end counts.
      void this.connection.unary(this.wire.shutdown, {}, { within: shutdown }).catch(() => undefined);
      if (!(await this.#endedWithin(shutdown))) this.#child.kill('SIGTERM');
      if (!(await this.#endedWithin(terminate))) this.#child.kill('SIGKILL');
    }
    await this.#child.closed;
  }
}

function connect(place: Handshake, { identity, largest }: ProcessSpec): Connection {
  try {
    return new Connection(place, identity, largest);
  } catch (cause) {
    throw startFailure('handshake-malformed', 'its handshake has no valid certificate in the sixth field', { cause });
  }
}

/** The first line that the process writes. Throws where it ends, or takes too long. */
async function handshakeLine(child: Child, { times, log }: ProcessSpec): Promise<string> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const said = log.words.lines.length === 0 ? '' : `; it last wrote: ${log.words.lines.join(' | ')}`;
    late.reject(startFailure('handshake-late', `it gave no handshake within ${times.handshake} ms${said}`));
  }, times.handshake);
  const ended = child.closed.then(() => undefined);
  try {
    const line = await Promise.race([child.firstLine, ended, late.promise]);
    if (line === undefined) throw await startEnded(child, log);
    return line;
  } finally {
    clearTimeout(timer);
  }
}

/** Why a process that ended before it served did so. */
async function startEnded(child: Child, { words }: ProcessLog): Promise<BulkheadError> {
  const exit = await child.closed;
  if (words.lines.some((line) => cookieWords.test(line)))
    return startFailure(
      'magic-cookie',
      `it wants another magic cookie than ${magicCookie.key}=${magicCookie.value}: set that in its HandshakeConfig`,
    );
  const cause = endingError(exit, words);
  return startFailure('ended', `it ended while it started: ${cause.message}`, {
    details: { ...cause.details, code: cause.code },
    cause,
  });
}
