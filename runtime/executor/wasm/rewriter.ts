/**
 * The rewriting pass over core modules: ticks, caps, and what snapshots need. It runs in the compiler's thread.
 *
 * The pass is itself a component (`sdk-rust/meter`) and runs through the same transpiler as any plugin. It imports
 * nothing, so it has no authority, and a module made to crash it crashes an instance that is thrown away.
 */
import { readFile } from 'node:fs/promises';
import { compileFunction } from 'node:vm';
import { generate } from '@bytecodealliance/jco-transpile/component';

import { BulkheadError } from '../../errors.ts';
import type { ModuleReport } from './messages.ts';
import type { RewriteLimits } from './toolchain.ts';

/** What the pass answers; its WIT has more, for other hosts. */
interface Rewritten {
  readonly module: Uint8Array;
  readonly memories: readonly { readonly imported: boolean; readonly minimum: bigint }[];
  readonly tables: readonly {
    readonly imported: boolean;
    readonly minimum: bigint;
    readonly written: boolean;
  }[];
  readonly obstacles: readonly string[];
}

interface MeterExports {
  readonly metering: {
    rewrite(
      module: Uint8Array,
      limits: { memoryPages: bigint; tableElements: bigint; moduleBytes: bigint; gc: boolean },
    ): Rewritten;
  };
}

type Instantiate = (getModule: (name: string) => WebAssembly.Module, imports: Record<string, never>) => MeterExports;

/** A core module with its meter built in. */
export interface RewrittenModule {
  readonly bytes: Uint8Array;
  readonly report: ModuleReport;
}

/** What a thread needs to know. What a module imports is another module's to report. */
function reportOf({ memories, tables, obstacles }: Rewritten): ModuleReport {
  return {
    memories: memories.filter((memory) => !memory.imported).map(({ minimum }) => Number(minimum)),
    tables: tables.filter((table) => !table.imported).map(({ minimum }) => Number(minimum)),
    writesTables: tables.some((table) => table.written),
    obstacles,
  };
}

export class Rewriter {
  readonly #instantiate: Instantiate;
  readonly #modules: ReadonlyMap<string, WebAssembly.Module>;

  private constructor(instantiate: Instantiate, modules: ReadonlyMap<string, WebAssembly.Module>) {
    this.#instantiate = instantiate;
    this.#modules = modules;
  }

  /** Reads the pass's component. Throws `config-invalid` where it is missing. */
  static async open(path: string): Promise<Rewriter> {
    const component = await readFile(path).catch((error: unknown) => {
      throw new BulkheadError(
        'config-invalid',
        `the metering component ${path} cannot be read: run npm start, which builds it`,
        { cause: error },
      );
    });
    const { files } = generate(component, {
      name: 'meter',
      noTypescript: true,
      noNodejsCompat: true,
      compat: false,
      base64Cutoff: 0,
      instantiation: { tag: 'sync' },
    });
    const modules = new Map<string, WebAssembly.Module>();
    let glue = '';
    for (const [name, bytes] of files) {
      if (name.endsWith('.wasm')) modules.set(name, await WebAssembly.compile(bytes));
      else if (name === 'meter.js') glue = Buffer.from(bytes).toString('utf8');
    }
    const body = glue.replace(/^export (?=function instantiate\b|const _util\b)/gm, '');
    return new Rewriter(compileFunction(`${body}\nreturn instantiate;`)() as Instantiate, modules);
  }

  /** Rewrites one module, in an instance of its own. Throws `plugin-refused` for one that may not run here. */
  rewrite(name: string, module: Uint8Array, limits: RewriteLimits): RewrittenModule {
    const getModule = (file: string) => this.#modules.get(file) as WebAssembly.Module;
    const { metering } = this.#instantiate(getModule, {});
    try {
      const rewritten = metering.rewrite(module, {
        memoryPages: BigInt(limits.memoryPages),
        tableElements: BigInt(limits.tableElements),
        moduleBytes: BigInt(limits.moduleBytes),
        gc: false,
      });
      return { bytes: rewritten.module, report: reportOf(rewritten) };
    } catch (error) {
      const reason =
        error instanceof Error && 'payload' in error ? String(error.payload) : BulkheadError.from(error).message;
      throw new BulkheadError('plugin-refused', `its core module ${name} cannot be metered: ${reason}`, {
        cause: error,
      });
    }
  }
}
