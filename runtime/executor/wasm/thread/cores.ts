/**
 * The core instances of one guest: instantiated with the meter's imports, and put back to a snapshot between jobs.
 *
 * The rewriter exports under reserved names what makes up a module's state: memories, mutable globals, tables.
 * What it cannot export it reports as an obstacle, and such a component is never reset.
 */
import { BulkheadError } from '../../../errors.ts';
import type { ModuleReport } from '../messages.ts';
import { MemoryImage } from './memory-image.ts';
import type { Meter } from './meter.ts';

const meterModule = 'bulkhead:meter';
/** What functions are called that read the bits of a floating-point global. */
const readBits = 'bulkhead:read:';
const wasmPage = 65_536;
/** What an element of a table takes in V8, in bytes. */
const tableElement = 32;

type ExportObject = Record<string, unknown>;

interface Global {
  value: unknown;
}
/** A floating-point global, as bits: JavaScript may change a NaN's when it takes it for a number. */
class Bits implements Global {
  readonly #read: () => unknown;
  readonly #write: (bits: unknown) => void;

  constructor(read: () => unknown, write: (bits: unknown) => void) {
    this.#read = read;
    this.#write = write;
  }

  get value(): unknown {
    return this.#read();
  }

  set value(bits: unknown) {
    this.#write(bits);
  }
}

interface Table {
  readonly length: number;
  get(index: number): unknown;
  set(index: number, value: unknown): void;
}

export class Cores {
  readonly #meter: Meter;
  readonly #reports: ReadonlyMap<WebAssembly.Module, ModuleReport>;
  /** Some module can write tables; any module may be given another's. */
  readonly #writesTables: boolean;
  readonly #memories: WebAssembly.Memory[] = [];
  readonly #globals: Global[] = [];
  readonly #tables: Table[] = [];
  #images: readonly MemoryImage[] | undefined;
  #values: readonly unknown[] = [];
  #elements: readonly (readonly unknown[])[] = [];
  #bytes = 0;

  constructor(meter: Meter, reports: ReadonlyMap<WebAssembly.Module, ModuleReport>) {
    this.#meter = meter;
    this.#reports = reports;
    this.#writesTables = [...reports.values()].some((report) => report.writesTables);
  }

  /** jco's hook: makes one core instance. */
  readonly instantiate = (
    module: WebAssembly.Module,
    imports: Record<string, unknown> = {},
  ): { exports: ExportObject } => {
    const report = this.#reports.get(module);
    if (!report) throw new BulkheadError('internal', 'a core module was not rewritten');
    this.#meter.addBytes(report.memories.reduce((sum, pages) => sum + pages * wasmPage, 0));
    this.#meter.addBytes(report.tables.reduce((sum, elements) => sum + elements * tableElement, 0));
    const { imports: meter, account } = this.#meter.open();
    const { exports } = this.#meter.plainly(
      () => new WebAssembly.Instance(module, { ...imports, [meterModule]: meter }),
    );
    account.left = exports['bulkhead:ticks'] as Global;
    this.#collect(exports);
    return { exports: this.#plainCalls(exports) };
  };

  /** Keeps the state at hand; {@link reset} goes back to it. */
  capture(): void {
    this.#images = this.#memories.map((memory) => new MemoryImage(memory));
    this.#values = this.#globals.map((global) => global.value);
    this.#elements = this.#tables.map((table) => Array.from({ length: table.length }, (_, index) => table.get(index)));
    this.#bytes = this.#meter.bytes;
  }

  /** Puts the state back. False where that is impossible, because a memory or table grew: they never shrink. */
  reset(): boolean {
    const grown =
      this.#images?.some((image) => image.isOutgrown) ||
      this.#tables.some((table, index) => table.length !== this.#elements[index]?.length);
    if (!this.#images || grown) return false;
    for (const image of this.#images) image.restore();
    this.#values.forEach((value, index) => {
      (this.#globals[index] as Global).value = value;
    });
    this.#elements.forEach((elements, index) => {
      const table = this.#tables[index] as Table;
      elements.forEach((element, at) => {
        if (table.get(at) !== element) table.set(at, element);
      });
    });
    this.#meter.resetBytes(this.#bytes);
    return true;
  }

  #collect(exports: ExportObject): void {
    for (const [name, value] of Object.entries(exports)) {
      if (name.startsWith('bulkhead:memory:')) this.#memories.push(value as WebAssembly.Memory);
      else if (name.startsWith('bulkhead:global:')) this.#globals.push(value as Global);
      else if (name.startsWith(readBits)) {
        const write = exports[`bulkhead:write:${name.slice(readBits.length)}`];
        this.#globals.push(new Bits(value as () => unknown, write as (bits: unknown) => void));
      } else if (this.#writesTables && name.startsWith('bulkhead:table:')) this.#tables.push(value as Table);
    }
  }

  /** The exports, those wrapped that the glue calls from JavaScript and not through `promising`. */
  #plainCalls(exports: ExportObject): ExportObject {
    const wrapped: ExportObject = {};
    for (const [name, value] of Object.entries(exports)) {
      const isPlain = name === 'cabi_realloc' || name.startsWith('cabi_post_');
      wrapped[name] =
        isPlain && typeof value === 'function'
          ? (...args: unknown[]) => this.#meter.plainly(() => value(...args))
          : value;
    }
    return wrapped;
  }
}
