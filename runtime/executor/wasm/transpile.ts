/** Turns a component into core modules and the glue between them, with jco's transpiler, in JSPI mode. */
import { $init, generate } from '@bytecodealliance/jco-transpile/component';
import { apiVersion, asyncImports, facetFunctions, ourPackage } from './toolchain.ts';

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
  return new Map(files);
}
