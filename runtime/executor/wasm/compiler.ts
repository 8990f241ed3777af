/**
 * From a file's bytes to code that threads can instantiate: read, transpile, cache, compile.
 *
 * Reading and transpiling untrusted bytes happens in a thread of its own that can be ended: it keeps the
 * runtime's thread answering, and a component made to choke the transpiler chokes only that thread.
 */
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { BulkheadError, type ErrorWire } from '../../errors.ts';
import { ComponentCache, digestOf, type TranspiledComponent } from './cache.ts';
import type { ComponentFacts } from './component.ts';
import type { PluginCode } from './messages.ts';
import { glueFile, toolchain } from './toolchain.ts';

const entry = fileURLToPath(
  new URL(`./compile-task${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url),
);

/** How long reading and transpiling one component may take, in milliseconds. */
const compileDeadline = 60_000;

/** What the task answers; a refusal is an answer. */
export type CompileAnswer = { readonly component: TranspiledComponent } | { readonly refused: ErrorWire };

export interface CompiledComponent {
  readonly facts: ComponentFacts;
  readonly code: PluginCode;
}

export class Compiler {
  readonly #cache: ComponentCache;
  /** Started with the first component that is not in the cache; its thread ends when it is idle. */
  #pool: Piscina | undefined;

  constructor(cacheFolder: string) {
    this.#cache = new ComponentCache(cacheFolder);
  }

  /** Throws `plugin-refused` for what is not a component this host can serve. */
  async compile(bytes: Uint8Array): Promise<CompiledComponent> {
    const digest = digestOf(bytes);
    const { facts, files } = await this.#cache.get(digestOf(digest, toolchain), () => this.#transpile(bytes));
    const modules = new Map<string, WebAssembly.Module>();
    let glue = '';
    for (const [name, content] of files) {
      if (name === glueFile) glue = Buffer.from(content).toString('utf8');
      else if (name.endsWith('.wasm')) modules.set(name, await WebAssembly.compile(content));
    }
    return { facts, code: { digest, glue, modules } };
  }

  async close(): Promise<void> {
    await this.#pool?.destroy();
  }

  async #transpile(bytes: Uint8Array): Promise<TranspiledComponent> {
    this.#pool ??= new Piscina({ filename: entry, minThreads: 0, maxThreads: 1, idleTimeout: 5000, env: {} });
    const signal = AbortSignal.timeout(compileDeadline);
    let answer: CompileAnswer;
    try {
      answer = (await this.#pool.run(bytes, { signal })) as CompileAnswer;
    } catch (error) {
      const why = signal.aborted ? `within ${compileDeadline} ms` : `(${BulkheadError.from(error).message})`;
      throw new BulkheadError('plugin-refused', `the component could not be transpiled ${why}`, { cause: error });
    }
    if ('refused' in answer) throw BulkheadError.fromWire(answer.refused);
    return answer.component;
  }
}
