/**
 * From a file's bytes to code that threads can instantiate: read, transpile, meter, cache, compile.
 *
 * Reading and transpiling untrusted bytes happens in a thread of its own that can be ended: it keeps the
 * runtime's thread answering, and a component made to choke the transpiler chokes only that thread.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { BulkheadError, type ErrorWire } from '../../errors.ts';
import type { Limits } from '../../model/limits.ts';
import { ComponentCache, digestOf, type TranspiledComponent } from './cache.ts';
import type { ComponentFacts } from './component.ts';
import type { CoreModule, PluginCode } from './messages.ts';
import { glueFile, largestModule, meterPath, mostTableElements, type RewriteLimits, toolchain } from './toolchain.ts';

const entry = fileURLToPath(
  new URL(`./compile-task${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url),
);

/** How long reading and transpiling one component may take, in milliseconds. */
const compileDeadline = 60_000;

/** What the task answers; a refusal is an answer. */
export type CompileAnswer = { readonly component: TranspiledComponent } | { readonly refused: ErrorWire };

/** What the task is given. */
export interface CompileRequest {
  readonly bytes: Uint8Array;
  /** The file of the rewriting pass. */
  readonly meter: string;
  readonly limits: RewriteLimits;
}

export interface CompiledComponent {
  readonly facts: ComponentFacts;
  readonly code: PluginCode;
}

const wasmPage = 65_536;

function readMeter(path: string): Promise<Uint8Array> {
  return readFile(path).catch((error: unknown) => {
    throw new BulkheadError('config-invalid', `the metering component ${path} cannot be read: npm start builds it`, {
      cause: error,
    });
  });
}

export class Compiler {
  readonly #cache: ComponentCache;
  readonly #limits: RewriteLimits;
  readonly #meter = meterPath();
  #meterDigest: Promise<string> | undefined;
  /** Started with the first component that is not in the cache; its thread ends when it is idle. */
  #pool: Piscina | undefined;

  constructor(cacheFolder: string, limits: Limits) {
    this.#cache = new ComponentCache(cacheFolder);
    this.#limits = {
      memoryPages: Math.floor(limits.memoryBytes / wasmPage),
      tableElements: mostTableElements,
      moduleBytes: largestModule,
    };
  }

  /** Throws `plugin-refused` for what is not a component this host can serve. `keep`: in the cache, for the next time. */
  async compile(bytes: Uint8Array, keep = true): Promise<CompiledComponent> {
    const digest = digestOf(bytes);
    this.#meterDigest ??= readMeter(this.#meter).then((meter) => digestOf(meter));
    const key = digestOf(digest, await this.#meterDigest, toolchain, JSON.stringify(this.#limits));
    const { facts, reports, files } = await this.#cache.get(key, () => this.#transpile(bytes), keep);
    const modules = new Map<string, CoreModule>();
    let glue = '';
    for (const [name, content] of files) {
      if (name === glueFile) glue = Buffer.from(content).toString('utf8');
      const report = reports[name];
      if (report) modules.set(name, { module: await WebAssembly.compile(content), report });
    }
    return { facts, code: { digest, glue, modules } };
  }

  async close(): Promise<void> {
    await this.#pool?.destroy();
  }

  async #transpile(bytes: Uint8Array): Promise<TranspiledComponent> {
    this.#pool ??= new Piscina({ filename: entry, minThreads: 0, maxThreads: 1, idleTimeout: 5000, env: {} });
    const request: CompileRequest = { bytes, meter: this.#meter, limits: this.#limits };
    const signal = AbortSignal.timeout(compileDeadline);
    let answer: CompileAnswer;
    try {
      answer = (await this.#pool.run(request, { signal })) as CompileAnswer;
    } catch (error) {
      const why = signal.aborted ? `within ${compileDeadline} ms` : `(${BulkheadError.from(error).message})`;
      throw new BulkheadError('plugin-refused', `the component could not be transpiled ${why}`, { cause: error });
    }
    if ('refused' in answer) throw BulkheadError.fromWire(answer.refused);
    return answer.component;
  }
}
