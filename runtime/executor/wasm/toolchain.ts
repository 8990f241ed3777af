/**
 * What the transpiler is asked for: the part that the cache's key depends on. It loads no transpiler.
 *
 * The list of asynchronous imports is exact: with one too few, a promise is lowered as an empty value and the
 * guest spins. Their names carry no version, a wrong version matches nothing without a word.
 */
import { existsSync, readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { fileURLToPath } from 'node:url';

/** The version of the WIT package `bulkhead:plugin` that this host speaks. */
export const apiVersion = '0.1.0';
/** The WIT package's name with its slash: what its interfaces' names begin with. */
export const ourPackage = 'bulkhead:plugin/';

/** Imports that may suspend the instance. */
export const asyncImports = [
  'wasi:io/poll#poll',
  'wasi:io/poll#[method]pollable.block',
  'wasi:io/streams#[method]input-stream.blocking-read',
  'wasi:io/streams#[method]input-stream.blocking-skip',
  'wasi:io/streams#[method]output-stream.blocking-flush',
  'wasi:io/streams#[method]output-stream.blocking-write-and-flush',
  'wasi:io/streams#[method]output-stream.blocking-write-zeroes-and-flush',
  'wasi:io/streams#[method]output-stream.blocking-splice',
  ...[
    'create-directory-at',
    'is-same-object',
    'metadata-hash',
    'metadata-hash-at',
    'open-at',
    'read',
    'read-directory',
    'readlink-at',
    'remove-directory-at',
    'rename-at',
    'set-size',
    'set-times',
    'set-times-at',
    'stat',
    'stat-at',
    'sync',
    'sync-data',
    'unlink-file-at',
    'write',
  ].map((method) => `wasi:filesystem/types#[method]descriptor.${method}`),
  'wasi:filesystem/types#[method]directory-entry-stream.read-directory-entry',
];

/** The functions of each facet; all of them may wait. */
export const facetFunctions: Record<string, readonly string[]> = {
  runner: [
    'name',
    'description',
    'load',
    'run',
    'begin-stream',
    'receive-stream',
    'cancel',
    'is-canceled',
    'runner-settings-proto',
    'method-proto-map',
    'method-json-schema-map',
    'settings-schema',
    'supports-feed',
    'feed-data-proto',
    'setup-feed-channel',
  ],
};

/** The facets that this host knows, by the name of their interface. */
export const knownFacets: ReadonlySet<string> = new Set(Object.keys(facetFunctions));

function transpilerVersion(): string {
  const path = findPackageJSON('@bytecodealliance/jco-transpile', import.meta.url);
  if (path === undefined) throw new Error('@bytecodealliance/jco-transpile is not installed: run npm install');
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

/** Caps that the rewriting pass puts into the modules. */
export interface RewriteLimits {
  /** Pages of 64 KiB, of each memory and of all minimums together. */
  readonly memoryPages: number;
  /** Elements of each table, and of all minimums together. */
  readonly tableElements: number;
  /** Bytes of a core module. */
  readonly moduleBytes: number;
}

/** The most elements of a table: indirect functions of a large program are some ten thousand. */
export const mostTableElements = 100_000;
/** The largest core module, in bytes. */
export const largestModule = 64 * 1024 * 1024;

/** The file of the rewriting pass: beside the runtime where it was published, in the build folder of a checkout. */
export function meterPath(): string {
  const given = process.env.BULKHEAD_METER;
  if (given !== undefined) return given;
  const root = new URL('../../../', import.meta.url);
  const published = new URL('meter.wasm', root);
  const built = new URL('target/wasm32-wasip2/release/bulkhead_meter_component.wasm', root);
  return fileURLToPath(existsSync(published) ? published : built);
}

/** What the output depends on besides the component and the rewriting pass; part of the cache's key. */
export const toolchain: string = JSON.stringify({
  jco: transpilerVersion(),
  asyncImports,
  facetFunctions,
  apiVersion,
  format: 4,
});

/** The name of the glue among the files of a transpiled component. */
export const glueFile = 'plugin.js';
