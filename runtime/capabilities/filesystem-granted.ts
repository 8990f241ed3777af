/** One granted directory as one instance has it: opened with its first use, by the operator's own path. */
import type { FileHandle } from 'node:fs/promises';
import type { DirectoryGrant } from '../model/grant.ts';
import { defaultQuota } from '../model/grant.ts';
import { type InstanceContext, type Io, WitError } from './capability.ts';
import type { FileHome } from './filesystem-file.ts';
import type { Handles } from './filesystem-handles.ts';
import { KindRefused } from './filesystem-open.ts';
import { Quota } from './filesystem-quota.ts';
import { LinkMet, openRoot, type Place, walk, witError } from './filesystem-walk.ts';

/** Of a path that a plugin gave, as much as is quoted in a line for the operator, in UTF-16 units. */
const longestQuote = 200;

/** What all directories of an instance share. */
export interface Surroundings {
  readonly context: InstanceContext;
  readonly io: Io;
  readonly handles: Handles;
}

interface Opened {
  readonly root: FileHandle;
  readonly home: FileHome;
}

export class Granted {
  readonly grant: DirectoryGrant;
  readonly #surroundings: Surroundings;
  #opened: Promise<Opened> | undefined;

  constructor(grant: DirectoryGrant, surroundings: Surroundings) {
    this.grant = grant;
    this.#surroundings = surroundings;
  }

  get isWritable(): boolean {
    return this.grant.access === 'read-write';
  }

  get handles(): Handles {
    return this.#surroundings.handles;
  }

  /** Does `use` with what the directory's files need, during which nothing is closed. Throws WASI errors only. */
  async using<T>(use: (opened: Opened) => Promise<T>): Promise<T> {
    try {
      return await this.handles.during(async () => use(await this.#open()));
    } catch (error) {
      throw witError(error);
    }
  }

  /** Does `use` where a path leads, from a directory in this one or from this one itself. */
  at<T>(start: FileHandle | undefined, path: string, use: (place: Place, home: FileHome) => Promise<T>): Promise<T> {
    return this.using(async ({ root, home }) => {
      try {
        return await walk(start ?? root, path, (place) => use(place, home));
      } catch (error) {
        const why = reasonOf(error);
        if (why !== undefined) this.refuse(path, why);
        throw error;
      }
    });
  }

  /** Like {@link at}, for what changes the directory. */
  async change<T>(
    start: FileHandle | undefined,
    path: string,
    use: (place: Place, home: FileHome) => Promise<T>,
  ): Promise<T> {
    if (this.isWritable) return this.at(start, path, use);
    this.refuse(path, 'it would be changed, and is granted to be read only');
    throw new WitError('read-only');
  }

  /** Tells the operator. */
  refuse(path: string, why: string): void {
    const shown = JSON.stringify(path.slice(0, longestQuote));
    this.#surroundings.context.refused('filesystem', `${shown} in ${this.grant.guest}: ${why}`);
  }

  #open(): Promise<Opened> {
    this.#opened ??= this.#openNow();
    return this.#opened;
  }

  async #openNow(): Promise<Opened> {
    const { context, io, handles } = this.#surroundings;
    const { host, maxBytes = defaultQuota.maxBytes, maxFiles = defaultQuota.maxFiles } = this.grant;
    if (host === undefined) throw new WitError('no-entry');
    const root = handles.keep(await openRoot(host));
    // Inode numbers are given again; with the time of birth they are one directory's.
    const { dev, ino, birthtimeNs } = await root.stat({ bigint: true });
    const identity = `${dev}:${ino}:${birthtimeNs}`;
    const onFull = () =>
      context.refused('filesystem-quota', `${this.grant.guest} may hold ${maxBytes} bytes and ${maxFiles} files`);
    const most = { bytes: maxBytes, files: maxFiles, onFull };
    const quota = this.isWritable ? new Quota(root, identity, most) : undefined;
    return { root, home: { io, handles, quota } };
  }
}

/** What the operator is to know of a refusal; undefined for errors that any program meets. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof LinkMet) return 'symbolic links are not followed';
  if (error instanceof KindRefused) return `${error.what} is not opened`;
  return error instanceof WitError && error.payload === 'not-permitted' ? 'it leads out of the directory' : undefined;
}
