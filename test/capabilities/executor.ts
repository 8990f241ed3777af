/** A test plugin under grants, in a real executor. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WasmExecutor } from '../../runtime/executor/wasm/wasm-executor.ts';
import type { Grants } from '../../runtime/model/grant.ts';
import { defaultLimits } from '../../runtime/model/limits.ts';
import { PluginUnderTest } from '../executor/plugin-under-test.ts';
import { testPlugin } from '../support/artifacts.ts';

export class GrantedPlugin {
  /** What the operator was told, with the job that it was for. */
  readonly lines: { readonly job: bigint | undefined; readonly message: string }[] = [];
  readonly #cache: string = mkdtempSync(join(tmpdir(), 'bulkhead-granted-'));
  readonly #executor: WasmExecutor;
  readonly #plugin: Promise<PluginUnderTest>;

  constructor(name: string, threads = 1) {
    this.#executor = new WasmExecutor({
      threads,
      cacheFolder: this.#cache,
      limits: defaultLimits,
      onLog: ({ lines, jobId }) => this.lines.push(...lines.map(({ message }) => ({ job: jobId, message }))),
      onFault: (what, error) => {
        throw new Error(what, { cause: error });
      },
    });
    this.#plugin = PluginUnderTest.admit(this.#executor, testPlugin(name));
  }

  /** A worker of the plugin: each call is a job, and answers what the plugin did. */
  async worker(grants: Grants, settings = ''): Promise<(args: string) => Promise<string>> {
    const under = await this.#plugin;
    const { plugin } = under;
    const instance = this.#executor.instance({ plugin, settings: Buffer.from(settings), grants, isolation: 'per-job' });
    return async (args) => {
      const outcome = await instance.run(under.call('run', args));
      if (!outcome.ok) throw new Error(`${outcome.error.code}: ${outcome.error.message}`);
      return Buffer.from(outcome.output).toString();
    };
  }

  async close(): Promise<void> {
    await this.#executor.close();
    rmSync(this.#cache, { recursive: true });
  }
}
