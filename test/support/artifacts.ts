/**
 * Paths of the components that tests run: `npm test` builds them before the first test.
 *
 * The names are those of the folders; the file's name comes from the crate's own Cargo.toml.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, targetFolder, wasmTarget } from '../../runtime/cli/toolbox/paths.mjs';

/** The component of `examples/<name>`. Throws where it is not built. */
export function component(name: string): string {
  return artifact(join('examples', name));
}

/** The component of `test/plugins/<name>`. Throws where it is not built. */
export function testPlugin(name: string): string {
  return artifact(join('test', 'plugins', name));
}

/** The same component with another digest: a custom section says so at its end. */
export function variant(path: string, mark: string): Buffer {
  const name = Buffer.from(mark);
  if (name.byteLength > 100) throw new Error(`the mark ${mark} is too long`);
  return Buffer.concat([readFileSync(path), Buffer.from([0, name.byteLength + 1, name.byteLength]), name]);
}

function artifact(crate: string): string {
  const manifest = join(root, crate, 'Cargo.toml');
  if (!existsSync(manifest)) throw new Error(`there is no crate ${crate}`);
  const name = /^\[package\][^[]*?^name = "([^"]+)"/ms.exec(readFileSync(manifest, 'utf8'))?.[1];
  if (name === undefined) throw new Error(`${manifest} names no package`);
  const path = join(targetFolder, wasmTarget, 'release', `${name.replaceAll('-', '_')}.wasm`);
  if (!existsSync(path)) throw new Error(`${crate} is not built (${path}): run npm test, which builds it first`);
  return path;
}
