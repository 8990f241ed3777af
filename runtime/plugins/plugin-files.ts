/** Finds the file that a caller means by a runner's definition, without letting it point anywhere else. */
import { realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { BulkheadError } from '../errors.ts';

/**
 * The real path of a component that lies in one of the folders, so that the next start finds it as well. Throws
 * `field-invalid` for everything else, in the same words, whether or not there is such a file elsewhere.
 */
export async function locateComponent(folders: readonly string[], definition: string): Promise<string> {
  const roots = await Promise.all(folders.map((folder) => realpath(folder).catch(() => undefined)));
  for (const root of roots) {
    if (root === undefined || !definition.endsWith('.wasm') || definition.includes('\0')) continue;
    // Symbolic links are resolved first: what counts is where the bytes are.
    const found = await realpath(resolve(root, definition)).catch(() => undefined);
    if (found !== undefined && roots.includes(dirname(found)) && (await stat(found)).isFile()) return found;
  }
  const places = folders.length === 0 ? 'there is none' : folders.join(', ');
  throw new BulkheadError(
    'field-invalid',
    `definition '${definition}' is no *.wasm file that lies in a plugin folder (${places})`,
    { details: { field: 'definition' } },
  );
}
