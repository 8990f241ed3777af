/**
 * What the transpiler is asked for: the part that the cache's key depends on. It loads no transpiler.
 *
 * The list of asynchronous imports is exact: with one too few, a promise is lowered as an empty value and the
 * guest spins. Their names carry no version, a wrong version matches nothing without a word.
 */
import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';

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

/** What the output depends on besides the component; part of the cache's key. */
export const toolchain: string = JSON.stringify({
  jco: transpilerVersion(),
  asyncImports,
  facetFunctions,
  apiVersion,
  format: 1,
});

/** The name of the glue among the files of a transpiled component. */
export const glueFile = 'plugin.js';
