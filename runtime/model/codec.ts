/**
 * Codecs between Protocol Buffers bytes and plain objects of the generated message types.
 *
 * Made because protobufjs' own codecs give `Long` objects and prototypes with defaults: here int64 is
 * `bigint`, every field that always has a value is an own property, and a field that was not sent is
 * absent. Unknown fields are dropped, nesting is bounded, strings have to be UTF-8. Decoded bytes are
 * views of the received buffer, not copies.
 */
import protobuf from 'protobufjs';
import { type Scalar, scalars, type WireReader } from './scalars.ts';

/** Both directions for one message. The functions need no `this`. */
export interface Codec<T> {
  encode(message: T): Buffer;
  /** Throws an Error whose text says what is wrong with the bytes. */
  decode(bytes: Uint8Array): T;
}

type Fields = Record<string, unknown>;

/** How deep messages may be nested. */
const maxDepth = 100;

interface Plan {
  /** What a message without any bytes decodes to. Copied, never changed. */
  readonly blank: Fields;
  readonly fields: FieldPlan[];
  readonly byId: Map<number, FieldPlan>;
}

interface FieldPlan {
  readonly name: string;
  readonly tag: number;
  readonly wireType: number;
  readonly packable: boolean;
  read(reader: WireReader, into: Fields, wireType: number, depth: number): void;
  write(writer: protobuf.Writer, value: unknown): void;
}

/** What is inside a field, whether or not it is repeated. */
interface Element {
  readonly wireType: number;
  readonly fallback: unknown;
  read(reader: WireReader, depth: number): unknown;
  write(writer: protobuf.Writer, value: unknown): void;
  isDefault(value: unknown): boolean;
}

/** Makes codecs from protobufjs types and keeps them. */
export class CodecBook {
  readonly #plans = new Map<protobuf.Type, Plan>();

  /** The caller vouches that `T` is the generated type of `type`. */
  of<T>(type: protobuf.Type): Codec<T> {
    type.root.resolveAll(); // without it, protobufjs does not know which fields can be absent
    const plan = this.#plan(type);
    return {
      encode: (message) => {
        const writer = protobuf.Writer.create();
        writeMessage(plan, writer, message as Fields);
        return writer.finish() as Buffer;
      },
      decode: (bytes) => {
        const reader = protobuf.Reader.create(bytes) as WireReader;
        return readMessage(plan, reader, reader.len, 0) as T;
      },
    };
  }

  #plan(type: protobuf.Type): Plan {
    const known = this.#plans.get(type);
    if (known) return known;
    const plan: Plan = { blank: {}, fields: [], byId: new Map() };
    this.#plans.set(type, plan); // before its fields: a message may contain itself
    for (const field of [...type.fieldsArray].sort((a, b) => a.id - b.id)) {
      field.resolve();
      const made = this.#field(field, plan);
      plan.fields.push(made);
      plan.byId.set(field.id, made);
    }
    return plan;
  }

  #field(field: protobuf.Field, plan: Plan): FieldPlan {
    const value = this.#element(field);
    if (field instanceof protobuf.MapField) {
      plan.blank[field.name] = Object.freeze({});
      return mapField(field, scalar(field.keyType), value);
    }
    if (field.repeated) {
      plan.blank[field.name] = Object.freeze([]);
      return repeatedField(field, value);
    }
    const optional = hasPresence(field);
    if (!optional) plan.blank[field.name] = value.fallback;
    return singleField(field, value, optional);
  }

  #element(field: protobuf.Field): Element {
    const resolved = field.resolvedType;
    if (resolved instanceof protobuf.Enum) return scalar('int32');
    if (resolved === null) return scalar(field.type);
    const plan = this.#plan(resolved);
    return {
      wireType: 2,
      fallback: undefined,
      read: (reader, depth) => readMessage(plan, reader, reader.uint32() + reader.pos, depth + 1),
      write: (writer, value) => {
        writeMessage(plan, writer.fork(), value as Fields);
        writer.ldelim();
      },
      isDefault: () => false,
    };
  }
}

/** Whether a field can be absent: messages, proto3 `optional`, oneofs, and singular fields of proto2. */
export function hasPresence(field: protobuf.Field): boolean {
  return Boolean(field.hasPresence) || (!field.repeated && !field.map && field.resolvedType instanceof protobuf.Type);
}

function scalar(type: string): Element {
  const found: Scalar | undefined = scalars[type];
  if (!found) throw new TypeError(`no codec for fields of type ${type}`);
  return found;
}

function singleField(field: protobuf.Field, element: Element, optional: boolean): FieldPlan {
  const { name } = field;
  const tag = (field.id << 3) | element.wireType;
  const rivals = field.partOf?.oneof.filter((other) => other !== name) ?? [];
  return {
    name,
    tag,
    wireType: element.wireType,
    packable: false,
    read: (reader, into, _wireType, depth) => {
      for (const rival of rivals) delete into[rival];
      into[name] = element.read(reader, depth);
    },
    write: (writer, value) => {
      if (optional || !element.isDefault(value)) element.write(writer.uint32(tag), value);
    },
  };
}

function repeatedField(field: protobuf.Field, element: Element): FieldPlan {
  const { name } = field;
  const packable = element.wireType !== 2;
  const tag = (field.id << 3) | (packable ? 2 : element.wireType);
  return {
    name,
    tag,
    wireType: element.wireType,
    packable,
    read: (reader, into, wireType, depth) => {
      let list = into[name] as unknown[];
      if (list.length === 0) into[name] = list = [];
      if (wireType !== 2 || !packable) {
        list.push(element.read(reader, depth));
        return;
      }
      const end = checkedEnd(reader, reader.uint32() + reader.pos);
      while (reader.pos < end) list.push(element.read(reader, depth));
    },
    write: (writer, value) => {
      const list = value as readonly unknown[];
      if (list.length === 0) return;
      if (!packable) {
        for (const item of list) element.write(writer.uint32(tag), item);
        return;
      }
      writer.uint32(tag).fork();
      for (const item of list) element.write(writer, item);
      writer.ldelim();
    },
  };
}

function mapField(field: protobuf.Field, key: Element, value: Element): FieldPlan {
  const { name } = field;
  const tag = (field.id << 3) | 2;
  const entry = (): Plan => ({ blank: {}, fields: [], byId: new Map() });
  const plan = entry();
  plan.byId.set(1, partOfEntry('key', key));
  plan.byId.set(2, partOfEntry('value', value));
  plan.blank.key = key.fallback;
  plan.blank.value = value.fallback;
  return {
    name,
    tag,
    wireType: 2,
    packable: false,
    read: (reader, into, _wireType, depth) => {
      const pair = readMessage(plan, reader, reader.uint32() + reader.pos, depth + 1);
      let map = into[name] as Fields;
      if (Object.isFrozen(map)) into[name] = map = Object.create(null) as Fields;
      map[String(pair.key)] = pair.value ?? {};
    },
    write: (writer, map) => {
      for (const [k, v] of Object.entries(map as Fields)) {
        writer.uint32(tag).fork();
        key.write(writer.uint32(8 | key.wireType), k);
        value.write(writer.uint32(16 | value.wireType), v);
        writer.ldelim();
      }
    },
  };
}

function partOfEntry(name: string, element: Element): FieldPlan {
  return {
    name,
    tag: 0,
    wireType: element.wireType,
    packable: false,
    read: (reader, into, _wireType, depth) => {
      into[name] = element.read(reader, depth);
    },
    write: () => {},
  };
}

function readMessage(plan: Plan, reader: WireReader, claimedEnd: number, depth: number): Fields {
  if (depth > maxDepth) throw new RangeError(`messages are nested more than ${maxDepth} deep`);
  const end = checkedEnd(reader, claimedEnd);
  const message = { ...plan.blank };
  while (reader.pos < end) {
    const tag = reader.uint32();
    const wireType = tag & 7;
    const field = plan.byId.get(tag >>> 3);
    if (field && (field.wireType === wireType || (field.packable && wireType === 2)))
      field.read(reader, message, wireType, depth);
    else reader.skipType(wireType);
  }
  if (reader.pos !== end) throw new RangeError('a field reaches beyond its message');
  return message;
}

function writeMessage(plan: Plan, writer: protobuf.Writer, message: Fields): void {
  for (const field of plan.fields) {
    const value = message[field.name];
    if (value !== undefined && value !== null) field.write(writer, value);
  }
}

function checkedEnd(reader: WireReader, end: number): number {
  if (end > reader.len) throw new RangeError('the bytes end in the middle of a field');
  return end;
}
