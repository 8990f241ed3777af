/** The host under attack: an executor of one thread with tight caps, a neighbour in it, and what plugins logged. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { AdmittedPlugin, InstanceSpec, PluginInstance } from '../../runtime/executor/executor.ts';
import type { LogMessage } from '../../runtime/executor/wasm/messages.ts';
import { WasmExecutor } from '../../runtime/executor/wasm/wasm-executor.ts';
import { noGrants } from '../../runtime/model/grant.ts';
import type { Limits } from '../../runtime/model/limits.ts';
import { PluginUnderTest } from '../executor/plugin-under-test.ts';
import { testPlugin } from '../support/artifacts.ts';
import { type Attack, hostilePlugin } from './attack.ts';
import { tightLimits } from './limits.ts';
import { Neighbour } from './neighbour.ts';

/** The longest that the neighbour may wait, in milliseconds: generous, because test machines are busy. */
const longestWait = 1_500;

export class HostUnderAttack {
  readonly executor: WasmExecutor;
  readonly neighbour: Neighbour;
  /** What plugins logged since the test began to look. */
  readonly logged: LogMessage[];
  readonly #cacheFolder: string;

  readonly #admitted = new Map<string, Promise<AdmittedPlugin>>();
  readonly #next: PluginUnderTest;

  private constructor(
    of: Pick<HostUnderAttack, 'executor' | 'neighbour' | 'logged'>,
    next: PluginUnderTest,
    cacheFolder: string,
  ) {
    this.executor = of.executor;
    this.neighbour = of.neighbour;
    this.logged = of.logged;
    this.#next = next;
    this.#cacheFolder = cacheFolder;
  }

  static async start(limits: Partial<Limits> = {}): Promise<HostUnderAttack> {
    const cacheFolder = mkdtempSync(join(tmpdir(), 'bulkhead-adversarial-'));
    const logged: LogMessage[] = [];
    const executor = new WasmExecutor({
      threads: 1,
      cacheFolder,
      limits: { ...tightLimits, ...limits },
      onLog: (message) => logged.push(message),
      onFault: (what, error) => {
        throw new Error(what, { cause: error });
      },
    });
    const next = await PluginUnderTest.admit(executor, testPlugin('echo'));
    return new HostUnderAttack({ executor, neighbour: await Neighbour.beside(executor), logged }, next, cacheFolder);
  }

  /** An instance of the attacker. */
  async instance({ plugin, settings = '' }: Attack, isolation: InstanceSpec['isolation']): Promise<PluginInstance> {
    const path = hostilePlugin(plugin);
    const admitted = this.#admitted.get(path) ?? this.executor.admit(path);
    this.#admitted.set(path, admitted);
    return this.executor.instance({
      plugin: await admitted,
      settings: Buffer.from(settings),
      grants: noGrants,
      isolation,
    });
  }

  async close(): Promise<void> {
    await this.neighbour.stop();
    await this.executor.close();
    rmSync(this.#cacheFolder, { recursive: true });
  }

  /** A case begins: what was before is not its doing. */
  async settle(): Promise<void> {
    await this.neighbour.report();
    this.logged.length = 0;
  }

  /** Whatever the attack was: the neighbour never noticed, and who comes next is served. */
  async expectUnharmed({ losesThread = false, longestMs = longestWait } = {}): Promise<void> {
    const report = await this.neighbour.report();
    expect(report.wrong).toEqual([]);
    expect(report.calls).toBeGreaterThan(0);
    expect(report.longestMs, 'the slowest call of the neighbour, in ms').toBeLessThan(longestMs);
    if (!losesThread) expect(report.restarts, 'threads lost').toBe(0);
    const instance = this.#next.instance('per-job');
    const served = await instance.run(this.#next.call('run', { text: 'who comes next' }));
    await instance.dispose();
    expect(served.ok ? this.#next.read('run', served.output) : served.error).toEqual({
      text: 'who comes next',
      calls: 1,
    });
  }
}
