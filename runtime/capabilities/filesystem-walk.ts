/**
 * Opening files below a directory that is held open, so that no path ever leads out of it.
 *
 * Node has no `openat`. On Linux `/proc/self/fd/N/name` is one: the kernel goes on from the directory that N holds,
 * whatever its path is by now, and from there looks up the single component `name`. So every path is walked by
 * hand: each component is opened relative to the descriptor of the one before, as a place only (`O_PATH`), and never
 * through a symbolic link (`O_NOFOLLOW`). `..` goes back to the descriptor that the walk came from, not to what the
 * filesystem calls the parent. A swap, rename or link at any moment can so only make a step fail. What a walk has
 * found is looked at before it is opened for reading or writing, again through its descriptor, so nothing but regular
 * files is ever opened: no device, no FIFO, no socket. Regular files with a second name (hard links) are refused,
 * because the other name may be outside.
 *
 * Nowhere else does Node offer this: without `/proc/self/fd` directories cannot be granted (the grants file says
 * so), and a copy of the directory would be neither bounded nor live.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { WitError } from './capability.ts';
import { errorCodeOf } from './filesystem-errors.ts';

/** Not among Node's constants; the same on every Linux that Node runs on. */
export const placeOnly = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW } = constants;
/** The kernel's own: longer paths and names fail there too. */
const longestPath = 4096;
const longestName = 255;

/** The path, for the kernel, of a held directory or of a name in it. */
export function below(directory: FileHandle, name?: string): string {
  return name === undefined ? `/proc/self/fd/${directory.fd}` : `/proc/self/fd/${directory.fd}/${name}`;
}

/** Holds the directory of a name. Fails for anything else, symbolic links among them. */
export function openDirectory(parent: FileHandle, name: string): Promise<FileHandle> {
  return open(below(parent, name), placeOnly | O_DIRECTORY | O_NOFOLLOW);
}

/** Holds what a name stands for, without opening it: a symbolic link is held itself. */
export function openPlace(parent: FileHandle, name: string): Promise<FileHandle> {
  return open(below(parent, name), placeOnly | O_NOFOLLOW);
}

/** Holds a directory by the operator's own path, in which symbolic links are followed. */
export function openRoot(path: string): Promise<FileHandle> {
  return open(path, placeOnly | O_DIRECTORY);
}

/** Where a path leads: a name in a held directory, or without a name the directory itself. */
export interface Place {
  readonly directory: FileHandle;
  readonly name: string | undefined;
  /** The path says that it is a directory, by a slash at its end. */
  readonly isDirectory: boolean;
}

/** The components of a guest's path; `.` and empty ones are left out. */
function componentsOf(path: string): string[] {
  if (path.startsWith('/')) throw new WitError('not-permitted');
  if (path === '') throw new WitError('no-entry');
  if (path.includes('\0')) throw new WitError('invalid');
  if (Buffer.byteLength(path) > longestPath) throw new WitError('name-too-long');
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  if (names.some((name) => Buffer.byteLength(name) > longestName)) throw new WitError('name-too-long');
  return names;
}

/** Does `use` where a guest's path leads from a held directory. Throws WASI errors only. */
export async function walk<T>(start: FileHandle, path: string, use: (place: Place) => Promise<T>): Promise<T> {
  const names = componentsOf(path);
  const isDirectory = /(?:^|\/)\.{0,2}$/.test(path);
  const last = names.at(-1) === '..' ? undefined : names.pop();
  const held = [start];
  try {
    for (const name of names) {
      if (name !== '..') held.push(await step(held.at(-1) as FileHandle, name));
      else if (held.length === 1) throw new WitError('not-permitted');
      else await held.pop()?.close();
    }
    return await use({ directory: held.at(-1) as FileHandle, name: last, isDirectory });
  } catch (error) {
    throw witError(error);
  } finally {
    for (const handle of held.slice(1)) await handle.close();
  }
}

/** One step of a walk. What is no directory is looked at again to tell a symbolic link. */
async function step(parent: FileHandle, name: string): Promise<FileHandle> {
  try {
    return await openDirectory(parent, name);
  } catch (error) {
    if (errorCodeOf(error) === 'not-directory') await refuseLink(parent, name);
    throw error;
  }
}

async function refuseLink(parent: FileHandle, name: string): Promise<void> {
  const place = await openPlace(parent, name);
  try {
    if ((await place.stat()).isSymbolicLink()) throw new LinkMet(name);
  } finally {
    await place.close();
  }
}

/** A symbolic link stands in the way. */
export class LinkMet extends WitError {
  readonly link: string;

  constructor(link: string) {
    super('not-permitted');
    this.link = link;
  }
}

/** Whatever a file operation failed with, as the guest may see it. */
export function witError(error: unknown): unknown {
  if (error instanceof WitError) return error;
  const code = errorCodeOf(error);
  return code === undefined ? error : new WitError(code);
}
