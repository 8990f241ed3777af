/**
 * Writes `runtime/model/messages.gen.ts`: TypeScript types of every message, enum and RPC of the
 * `.proto` files in this folder, so that nobody copies them by hand.
 *
 * Run it with `node proto/generate-types.ts`; a test fails while the committed file is out of date.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import { allProtos, loadProtos } from '../runtime/api/schema.ts';
import { hasPresence } from '../runtime/model/codec.ts';

/** Where the types go. */
export const generatedFile: string = fileURLToPath(new URL('../runtime/model/messages.gen.ts', import.meta.url));

const scalarTypes: Readonly<Record<string, string>> = {
  double: 'number',
  float: 'number',
  int32: 'number',
  uint32: 'number',
  sint32: 'number',
  fixed32: 'number',
  sfixed32: 'number',
  int64: 'bigint',
  uint64: 'bigint',
  sint64: 'bigint',
  fixed64: 'bigint',
  sfixed64: 'bigint',
  bool: 'boolean',
  string: 'string',
  bytes: 'Uint8Array',
};

const fileHeader = `/**
 * Generated from proto/ by proto/generate-types.ts. Do not edit.
 *
 * 64-bit integers are bigint, bytes are Uint8Array. A field with \`?\` may be absent; all others always
 * have a value. Enums are open on the wire: a number that is not listed can arrive.
 */

/** One RPC: what goes in, what comes out, and which of the two are streams. */
export interface Rpc<Request, Response, RequestStream extends boolean, ResponseStream extends boolean> {
  readonly request: Request;
  readonly response: Response;
  readonly requestStream: RequestStream;
  readonly responseStream: ResponseStream;
}
`;

/** The text of the generated file. */
export function generateTypes(root: protobuf.Root = loadProtos(allProtos())): string {
  const found = collect(root);
  const names = chooseNames([...found.types, ...found.enums]);
  const parts = [fileHeader];
  for (const item of found.enums) parts.push(enumText(item, names));
  for (const item of found.types) parts.push(messageText(item, names));
  parts.push(messagesText(found.types, names), servicesText(found.services, names));
  return parts.join('\n');
}

interface Found {
  readonly types: protobuf.Type[];
  readonly enums: protobuf.Enum[];
  readonly services: protobuf.Service[];
}

type Names = ReadonlyMap<protobuf.ReflectionObject, string>;

function collect(root: protobuf.Root): Found {
  const found: Found = { types: [], enums: [], services: [] };
  const visit = (space: protobuf.NamespaceBase): void => {
    for (const child of space.nestedArray) {
      if (child instanceof protobuf.Type) found.types.push(child);
      if (child instanceof protobuf.Enum) found.enums.push(child);
      if (child instanceof protobuf.Service) found.services.push(child);
      if (child instanceof protobuf.Namespace) visit(child);
    }
  };
  visit(root);
  for (const list of [found.types, found.enums, found.services])
    list.sort((a, b) => (a.fullName < b.fullName ? -1 : 1));
  return found;
}

/** What goes in front of names that others use too, by package. */
const prefixes: readonly (readonly [string, string])[] = [
  ['.jobworkerp.function.', 'Function'],
  ['.bulkhead.process.', 'Process'],
  ['.plugin.', 'GoPlugin'],
];

/** Short names; where two packages use the same one, some get their package's prefix in front. */
function chooseNames(objects: readonly protobuf.ReflectionObject[]): Names {
  const names = new Map<protobuf.ReflectionObject, string>();
  for (const object of objects) {
    const clash = objects.some((other) => other !== object && other.name === object.name);
    const prefix = clash && prefixes.find(([space]) => object.fullName.startsWith(space))?.[1];
    names.set(object, (prefix || '') + object.name);
  }
  if (new Set(names.values()).size !== names.size) throw new Error('two messages would get the same name');
  return names;
}

function enumText(item: protobuf.Enum, names: Names): string {
  const name = names.get(item) ?? item.name;
  const values = Object.entries(item.values).map(
    ([key, value]) => `${doc(item.comments[key] ?? null, '  ')}  ${key}: ${value},\n`,
  );
  return `${doc(item.comment, '')}export const ${name} = {\n${values.join('')}} as const;\n${enumTypeText(name)}`;
}

/** Broken where the formatter would break it. */
function enumTypeText(name: string): string {
  const line = `export type ${name} = (typeof ${name})[keyof typeof ${name}];\n`;
  return line.length <= 121 ? line : line.replace(' = ', ' =\n  ');
}

function messageText(item: protobuf.Type, names: Names): string {
  const name = names.get(item);
  if (item.fieldsArray.length === 0) return `${doc(item.comment, '')}export type ${name} = Record<never, never>;\n`;
  const fields = item.fieldsArray.map((field) => `${doc(field.comment, '  ')}  ${fieldText(field, names)}\n`);
  return `${doc(item.comment, '')}export interface ${name} {\n${fields.join('')}}\n`;
}

function fieldText(field: protobuf.Field, names: Names): string {
  const type = elementType(field, names);
  if (field instanceof protobuf.MapField) return `${field.name}: Record<string, ${type}>;`;
  if (field.repeated) return `${field.name}: readonly ${type}[];`;
  return `${field.name}${hasPresence(field) ? '?' : ''}: ${type};`;
}

function elementType(field: protobuf.Field, names: Names): string {
  const type = field.resolvedType ? names.get(field.resolvedType) : scalarTypes[field.type];
  if (!type) throw new Error(`${field.fullName}: no TypeScript type for ${field.type}`);
  return type;
}

function messagesText(types: readonly protobuf.Type[], names: Names): string {
  const lines = types.map((type) => `  '${type.fullName.slice(1)}': ${names.get(type)};\n`);
  return `/** Every message by its full name. */\nexport interface Messages {\n${lines.join('')}}\n`;
}

function servicesText(services: readonly protobuf.Service[], names: Names): string {
  const parts = services.map(
    (service) =>
      `  '${service.fullName.slice(1)}': {\n${service.methodsArray.map((method) => rpcText(method, names)).join('')}  };\n`,
  );
  return `/** Every service by its full name, with its RPCs. */\nexport interface Services {\n${parts.join('')}}\n`;
}

function rpcText(method: protobuf.Method, names: Names): string {
  method.resolve();
  const request = method.resolvedRequestType && names.get(method.resolvedRequestType);
  const response = method.resolvedResponseType && names.get(method.resolvedResponseType);
  const streams = `${method.requestStream === true}, ${method.responseStream === true}`;
  return `${doc(method.comment, '    ')}    ${method.name}: Rpc<${request}, ${response}, ${streams}>;\n`;
}

function doc(comment: string | null, indent: string): string {
  if (!comment) return '';
  const lines = comment.split('\n');
  if (lines.length === 1) return `${indent}/** ${comment} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}\n`).join('')}${indent} */\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(generatedFile, generateTypes());
