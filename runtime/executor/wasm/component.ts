/**
 * Reads what a file is before anything of it runs: a component, of which world, asking for which imports.
 * Everything that is not ours is refused here, with one line that names what it is and what to do.
 */
import { componentWit } from '@bytecodealliance/jco-transpile/wasm-tools';
import { offeredInterfaces } from '../../capabilities/all.ts';
import { BulkheadError } from '../../errors.ts';
import { apiVersion, knownFacets, ourPackage } from './toolchain.ts';

/** The outside of a component. */
export interface ComponentFacts {
  /** Facets it exports, without package and version, sorted. */
  readonly facets: readonly string[];
  /** Interfaces it imports, with package and version, sorted. */
  readonly imports: readonly string[];
}

function refuse(message: string, cause?: unknown): BulkheadError {
  return new BulkheadError('plugin-refused', message, cause === undefined ? {} : { cause });
}

/** Tells a component from everything else by its first eight bytes. */
function checkPreamble(bytes: Uint8Array): void {
  const [magic, version, layer] = [bytes.subarray(0, 4), bytes[4], bytes[6]];
  if (bytes.byteLength < 8 || Buffer.compare(magic, Buffer.from('\0asm')) !== 0) {
    throw refuse('not a WebAssembly component: it does not begin with the WebAssembly magic number');
  }
  if (layer === 0) {
    throw refuse(
      `a core WebAssembly module (version ${version}), not a component: build it with --target wasm32-wasip2 (bulkhead build)`,
    );
  }
  if (layer !== 1) throw refuse(`not a WebAssembly component: unknown layer ${layer} in its header`);
}

/** The imports or exports of the component's outer world, from its WIT text. */
function namesOf(wit: string, kind: 'import' | 'export'): string[] {
  const world = /^world root \{\n(.*?)^\}/ms.exec(wit)?.[1] ?? '';
  const names = [...world.matchAll(new RegExp(`^  ${kind} ([^\\s;]+?)(?:;|: .*)$`, 'gm'))];
  return names.map((match) => match[1] as string).sort();
}

function splitVersion(name: string): { interface: string; version: string } {
  const [path = '', version = ''] = name.split('@');
  return { interface: path, version };
}

function checkExports(exports: readonly string[]): string[] {
  const ours = exports.filter((name) => name.startsWith(ourPackage)).map(splitVersion);
  const known = `this host knows: ${[...knownFacets].map((facet) => `${ourPackage}${facet}@${apiVersion}`).join(', ')}`;
  if (exports.length === 0) throw refuse(`a component that exports nothing; ${known}`);
  if (ours.length === 0) throw refuse(`a component of another world: it exports ${exports.join(', ')}; ${known}`);
  const other = ours.find(({ version }) => version !== apiVersion);
  if (other) {
    throw refuse(
      `API version mismatch: plugin=${other.version || 'none'}, host=${apiVersion}: build it against bulkhead-plugin ${apiVersion}`,
    );
  }
  const facets = ours.map((name) => name.interface.slice(ourPackage.length));
  const unknown = facets.find((facet) => !knownFacets.has(facet));
  if (unknown) throw refuse(`a component with the facet ${ourPackage}${unknown}, which is unknown here; ${known}`);
  return facets.sort();
}

function checkImports(imports: readonly string[]): void {
  const missing = imports.filter((name) => !offeredInterfaces.has(splitVersion(name).interface));
  if (missing.length > 0) throw refuse(`it imports what this host does not offer: ${missing.join(', ')}`);
}

/** The outside of a component. Throws `plugin-refused` for everything this host cannot serve. */
export async function readComponent(bytes: Uint8Array): Promise<ComponentFacts> {
  checkPreamble(bytes);
  let wit: string;
  try {
    wit = await componentWit(bytes);
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0];
    throw refuse(`not a valid component: ${reason}`, error);
  }
  const facets = checkExports(namesOf(wit, 'export'));
  const imports = namesOf(wit, 'import');
  checkImports(imports);
  return { facets, imports };
}
