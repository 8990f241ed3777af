/** The metering pass, as it ships: a component that imports nothing, run through jco. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { compileFunction } from 'node:vm';
import { threadId } from 'node:worker_threads';
import { $init, generate } from '@bytecodealliance/jco-transpile/component';

export interface Limits {
  memoryPages: bigint;
  tableElements: bigint;
  moduleBytes: bigint;
  gc: boolean;
}

interface Rewritten {
  module: Uint8Array;
  memories: { index: number; imported: boolean; minimum: bigint; maximum: bigint; grows: boolean }[];
  tables: { index: number; imported: boolean; minimum: bigint; maximum: bigint; written: boolean }[];
  globals: { index: number; kind: string }[];
  functions: number;
  leaves: number;
  loops: number;
  start: boolean;
  resettable: boolean;
  obstacles: string[];
}

export type Rewrite = (module: Uint8Array, limits: Limits) => Rewritten;

/** All that V8 can do, so that nothing is refused for being large. */
export const wide: Limits = { memoryPages: 1n << 18n, tableElements: 10_000_000n, moduleBytes: 64n << 20n, gc: true };
/** What an operator might set. */
export const narrow: Limits = { memoryPages: 256n, tableElements: 10_000n, moduleBytes: 32n << 20n, gc: false };

const root = join(import.meta.dirname, '../..');
const crate = join(root, 'sdk-rust/meter');
export const target = join(root, 'target');

export function cargo(...args: string[]): void {
  const env = { ...process.env, CARGO_TARGET_DIR: target };
  execFileSync('cargo', ['build', '--release', '--quiet', ...args], {
    cwd: crate,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

/** Builds what is not built, and answers where it is. Cargo itself knows what is up to date. */
export function build(what: 'component' | 'workloads'): string {
  cargo('-p', `bulkhead-meter-${what}`, '--target', 'wasm32-wasip2');
  return join(target, `wasm32-wasip2/release/bulkhead_meter_${what}.wasm`);
}

/** Writes the corpus if it is not there, and answers its directory. Test files may do so at the same time. */
export function corpus(): string {
  const directory = join(target, 'meter-corpus');
  if (existsSync(directory)) return directory;
  cargo('-p', 'bulkhead-meter', '--example', 'corpus');
  const own = `${directory}.${process.pid}.${threadId}`;
  execFileSync(join(target, 'release/examples/corpus'), [own]);
  try {
    renameSync(own, directory);
  } catch (error) {
    if (!existsSync(directory)) throw error;
    rmSync(own, { recursive: true });
  }
  return directory;
}

type Instantiate = (
  getCoreModule: (path: string) => WebAssembly.Module,
  imports: object,
) => { metering: { rewrite: Rewrite } };

/** Loads the component. A refused module makes `rewrite` throw an error with the reason. */
export async function loadRewriter(): Promise<Rewrite> {
  const component = readFileSync(build('component'));
  await $init;
  const { files, imports } = generate(component, {
    name: 'meter',
    noTypescript: true,
    noNodejsCompat: true,
    base64Cutoff: 0,
    instantiation: { tag: 'sync' },
  });
  if (imports.length > 0) throw new Error(`the metering component imports ${imports.join(', ')}`);
  const parts = new Map(files);
  const part = (name: string): Uint8Array => {
    const bytes = parts.get(name);
    if (bytes === undefined) throw new Error(`the transpiler wrote no ${name}`);
    return bytes;
  };
  const glue = new TextDecoder()
    .decode(part('meter.js'))
    .replace(/^export (?=function instantiate\b|const _util\b)/gm, '');
  const factory = compileFunction(`${glue}\nreturn instantiate;`, []) as () => Instantiate;
  return factory()((name) => new WebAssembly.Module(part(name)), {}).metering.rewrite;
}
