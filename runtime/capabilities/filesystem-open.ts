/** What open-at does: from a place in a granted directory to an open file or a held directory. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { WitError } from './capability.ts';
import { errorCodeOf } from './filesystem-errors.ts';
import { typeOf } from './filesystem-facts.ts';
import type { FileHome } from './filesystem-file.ts';
import { below, LinkMet, openPlace, type Place, placeOnly } from './filesystem-walk.ts';

export interface OpenFlags {
  readonly create?: boolean;
  readonly directory?: boolean;
  readonly exclusive?: boolean;
  readonly truncate?: boolean;
}

export interface DescriptorFlags {
  readonly read?: boolean;
  readonly write?: boolean;
  readonly fileIntegritySync?: boolean;
  readonly dataIntegritySync?: boolean;
  readonly requestedWriteSync?: boolean;
  readonly mutateDirectory?: boolean;
}

/** What was asked for. */
export interface Wish {
  readonly open: OpenFlags;
  readonly flags: DescriptorFlags;
}

/** What was found there. */
export interface Opened {
  readonly kind: 'file' | 'directory';
  readonly handle: FileHandle;
}

/** Refused for what it is: a device, a FIFO, a socket, a file with a second name. */
export class KindRefused extends WitError {
  readonly what: string;

  constructor(what: string) {
    super('not-permitted');
    this.what = what;
  }
}

/** How often a name that comes and goes is tried. */
const mostTries = 8;
const newFileMode = 0o666;

function accessOf({ read, write, fileIntegritySync, dataIntegritySync, requestedWriteSync }: DescriptorFlags): number {
  const access = write ? (read ? constants.O_RDWR : constants.O_WRONLY) : constants.O_RDONLY;
  const dataSync = dataIntegritySync || requestedWriteSync ? constants.O_DSYNC : 0;
  return access | (fileIntegritySync ? constants.O_SYNC : dataSync) | constants.O_NONBLOCK | constants.O_NOCTTY;
}

/** Opens what stands at a place, or makes it where that is asked for. */
export async function openAt(home: FileHome, place: Place, wish: Wish): Promise<Opened> {
  const { directory, name } = place;
  if (name === undefined) return openItself(home, directory, wish);
  for (let tries = 0; tries < mostTries; tries++) {
    const opened = (await openThere(home, directory, name, wish, place)) ?? (await make(home, directory, name, wish));
    if (opened) return opened;
  }
  throw new WitError('busy');
}

/** The directory of the descriptor itself, held once more. */
async function openItself({ handles }: FileHome, directory: FileHandle, wish: Wish): Promise<Opened> {
  if (wish.open.exclusive) throw new WitError('exist');
  if (wish.flags.write || wish.open.truncate) throw new WitError('is-directory');
  return { kind: 'directory', handle: await handles.open(below(directory), placeOnly | constants.O_DIRECTORY) };
}

/** What is there already; undefined where nothing is and it may be made. */
async function openThere(
  { handles }: FileHome,
  directory: FileHandle,
  name: string,
  { open: how, flags }: Wish,
  place: Place,
): Promise<Opened | undefined> {
  let found: FileHandle;
  try {
    found = await openPlace(directory, name);
  } catch (error) {
    if (errorCodeOf(error) === 'no-entry' && how.create && !how.directory && !place.isDirectory) return undefined;
    throw error;
  }
  let isKept = false;
  try {
    const stats = await found.stat();
    if (how.create && how.exclusive) throw new WitError('exist');
    if (stats.isSymbolicLink()) throw new LinkMet(name);
    if (stats.isDirectory()) {
      if (flags.write || how.truncate) throw new WitError('is-directory');
      isKept = true;
      return { kind: 'directory', handle: handles.keep(found) };
    }
    if (how.directory || place.isDirectory) throw new WitError('not-directory');
    if (!stats.isFile()) throw new KindRefused(`a ${typeOf(stats)}`);
    if (stats.nlink > 1) throw new KindRefused('a file with a second name (hard link)');
    const truncate = how.truncate ? constants.O_TRUNC : 0;
    return { kind: 'file', handle: await handles.open(below(found), accessOf(flags) | truncate) };
  } finally {
    if (!isKept) await found.close();
  }
}

/** Makes the file; undefined where somebody else just did. */
async function make(
  { handles, quota }: FileHome,
  directory: FileHandle,
  name: string,
  { flags }: Wish,
): Promise<Opened | undefined> {
  if (!quota) throw new WitError('read-only');
  const how = accessOf(flags) | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  try {
    const handle = await quota.growing(0n, 1n, () => open(below(directory, name), how, newFileMode));
    return { kind: 'file', handle: handles.keep(handle) };
  } catch (error) {
    if (errorCodeOf(error) === 'exist') return undefined;
    throw error;
  }
}
