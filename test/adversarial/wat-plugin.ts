/**
 * Plugins in WebAssembly text, for what no Rust compiler emits: each is this plugin, which behaves well and is as
 * small as can be, with something of it replaced.
 */
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { componentEmbed, componentNew, parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { root } from '../../runtime/cli/toolbox/paths.mjs';

export interface WatParts {
  /** The memory; it must be the first one. */
  readonly memory?: string;
  /** Imports; they stand before everything else. */
  readonly imports?: string;
  /** Whatever else the module has: globals, tables, functions, segments, a start function. */
  readonly fields?: string;
  /** The body of `run`, which answers the address of its result. {@link nothing} answers no bytes. */
  readonly run?: string;
  readonly receiveStream?: string;
  /** The body of `name`. */
  readonly name?: string;
  /** The body of `cabi_realloc`. */
  readonly realloc?: string;
}

/** Answers zeroes: a result of no bytes and no metadata, the end of a stream, success of what answers nothing. */
export const nothing = '(i32.const 512)';

/** Answers the byte on top of the stack as a number from 0, as `run`'s result. */
export const byte = `
  (local.set $byte) (i32.store8 (i32.const 1500) (local.get $byte))
  (i32.store (i32.const 1404) (i32.const 1500)) (i32.store (i32.const 1408) (i32.const 1))
  (i32.const 1400)`;

/** Parameters of the canonical ABI: bytes, metadata, an optional string. */
const call = '(param i32 i32 i32 i32 i32 i32 i32) (result i32) (local $byte i32) (local $turn i32)';
const optional = '(param i32 i32 i32) (result i32)';

function moduleOf(parts: WatParts): string {
  const { memory = '(memory 1)', imports = '', fields = '', run = nothing, receiveStream = nothing } = parts;
  const { name = '(i32.const 1024)', realloc = '(i32.const 16384)' } = parts;
  const export_ = (of: string, type: string, body: string) =>
    `(func (export "bulkhead:plugin/runner@0.1.0#${of}") ${type} ${body})`;
  return `(module ${imports} ${memory} (export "memory" (memory 0)) ${fields}
    (data (i32.const 1024) "\\00\\08\\00\\00\\03\\00\\00\\00")
    (data (i32.const 1040) "\\4c\\04\\00\\00\\01\\00\\00\\00")
    (data (i32.const 1100) "\\03\\08\\00\\00\\03\\00\\00\\00")
    (data (i32.const 1136) "\\01\\02")
    (data (i32.const 2048) "Watrun")
    ${export_('name', '(result i32)', name)}
    ${['description', 'runner-settings-proto', 'settings-schema', 'method-json-schema-map'].map((of) => export_(of, '(result i32)', nothing)).join('\n')}
    ${export_('method-proto-map', '(result i32)', '(i32.const 1040)')}
    ${export_('load', '(param i32 i32) (result i32)', nothing)}
    ${export_('run', call, run)}
    ${export_('begin-stream', call, nothing)}
    ${export_('receive-stream', '(result i32)', receiveStream)}
    ${['cancel', 'is-canceled'].map((of) => export_(of, '(result i32)', '(i32.const 0)')).join('\n')}
    ${['supports-feed', 'setup-feed-channel'].map((of) => export_(of, optional, '(i32.const 0)')).join('\n')}
    ${export_('feed-data-proto', optional, nothing)}
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local $turn i32) ${realloc}))`;
}

/** The world as one text: its files say its name each. */
function world(): string {
  const folder = join(root, 'wit');
  const files = readdirSync(folder).filter((file) => file.endsWith('.wit'));
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8'));
  const name = /^package .*$/m.exec(texts[0] ?? '')?.[0] ?? '';
  return [name, ...texts.map((text) => text.replace(name, ''))].join('\n');
}

/** Writes the component into a folder. Throws where the text is wrong. */
export async function writeWatPlugin(folder: string, parts: WatParts): Promise<string> {
  const path = join(folder, `${randomUUID()}.wasm`);
  await writeFile(path, await watPlugin(parts));
  return path;
}

/** The component. Throws where the text is wrong. */
async function watPlugin(parts: WatParts): Promise<Uint8Array> {
  const binary = await parse(moduleOf(parts));
  return componentNew(await componentEmbed({ binary, witSource: world(), world: 'runner-plugin' }));
}
