/**
 * Runs a file of the specification's test suite twice at once, as it is and metered, and compares what each
 * command does. What V8 does with the file as it is, is the measure; what the file expects is not looked at.
 */
import { createHash } from 'node:crypto';
import { type Callable, type Exports, functionOf, Global, instantiate, Memory, Table, validate } from './engine.ts';
import { generous, meter } from './host.ts';
import { type Rewrite, wide } from './rewriter.ts';

type Argument = [kind: string, value: string | number];
interface Action {
  of: string | null;
  field: string;
  arguments?: Argument[];
  caller?: string;
}
type Command = { line: number } & (
  | { kind: 'module' | 'definition' | 'invalid'; name: string | null; module: string }
  | { kind: 'instance'; name: string | null; of: string | null }
  | { kind: 'register'; as: string; name: string | null }
  | { kind: 'act'; action: Action }
  | { kind: 'get'; of: string | null; field: string }
);

export interface Tally {
  /** Commands and exported items that do the same. */
  compared: number;
  /** Of these, calls that returned, and calls that trapped or threw. */
  returned: number;
  failed: number;
  modules: number;
  /** Modules that V8 itself refuses. */
  skipped: number;
  /** Invalid modules that stay invalid. */
  invalid: number;
  /** Modules that the rewriter refuses and V8 does not, with the reason. */
  refused: string[];
  differences: string[];
}

export function tally(): Tally {
  return { compared: 0, returned: 0, failed: 0, modules: 0, skipped: 0, invalid: 0, refused: [], differences: [] };
}

const decode = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));

class Hosts {
  readonly #byNumber = new Map<number, object>();

  get(number: number): object {
    const known = this.#byNumber.get(number) ?? { host: number };
    this.#byNumber.set(number, known);
    return known;
  }
}

function fromArgument([kind, value]: Argument, hosts: Hosts): unknown {
  const view = new DataView(new ArrayBuffer(8));
  switch (kind) {
    case 'i32':
      return Number(value);
    case 'i64':
      return BigInt(value);
    case 'f32':
      view.setUint32(0, Number(value));
      return view.getFloat32(0);
    case 'f64':
      view.setBigUint64(0, BigInt(value));
      return view.getFloat64(0);
    case 'host':
      return hosts.get(Number(value));
    default:
      return null;
  }
}

/** A value in words; what cannot be compared between two instances is named by its kind only. */
function describeValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(describeValue).join(', ')}]`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) return 'host' in value ? `host ${value.host}` : 'an object';
  return Object.is(value, -0) ? '-0' : `${typeof value} ${String(value)}`;
}

export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return `threw ${Object.prototype.toString.call(error)}`;
  // Which of two maximums does not fit is not the same when both were lowered.
  if (error instanceof WebAssembly.LinkError) return 'LinkError';
  // Offsets differ, and so do the numbers of functions.
  return `${error.constructor.name}: ${error.message.replace(/ \(at .*| @\+\d+.*/, '').replace(/function #\d+/, 'function')}`;
}

export function outcome(act: () => unknown): string {
  try {
    return describeValue(act());
  } catch (error) {
    return describeError(error);
  }
}

function spectest(): Record<string, unknown> {
  const prints = ['print', 'print_i32', 'print_i64', 'print_f32', 'print_f64', 'print_i32_f32', 'print_f64_f64'];
  return {
    ...Object.fromEntries(prints.map((name) => [name, () => {}])),
    global_i32: new Global({ value: 'i32', mutable: false }, 666),
    global_i64: new Global({ value: 'i64', mutable: false }, 666n),
    global_f32: new Global({ value: 'f32', mutable: false }, 666.6),
    global_f64: new Global({ value: 'f64', mutable: false }, 666.6),
    table: new Table({ initial: 10, maximum: 20, element: 'anyfunc' }),
    table64: new Table({ initial: 10n, maximum: 20n, element: 'anyfunc', address: 'i64' }),
    memory: new Memory({ initial: 1, maximum: 2 }),
  };
}

/** One of the two worlds that a file is run in. */
class World {
  readonly #registered: Record<string, unknown> = { spectest: spectest() };
  readonly #definitions = new Map<string | null, Uint8Array>();
  readonly #instances = new Map<string | null, Exports>();
  readonly #all: Exports[] = [];
  readonly #bytes = new Map<Exports, Uint8Array>();
  readonly #hosts = new Hosts();
  readonly #prepare: (bytes: Uint8Array) => Uint8Array;

  constructor(prepare: (bytes: Uint8Array) => Uint8Array) {
    this.#prepare = prepare;
  }

  run(command: Command): string {
    return outcome(() => {
      switch (command.kind) {
        case 'module':
          return this.#instantiate(command.name, decode(command.module));
        case 'definition':
          this.#definitions.set(command.name, decode(command.module)).set(null, decode(command.module));
          return 'defined';
        case 'instance':
          return this.#instantiate(command.name, this.#definitions.get(command.of) ?? new Uint8Array());
        case 'register':
          this.#registered[command.as] = this.#instances.get(command.name) ?? {};
          return 'registered';
        case 'act':
          return this.#act(command.action);
        case 'get': {
          const exported = this.#instances.get(command.of)?.[command.field] as Global;
          return exported.value;
        }
        case 'invalid':
          return 'not run';
      }
    });
  }

  #instantiate(name: string | null, bytes: Uint8Array): string {
    const exports = instantiate(this.#prepare(bytes), { ...this.#registered, [meter]: generous() });
    this.#instances.set(name, exports).set(null, exports);
    this.#all.push(exports);
    this.#bytes.set(exports, bytes);
    return 'instantiated';
  }

  /** Where the stack runs out inside of `refill`, the instance is ended: after that, both ways go on with a new one. */
  #act(action: Action): unknown {
    const instance = this.#instances.get(action.of) ?? {};
    try {
      return this.#call(action, functionOf(instance, action.field));
    } catch (error) {
      const bytes = this.#bytes.get(instance);
      if (error instanceof RangeError && bytes) this.#instantiate(action.of, bytes);
      throw error;
    }
  }

  #call(action: Action, called: Callable): unknown {
    if (action.caller === undefined) {
      return called(...(action.arguments ?? []).map((argument) => fromArgument(argument, this.#hosts)));
    }
    const caller = instantiate(decode(action.caller), { test: { function: called } });
    functionOf(caller, 'run')();
    return createHash('sha256')
      .update(new Uint8Array((caller['memory'] as Memory).buffer, 0, 1024))
      .digest('hex');
  }

  /** The state of everything that is exported. */
  state(): string[] {
    return this.#all.flatMap((exports, index) => stateOf(exports).map((line) => `instance ${index}: ${line}`));
  }
}

/** The memories, globals and tables that a module itself exports. */
export function stateOf(exports: Exports): string[] {
  const added = /^bulkhead:(ticks|memory:|global:|read:|write:|table:)/;
  const own = Object.entries(exports).filter(([name]) => !added.test(name));
  return own.map(([name, value]) => `${name}: ${outcome(() => stateOfExport(value))}`);
}

function stateOfExport(value: unknown): unknown {
  if (value instanceof Memory) return createHash('sha256').update(new Uint8Array(value.buffer)).digest('hex');
  if (value instanceof Global) return value.value;
  if (value instanceof Table) {
    const length = Number(value.length);
    return `${length}: ${Array.from({ length: Math.min(length, 64) }, (_, index) => outcome(() => value.get(index))).join(' ')}`;
  }
  return typeof value;
}

class Refused extends Error {}

export function runScript(name: string, commands: Command[], rewrite: Rewrite, to: Tally): void {
  const plain = new World((bytes) => bytes);
  const metered = new World((bytes) => {
    try {
      return rewrite(bytes, wide).module;
    } catch (error) {
      throw new Refused(String((error as { payload?: unknown }).payload ?? error));
    }
  });
  for (const command of commands) {
    const at = `${name}:${command.line} (${command.kind})`;
    if (command.kind === 'invalid') {
      compareInvalid(at, decode(command.module), rewrite, to);
      continue;
    }
    const expected = plain.run(command);
    if (/^CompileError/.test(expected)) {
      to.skipped += 1;
      continue;
    }
    const got = metered.run(command);
    if (got.startsWith('Refused')) {
      to.refused.push(`${at} ${got}`);
      return;
    }
    if (got === expected && /^Error: no function/.test(got)) continue;
    to.compared += 1;
    if (command.kind === 'act') to[/Error: |^threw /.test(expected) ? 'failed' : 'returned'] += 1;
    if (command.kind === 'module' || command.kind === 'instance') to.modules += 1;
    if (got !== expected) to.differences.push(`${at}: ${expected} became ${got}`);
  }
  const [expected, got] = [plain.state(), metered.state()];
  to.compared += expected.length;
  expected.forEach((line, index) => {
    if (got[index] !== line) to.differences.push(`${name} at the end, ${line} became ${got[index]}`);
  });
}

/**
 * What V8 refuses must not become valid by being rewritten. One exception: the integers of a memory's type may have
 * more bytes than they need, which wasmparser takes, and which comes out as it should be.
 */
function compareInvalid(at: string, bytes: Uint8Array, rewrite: Rewrite, to: Tally): void {
  if (validate(bytes)) return;
  to.invalid += 1;
  let module: Uint8Array;
  try {
    ({ module } = rewrite(bytes, wide));
  } catch {
    return;
  }
  const reason = outcome(() => new WebAssembly.Module(bytes));
  if (validate(module) && !/length overflow while decoding (initial|maximum) size/.test(reason)) {
    to.differences.push(`${at}: an invalid module became valid: ${reason}`);
  }
}
