/**
 * File descriptors of the `.proto` files, for reflection.
 *
 * protobufjs has a conversion of its own, but its type names are relative, its map entries have other
 * names than protoc's, and it lists no dependencies; grpcurl refuses all three.
 */
import { relative } from 'node:path';
import protobuf from 'protobufjs';
import descriptor, {
  type IDescriptorProto,
  type IEnumDescriptorProto,
  type IFieldDescriptorProto,
  type IMethodDescriptorProto,
} from 'protobufjs/ext/descriptor.js';

/** Numbers of the field types in `descriptor.proto`. */
const typeNumbers: Readonly<Record<string, number>> = {
  double: 1,
  float: 2,
  int64: 3,
  uint64: 4,
  int32: 5,
  fixed64: 6,
  fixed32: 7,
  bool: 8,
  string: 9,
  bytes: 12,
  uint32: 13,
  sfixed32: 15,
  sfixed64: 16,
  sint32: 17,
  sint64: 18,
};
const messageType = 11;
const enumType = 14;

interface File {
  readonly name: string;
  readonly package: string;
  readonly dependency: Set<string>;
  readonly messageType: IDescriptorProto[];
  readonly enumType: IEnumDescriptorProto[];
  readonly service: { readonly name: string; readonly method: IMethodDescriptorProto[] }[];
}

/** One encoded FileDescriptorProto for each source file under `folder`. */
export function fileDescriptors(root: protobuf.Root, folder: string): Buffer[] {
  return new Builder(folder).build(root);
}

class Builder {
  readonly #folder: string;
  readonly #files = new Map<string, File>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  build(root: protobuf.Root): Buffer[] {
    this.#visit(root);
    return [...this.#files.values()].map((file) => {
      const message = {
        ...file,
        dependency: [...file.dependency].filter((name) => name !== file.name),
        syntax: 'proto3',
      };
      return Buffer.from(
        descriptor.FileDescriptorProto.encode(descriptor.FileDescriptorProto.create(message)).finish(),
      );
    });
  }

  #visit(space: protobuf.NamespaceBase): void {
    for (const child of space.nestedArray) {
      if (child instanceof protobuf.Type) this.#file(child).messageType.push(this.#message(child, this.#file(child)));
      else if (child instanceof protobuf.Enum) this.#file(child).enumType.push(enumDescriptor(child));
      else if (child instanceof protobuf.Service)
        this.#file(child).service.push(this.#service(child, this.#file(child)));
      else if (child instanceof protobuf.Namespace) this.#visit(child);
    }
  }

  #file(object: protobuf.ReflectionObject): File {
    const name = this.#nameOf(object);
    let file = this.#files.get(name);
    if (!file) {
      const inPackage = object.parent?.fullName.slice(1) ?? '';
      file = { name, package: inPackage, dependency: new Set(), messageType: [], enumType: [], service: [] };
      this.#files.set(name, file);
    }
    return file;
  }

  #nameOf(object: protobuf.ReflectionObject): string {
    return relative(this.#folder, object.filename ?? 'unknown.proto').replaceAll('\\', '/');
  }

  #message(type: protobuf.Type, file: File): IDescriptorProto {
    const oneofs = [...type.oneofsArray].sort((a, b) => Number(isSynthetic(a)) - Number(isSynthetic(b)));
    const nested = type.nestedArray.filter((child) => child instanceof protobuf.Type);
    const maps = type.fieldsArray.filter((field) => field instanceof protobuf.MapField);
    return {
      name: type.name,
      field: type.fieldsArray.map((field) => this.#field(field, oneofs, file)),
      oneofDecl: oneofs.map(({ name }) => ({ name })),
      nestedType: [
        ...nested.map((child) => this.#message(child, file)),
        ...maps.map((map) => this.#mapEntry(map, file)),
      ],
      enumType: type.nestedArray.filter((child) => child instanceof protobuf.Enum).map(enumDescriptor),
      reservedRange: ranges(type.reserved).map(([start, end]) => ({ start, end: end + 1 })),
      reservedName: names(type.reserved),
    };
  }

  #mapEntry(map: protobuf.MapField, file: File): IDescriptorProto {
    const key: IFieldDescriptorProto = {
      name: 'key',
      number: 1,
      label: 1,
      type: typeNumbers[map.keyType] ?? 0,
      jsonName: 'key',
    };
    const value: IFieldDescriptorProto = {
      name: 'value',
      number: 2,
      label: 1,
      jsonName: 'value',
      ...this.#typeOf(map.type, map.resolvedType, file),
    };
    return { name: entryName(map), field: [key, value], options: { mapEntry: true } };
  }

  #field(field: protobuf.Field, oneofs: readonly protobuf.OneOf[], file: File): IFieldDescriptorProto {
    const common = {
      name: field.name,
      number: field.id,
      label: field.repeated || field.map ? 3 : 1,
      jsonName: camel(field.name),
    };
    if (field.map) return { ...common, type: messageType, typeName: `${field.parent?.fullName}.${entryName(field)}` };
    const typed = { ...common, ...this.#typeOf(field.type, field.resolvedType, file) };
    if (!field.partOf) return typed;
    return {
      ...typed,
      oneofIndex: oneofs.indexOf(field.partOf),
      ...(isSynthetic(field.partOf) && { proto3Optional: true }),
    };
  }

  #typeOf(
    type: string,
    resolved: protobuf.Type | protobuf.Enum | null,
    file: File,
  ): { readonly type: number; readonly typeName?: string } {
    if (!resolved) return { type: typeNumbers[type] ?? 0 };
    file.dependency.add(this.#nameOf(resolved));
    return { type: resolved instanceof protobuf.Enum ? enumType : messageType, typeName: resolved.fullName };
  }

  #service(service: protobuf.Service, file: File): File['service'][number] {
    const method = service.methodsArray.map((each): IMethodDescriptorProto => {
      const { resolvedRequestType: input, resolvedResponseType: output } = each.resolve() as protobuf.Method;
      if (!input || !output) throw new TypeError(`${each.fullName} has no types`);
      file.dependency.add(this.#nameOf(input)).add(this.#nameOf(output));
      return {
        name: each.name,
        inputType: input.fullName,
        outputType: output.fullName,
        clientStreaming: each.requestStream === true,
        serverStreaming: each.responseStream === true,
        ...(each.options?.deprecated === true && { options: { deprecated: true } }),
      };
    });
    return { name: service.name, method };
  }
}

/** protobufjs writes the reserved parts, but does not declare them. */
interface EnumDescriptor extends IEnumDescriptorProto {
  readonly reservedRange: readonly { readonly start: number; readonly end: number }[];
  readonly reservedName: readonly string[];
}

function enumDescriptor(item: protobuf.Enum): EnumDescriptor {
  return {
    name: item.name,
    value: Object.entries(item.values).map(([name, number]) => ({ name, number })),
    reservedRange: ranges(item.reserved).map(([start, end]) => ({ start, end })),
    reservedName: names(item.reserved),
  };
}

/** proto3 `optional` is a oneof of one field that nobody wrote. */
function isSynthetic(oneof: protobuf.OneOf): boolean {
  return oneof.isProto3Optional;
}

function ranges(reserved: readonly (number[] | string)[] | undefined): [number, number][] {
  return (reserved ?? []).flatMap((each): [number, number][] =>
    typeof each === 'string' ? [] : [[each[0] ?? 0, each[1] ?? 0]],
  );
}

function names(reserved: readonly (number[] | string)[] | undefined): string[] {
  return (reserved ?? []).filter((each) => typeof each === 'string');
}

/** As protoc names it: `method_proto_map` becomes `MethodProtoMapEntry`. */
function entryName(field: { readonly name: string }): string {
  const name = camel(field.name);
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}Entry`;
}

function camel(name: string): string {
  return name.replace(/_([a-zA-Z0-9])/g, (_all, letter: string) => letter.toUpperCase());
}
