/** The resource `fields` of wasi:http: what it takes is what may go on the wire, byte for byte. */
import { overLimit } from '../errors.ts';
import { type InstanceContext, type Io, WitError } from './capability.ts';

/** What a field takes of memory beside its bytes. */
const entryBytes = 64;

/** Fields that are about the connection, which is the host's, or say what the host says itself. */
const forbidden: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** A method or a field's name. */
export const token = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;

/** No line ends, no NUL: nothing that would begin a field of its own. A value may be long, and nobody else runs. */
function isFieldValue(value: Uint8Array): boolean {
  const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1');
  return !/[^\t\x20-\x7e\x80-\xff]/.test(text);
}

export type FieldEntry = readonly [name: string, value: Uint8Array];

/** Bytes on the wire. */
export function sizeOf(entries: readonly FieldEntry[]): number {
  return entries.reduce((sum, [name, value]) => sum + name.length + value.byteLength + 4, 0);
}

/** The raw headers of Node, names and values in turn, as entries. */
export function entriesOf(raw: readonly string[]): FieldEntry[] {
  const entries: FieldEntry[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    entries.push([raw[at] ?? '', Buffer.from(raw[at + 1] ?? '', 'latin1')]);
  }
  return entries;
}

/** Fields, and the host's memory that they take on the instance's account. */
export class FieldList {
  readonly #charge: (bytes: number) => () => void;
  #entries: FieldEntry[] = [];
  #giveBack: (() => void)[] = [];

  constructor(charge: (bytes: number) => () => void, entries: readonly FieldEntry[] = []) {
    this.#charge = charge;
    for (const [name, value] of entries) this.append(name, value);
  }

  get entries(): readonly FieldEntry[] {
    return this.#entries;
  }
  get(name: string): Uint8Array[] {
    return this.#entries.filter(([each]) => each.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
  }
  append(name: string, value: Uint8Array): void {
    this.#giveBack.push(this.#charge(entryBytes + name.length + value.byteLength));
    this.#entries.push([name, value]);
  }
  delete(name: string): void {
    const kept = this.#entries.filter(([each]) => each.toLowerCase() !== name.toLowerCase());
    if (kept.length === this.#entries.length) return;
    this.free();
    for (const [each, value] of kept) this.append(each, value);
  }
  /** Forgets all. */
  free(): void {
    for (const giveBack of this.#giveBack) giveBack();
    this.#giveBack = [];
    this.#entries = [];
  }
}

const fail = (tag: 'invalid-syntax' | 'forbidden' | 'immutable') => new WitError({ tag });

function checkName(name: string): void {
  if (!token.test(name)) throw fail('invalid-syntax');
  if (forbidden.has(name.toLowerCase())) throw fail('forbidden');
}

function checkValue(value: Uint8Array): void {
  if (!isFieldValue(value)) throw fail('invalid-syntax');
}

/** The class of one instance. */
export type FieldsClass = ReturnType<typeof createFields>;

export function createFields(context: InstanceContext, io: Io) {
  const charge = (bytes: number): (() => void) => {
    const { bufferBytes } = context.limits;
    const held = io.reserve(bytes);
    return (
      held ??
      context.fail(overLimit('limit-memory', 'bufferBytes', bufferBytes, 'the plugin holds too many HTTP fields'))
    );
  };

  return class Fields extends io.Resource {
    readonly list: FieldList;
    readonly #isMutable: boolean;
    /** Whose list it is: a child's belongs to its parent. */
    readonly #isOwner: boolean;

    /** A guest constructs it without arguments; the host hands out children, which are immutable. */
    constructor(list?: FieldList) {
      super();
      this.list = list ?? new FieldList(charge);
      this.#isMutable = list === undefined;
      this.#isOwner = list === undefined;
    }

    /** A list of the host's own making. */
    static listOf(entries: readonly FieldEntry[]): FieldList {
      return new FieldList(charge, entries);
    }
    static fromList(entries: readonly FieldEntry[]): Fields {
      // Before they are looked at: what is too much anyway takes no time.
      charge(sizeOf(entries))();
      for (const [name, value] of entries) {
        checkName(name);
        checkValue(value);
      }
      const fields = new Fields();
      for (const [name, value] of entries) fields.list.append(name, value);
      return fields;
    }

    get(name: string): Uint8Array[] {
      return this.list.get(name);
    }
    has(name: string): boolean {
      return this.list.get(name).length > 0;
    }
    set(name: string, values: readonly Uint8Array[]): void {
      this.#checkChange(name);
      values.forEach(checkValue);
      this.list.delete(name);
      for (const value of values) this.list.append(name, value);
    }
    delete(name: string): void {
      this.#checkChange(name);
      this.list.delete(name);
    }
    append(name: string, value: Uint8Array): void {
      this.#checkChange(name);
      checkValue(value);
      this.list.append(name, value);
    }
    entries(): FieldEntry[] {
      return [...this.list.entries];
    }
    clone(): Fields {
      const copy = new Fields();
      for (const [name, value] of this.list.entries) copy.list.append(name, value);
      return copy;
    }
    /** The handle is used up by the host; the list goes on. */
    take(): FieldList {
      super[Symbol.dispose]();
      return this.list;
    }
    override [Symbol.dispose](): void {
      if (this.#isOwner) this.list.free();
      super[Symbol.dispose]();
    }

    #checkChange(name: string): void {
      if (!this.#isMutable) throw fail('immutable');
      checkName(name);
    }
  };
}
