/** A network plugin in this thread, with grants, limits and a resolver of the test's choosing. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InstanceContext } from '../../runtime/capabilities/capability.ts';
import { BulkheadError } from '../../runtime/errors.ts';
import { Compiler } from '../../runtime/executor/wasm/compiler.ts';
import { addPlugin } from '../../runtime/executor/wasm/thread/code.ts';
import { Guest } from '../../runtime/executor/wasm/thread/guest.ts';
import type { Grants } from '../../runtime/model/grant.ts';
import { defaultLimits, type Limits } from '../../runtime/model/limits.ts';
import { testPlugin } from '../support/artifacts.ts';

export interface GuestOptions {
  readonly grants: Grants;
  readonly limits?: Partial<Limits>;
  readonly resolver?: InstanceContext['resolver'];
}

/** What a job answered, and what it left behind. */
export interface Ran {
  readonly said: string;
  /** Lines of the sandbox for the operator. */
  readonly refusals: readonly string[];
  /** Handles that it held after the job. */
  readonly handles: number;
}

/** A job under way. */
export interface Running {
  readonly done: Promise<Ran>;
  end(): void;
}

/** An instance that jobs use one after the other. */
export interface Kept {
  run(args: string): Promise<string>;
  /** What the end of a job does. False: the instance holds what cannot be put back. */
  reset(): boolean;
  dispose(): void;
}

export class NetworkPlugin {
  readonly #digest: string;

  private constructor(digest: string) {
    this.#digest = digest;
  }

  static async compile(name: 'http' | 'tcp' | 'udp'): Promise<NetworkPlugin> {
    const folder = mkdtempSync(join(tmpdir(), 'bulkhead-net-'));
    const compiler = new Compiler(folder, defaultLimits);
    const { code } = await compiler.compile(readFileSync(testPlugin(`net/${name}`)));
    await compiler.close();
    rmSync(folder, { recursive: true });
    addPlugin(code);
    return new NetworkPlugin(code.digest);
  }

  async run(args: string, options: GuestOptions): Promise<Ran> {
    return (await this.start(args, options)).done;
  }

  /** Begins a job on an instance of its own, which is disposed after it. */
  async start(args: string, options: GuestOptions): Promise<Running> {
    const { guest, refusals } = await this.#load(options);
    const call = async (): Promise<Ran> => {
      try {
        const said = await job(guest, args);
        return { said, refusals, handles: guest.handles };
      } finally {
        guest.dispose();
      }
    };
    return { done: call(), end: () => guest.end(new BulkheadError('cancelled', 'the test ended it')) };
  }

  /** An instance for one job after the other, whose state after `load()` and the jobs of `before` is kept. */
  async keep(options: GuestOptions, before: readonly string[] = []): Promise<Kept> {
    const { guest } = await this.#load(options);
    for (const args of before) await job(guest, args);
    guest.capture();
    return {
      run: (args) => job(guest, args),
      reset: () => guest.reset(),
      dispose: () => guest.dispose(),
    };
  }

  async #load({ grants, limits, resolver }: GuestOptions): Promise<{ guest: Guest; refusals: string[] }> {
    const refusals: string[] = [];
    const guest = new Guest(
      { digest: this.#digest, limits: { ...defaultLimits, ...limits }, grants, resolver },
      (lines) => refusals.push(...lines.filter(({ target }) => target === 'sandbox').map(({ message }) => message)),
    );
    await guest.call((exports) => exports.load(new Uint8Array()));
    return { guest, refusals };
  }
}

async function job(guest: Guest, args: string): Promise<string> {
  guest.setJob({ jobId: 1n, workerName: 'tester', attempt: 1 });
  const [result] = await guest.call((exports) => exports.run(Buffer.from(args), [], undefined));
  if (result.tag === 'err') throw new Error(result.val.message);
  guest.setJob(undefined);
  return Buffer.from(result.val).toString();
}

/** Waits until it holds. Throws where it does not within two seconds. */
export async function eventually(what: string, holds: () => boolean): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`not within two seconds: ${what}`);
}
