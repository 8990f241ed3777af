/** Counts what is in a directory, below it too. Symbolic links count as files and are not followed. */
import type { FileHandle } from 'node:fs/promises';
import { lstat, opendir } from 'node:fs/promises';
import { WitError } from './capability.ts';
import { below, openDirectory } from './filesystem-walk.ts';

/** How deep directories may be nested, and how much there may be, before a directory counts as full. */
const deepest = 128;
const mostEntries = 1_000_000;
/** How many files are asked for their size at a time. */
const atOnce = 16;

export interface Found {
  readonly bytes: bigint;
  readonly files: bigint;
}

/** Throws the WASI error `quota` for a directory that is too large to be counted. */
export async function look(root: FileHandle): Promise<Found> {
  const found = { bytes: 0n, files: 0n };
  const waiting: (readonly string[])[] = [[]];
  for (let path = waiting.pop(); path; path = waiting.pop()) {
    for (const directory of await lookInto(root, path, found)) waiting.push([...path, directory]);
    if (found.files > mostEntries || path.length > deepest) throw new WitError('quota');
  }
  return found;
}

/** Adds what is in one directory; answers the directories in it. One that went meanwhile holds nothing. */
async function lookInto(
  root: FileHandle,
  path: readonly string[],
  found: { bytes: bigint; files: bigint },
): Promise<string[]> {
  const opened: FileHandle[] = [];
  const directories: string[] = [];
  try {
    let at = root;
    for (const name of path) {
      at = await openDirectory(at, name);
      opened.push(at);
    }
    const files: string[] = [];
    const add = async () => {
      const sizes = await Promise.all(files.splice(0).map((name) => sizeOf(at, name)));
      for (const size of sizes) found.bytes += size;
    };
    for await (const entry of await opendir(below(at), { bufferSize: 256 })) {
      found.files++;
      if (entry.isDirectory()) directories.push(entry.name);
      else if (files.push(entry.name) >= atOnce) await add();
    }
    await add();
  } catch (error) {
    if (!isGone(error)) throw error;
  } finally {
    for (const handle of opened) await handle.close();
  }
  return directories;
}

async function sizeOf(directory: FileHandle, name: string): Promise<bigint> {
  try {
    return (await lstat(below(directory, name), { bigint: true })).size;
  } catch (error) {
    if (isGone(error)) return 0n;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP';
}
