/** The parts of the WebAssembly JavaScript API that only these tests use; `runtime/webassembly.d.ts` has the others. */

export interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}
export interface Table {
  readonly length: number;
  get(index: number): unknown;
  set(index: number, value: unknown): void;
}
export interface Global {
  value: unknown;
}

interface Engine {
  Memory: new (type: { initial: number; maximum?: number }) => Memory;
  Table: new (type: {
    initial: number | bigint;
    maximum?: number | bigint;
    element: string;
    address?: string;
  }) => Table;
  Global: new (type: { value: string; mutable: boolean }, value: unknown) => Global;
  Suspending: new (fn: (...args: never[]) => unknown) => object;
  promising(fn: unknown): (...args: unknown[]) => Promise<unknown>;
  validate(bytes: Uint8Array): boolean;
}

export const { Memory, Table, Global, Suspending, promising, validate } = WebAssembly as unknown as Engine;

/** What can be done with an instance's exports here. */
export type Exports = Record<string, unknown>;

export function instantiate(bytes: Uint8Array, imports: object): Exports {
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports;
}

export type Callable = (...args: unknown[]) => unknown;

/** An export that is a function. */
export function functionOf(exports: Exports, name: string): Callable {
  const found = exports[name];
  if (typeof found !== 'function') throw new Error(`no function ${name} is exported`);
  return found as Callable;
}
