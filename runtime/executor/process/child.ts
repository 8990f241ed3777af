/**
 * One child: a process group of its own, with its own folder and nothing of the host but three descriptors (no input, two
 * pipes). Whatever happens, the group is killed, the child is waited for, and the folder goes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BulkheadError } from '../../errors.ts';
import type { Exit } from './ending.ts';
import { Lines } from './lines.ts';
import { startFailure } from './start-failure.ts';

/** How long the pipes of an ended process may stay open, held by one that left its group; milliseconds. */
const pipesWithin = 500;
/** A program that was just written may still be open for writing in another child that is being started. */
const busyTries = 10;
const busyWaitMs = 20;

export interface ChildSpec {
  readonly program: string;
  /** The folder that the child's own is made in. */
  readonly parentFolder: string;
  /** Its environment, which may name its folder. */
  environment(folder: string): Record<string, string>;
  /** Told of its process id when it lives, and again when it does not. */
  onLife(pid: number, lives: boolean): void;
  /** Takes what it writes. */
  onLine(target: 'stdout' | 'stderr', line: string): void;
}

export class Child {
  readonly folder: string;
  /** The first line on its output; never settles where there is none. */
  readonly firstLine: Promise<string>;
  /** When it ended and all that it wrote was read; its folder is gone then. Never rejects. */
  readonly closed: Promise<Exit>;
  readonly #process: ChildProcess;
  #isOver = false;

  /** Starts one. Throws why the system would not. */
  static async start(spec: ChildSpec): Promise<Child> {
    const folder = await mkdtemp(join(spec.parentFolder, 'p'));
    try {
      return new Child(spec, folder, await spawned(spec, folder));
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  private constructor({ onLine, onLife }: ChildSpec, folder: string, process: ChildProcess) {
    this.folder = folder;
    this.#process = process;
    const first = Promise.withResolvers<string>();
    this.firstLine = first.promise;
    let isFirst = true;
    const out = new Lines((line) => {
      if (!isFirst) return onLine('stdout', line);
      isFirst = false;
      first.resolve(line);
    });
    const errors = new Lines((line) => onLine('stderr', line));
    process.stdout?.on('data', (bytes: Buffer) => out.write(bytes)).once('close', () => out.end());
    process.stderr?.on('data', (bytes: Buffer) => errors.write(bytes)).once('close', () => errors.end());
    onLife(this.pid, true);
    this.closed = this.#ended(onLife);
  }

  /** It has ended, or is about to have. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  /** Signals the whole group. */
  kill(signal: NodeJS.Signals): void {
    if (!this.#isOver) killGroup(this.pid, signal);
  }

  async #ended(onLife: ChildSpec['onLife']): Promise<Exit> {
    const closed = new Promise<void>((resolve) => this.#process.once('close', () => resolve()));
    const exit = await new Promise<Exit>((resolve) => {
      this.#process.once('exit', (code, signal) => resolve({ code, signal }));
    });
    this.#isOver = true;
    killGroup(this.pid, 'SIGKILL'); // what it started
    onLife(this.pid, false);
    const late = setTimeout(() => {
      this.#process.stdout?.destroy();
      this.#process.stderr?.destroy();
    }, pipesWithin);
    await closed;
    clearTimeout(late);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
    return exit;
  }
}

/** Signals a process group by its leader. */
export function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch (error) {
    // Nobody is left in the group.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

async function spawned({ program, environment }: ChildSpec, folder: string): Promise<ChildProcess> {
  for (let left = busyTries; ; left--) {
    try {
      const child = spawn(program, [], {
        cwd: folder,
        env: environment(folder),
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
      return child;
    } catch (cause) {
      if (left > 0 && cause instanceof Error && 'code' in cause && cause.code === 'ETXTBSY') await sleep(busyWaitMs);
      else throw startFailure('spawn', `it cannot be started: ${BulkheadError.from(cause).message}`, { cause });
    }
  }
}
