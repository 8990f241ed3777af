/** Turns a component into core modules and the glue between them, with jco's transpiler, in JSPI mode. */
import { $init, generate } from '@bytecodealliance/jco-transpile/component';
import { BulkheadError } from '../../errors.ts';
import { apiVersion, asyncImports, facetFunctions, glueFile, ourPackage } from './toolchain.ts';

/** Transpiles a component whose exports were checked. Answers its files: the glue and the core modules. */
export async function transpile(component: Uint8Array, facets: readonly string[]): Promise<Map<string, Uint8Array>> {
  await $init;
  const exports = facets.flatMap((facet) =>
    (facetFunctions[facet] ?? []).map((name) => `${ourPackage}${facet}@${apiVersion}#${name}`),
  );
  const { files } = generate(component, {
    name: 'plugin',
    noTypescript: true,
    noNodejsCompat: true,
    compat: false,
    base64Cutoff: 0,
    // Without it, jco puts imports in place of a second memory's instructions, and refuses most modules that have one.
    multiMemory: true,
    instantiation: { tag: 'sync' },
    asyncMode: { tag: 'jspi', val: { imports: asyncImports, exports } },
  });
  return new Map(files.map(([name, bytes]) => [name, name === glueFile ? withoutDebugLog(bytes) : bytes]));
}

/** Up to its first look at the environment, which is slow, and which a call makes dozens of. */
const debugLog =
  /const _debugLog = \(\.\.\.args\) => \{\s*if \(!globalThis\?\.process\?\.env\?\.JCO_DEBUG\) \{ return; \}\s*console\.debug\(\.\.\.args\);\s*\};/;

/** The glue without jco's debug output. */
function withoutDebugLog(glue: Uint8Array): Uint8Array {
  const text = Buffer.from(glue).toString('utf8');
  const quiet = text.replace(debugLog, 'const _debugLog = () => {};');
  // Another version of jco: the lock file does not let it come unnoticed.
  if (quiet === text) throw new BulkheadError('internal', "jco's glue has no debug output of the known form");
  return Buffer.from(quiet);
}
