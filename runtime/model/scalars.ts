/**
 * How each scalar type of Protocol Buffers is read, written and left out.
 *
 * 64-bit integers are `bigint` on our side and pairs of 32-bit halves inside protobufjs.
 */
import type protobuf from 'protobufjs';

/** A protobufjs reader that verifies UTF-8. */
export interface WireReader extends protobuf.Reader {
  stringVerify(): string;
}

/** One scalar type. */
export interface Scalar {
  readonly wireType: number;
  /** The value of a field that was not sent. */
  readonly fallback: unknown;
  read(reader: WireReader): unknown;
  write(writer: protobuf.Writer, value: unknown): void;
  /** Whether the value is the one that need not be sent. */
  isDefault(value: unknown): boolean;
}

const scratch = new DataView(new ArrayBuffer(8));

interface Halves {
  readonly low: number;
  readonly high: number;
}

function signed(read: Halves | number): bigint {
  if (typeof read === 'number') return BigInt(read);
  scratch.setInt32(0, read.high);
  scratch.setInt32(4, read.low);
  return scratch.getBigInt64(0);
}

function unsigned(read: Halves | number): bigint {
  if (typeof read === 'number') return BigInt(read);
  scratch.setInt32(0, read.high);
  scratch.setInt32(4, read.low);
  return scratch.getBigUint64(0);
}

function halves(value: unknown): Halves & { readonly unsigned: boolean } {
  scratch.setBigInt64(0, BigInt(value as bigint));
  return { low: scratch.getInt32(4), high: scratch.getInt32(0), unsigned: false };
}

const noBytes: Uint8Array = new Uint8Array(0);
const zero = (value: unknown): boolean => value === 0;
const zeroBig = (value: unknown): boolean => value === 0n;

function number(
  wireType: number,
  method: 'double' | 'float' | 'int32' | 'uint32' | 'sint32' | 'fixed32' | 'sfixed32',
): Scalar {
  const isDefault = wireType === 0 ? zero : (value: unknown): boolean => Object.is(value, 0);
  return {
    wireType,
    fallback: 0,
    read: (reader) => reader[method](),
    write: (writer, value) => writer[method](value as number),
    isDefault,
  };
}

function big(wireType: number, method: 'int64' | 'uint64' | 'sint64' | 'fixed64' | 'sfixed64'): Scalar {
  const convert = method === 'uint64' || method === 'fixed64' ? unsigned : signed;
  return {
    wireType,
    fallback: 0n,
    read: (reader) => convert(reader[method]() as Halves | number),
    write: (writer, value) => writer[method](halves(value) as never),
    isDefault: zeroBig,
  };
}

/** By the type's name in a `.proto` file. */
export const scalars: Readonly<Record<string, Scalar>> = {
  double: number(1, 'double'),
  float: number(5, 'float'),
  int32: number(0, 'int32'),
  uint32: number(0, 'uint32'),
  sint32: number(0, 'sint32'),
  fixed32: number(5, 'fixed32'),
  sfixed32: number(5, 'sfixed32'),
  int64: big(0, 'int64'),
  uint64: big(0, 'uint64'),
  sint64: big(0, 'sint64'),
  fixed64: big(1, 'fixed64'),
  sfixed64: big(1, 'sfixed64'),
  bool: {
    wireType: 0,
    fallback: false,
    read: (reader) => reader.bool(),
    write: (writer, value) => writer.bool(value as boolean),
    isDefault: (value) => value === false,
  },
  string: {
    wireType: 2,
    fallback: '',
    read: (reader) => reader.stringVerify(),
    write: (writer, value) => writer.string(value as string),
    isDefault: (value) => value === '',
  },
  bytes: {
    wireType: 2,
    fallback: noBytes,
    read: (reader) => reader.bytes(),
    write: (writer, value) => writer.bytes(value as Uint8Array),
    isDefault: (value) => (value as Uint8Array).length === 0,
  },
};
