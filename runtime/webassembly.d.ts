/**
 * The parts of the WebAssembly JavaScript API that Bulkhead uses. TypeScript has them in `lib.dom` only, and
 * the DOM's names have no place on a server; `Suspending` and `promising` (JSPI) it has not at all.
 */
declare namespace WebAssembly {
  class Module {
    private readonly brand: 'module';
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports?: object);
    readonly exports: Record<string, unknown>;
  }
  class Memory {
    /** Both in pages of 64 KiB. */
    constructor(descriptor: { initial: number; maximum?: number });
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  class RuntimeError extends Error {}
  class CompileError extends Error {}
  class LinkError extends Error {}
  interface SuspendingConstructor {
    new (fn: (...args: never[]) => unknown): object;
  }
  let Suspending: SuspendingConstructor;
  function compile(bytes: Uint8Array): Promise<Module>;
}
