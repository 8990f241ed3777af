/** The resource classes of wasi:filesystem/types, made for one instance. */
import { type FileHandle, lstat, mkdir, opendir, rename, rmdir, unlink, utimes } from 'node:fs/promises';
import { type InstanceContext, type Io, WitError } from './capability.ts';
import { describeStats, metadataHash, type NewTime, secondsOf, timeStep, typeOf } from './filesystem-facts.ts';
import { OpenFile } from './filesystem-file.ts';
import type { Granted } from './filesystem-granted.ts';
import { type DescriptorFlags, type OpenFlags, openAt } from './filesystem-open.ts';
import { FileSink, FileSource } from './filesystem-streams.ts';
import { below, LinkMet, openPlace, type Place } from './filesystem-walk.ts';

type PathFlags = { readonly symlinkFollow?: boolean };

/** What a descriptor stands for. A directory without a handle is the granted one itself. */
type Node =
  | { readonly kind: 'file'; readonly file: OpenFile; readonly flags: DescriptorFlags }
  | { readonly kind: 'directory'; readonly handle: FileHandle | undefined };

/** The name to be made, removed or renamed; `.` and what ends in `..` are none. */
function nameOf({ name }: Place, otherwise: string): string {
  if (name === undefined) throw new WitError(otherwise);
  return name;
}

async function setTimes(handle: FileHandle, access: NewTime, modification: NewTime): Promise<void> {
  const { atime, mtime } = await handle.stat();
  await utimes(below(handle), secondsOf(access, atime), secondsOf(modification, mtime));
}

/** Does `use` with what a place stands for, held for as long, symbolic links excepted. */
async function holding<T>({ directory, name }: Place, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  if (name === undefined) return use(directory);
  const handle = await openPlace(directory, name);
  try {
    if ((await handle.stat()).isSymbolicLink()) throw new LinkMet(name);
    return await use(handle);
  } finally {
    await handle.close();
  }
}

async function statsAt({ directory, name, isDirectory }: Place, follow: boolean | undefined) {
  if (name === undefined) return directory.stat({ bigint: true });
  const stats = await lstat(below(directory, name), { bigint: true });
  if (stats.isSymbolicLink() && (follow || isDirectory)) throw new LinkMet(name);
  if (isDirectory && !stats.isDirectory()) throw new WitError('not-directory');
  return stats;
}

/** The directory that a listing is of, open for reading. */
type Listing = Awaited<ReturnType<typeof opendir>>;

export function createDescriptors(context: InstanceContext, io: Io) {
  const step = timeStep(context.grants);

  class DirectoryEntryStream extends io.Resource {
    readonly #granted: Granted;
    readonly #listing: Listing;

    constructor(granted: Granted, listing: Listing) {
      super();
      this.#granted = granted;
      this.#listing = listing;
    }
    async readDirectoryEntry(): Promise<{ type: string; name: string } | undefined> {
      return this.#granted.using(async () => {
        const entry = await this.#listing.read();
        return entry === null ? undefined : { type: typeOf(entry), name: entry.name };
      });
    }
    override [Symbol.dispose](): void {
      this.#granted.handles.close(this.#listing);
      super[Symbol.dispose]();
    }
  }

  class Descriptor extends io.Resource {
    readonly granted: Granted;
    readonly #node: Node;

    constructor(granted: Granted, node: Node) {
      super();
      this.granted = granted;
      this.#node = node;
    }

    get file(): OpenFile {
      if (this.#node.kind === 'directory') throw new WitError('is-directory');
      return this.#node.file;
    }
    /** The directory that paths begin at; undefined: the granted one. */
    get start(): FileHandle | undefined {
      if (this.#node.kind === 'file') throw new WitError('not-directory');
      return this.#node.handle;
    }
    /** Does `use` with the descriptor's own handle. */
    async self<T>(use: (handle: FileHandle) => Promise<T>): Promise<T> {
      const node = this.#node;
      return this.granted.using(({ root }) => use(node.kind === 'file' ? node.file.handle : (node.handle ?? root)));
    }
    /** The file, to be written to. */
    get writable(): OpenFile {
      const { file } = this;
      if (this.#node.kind === 'file' && !this.#node.flags.write) throw new WitError('bad-descriptor');
      return file;
    }

    readViaStream(offset: bigint): object {
      return io.input(new FileSource(this.file.hold(), offset));
    }
    writeViaStream(offset: bigint): object {
      return io.output(new FileSink(this.writable.hold(), offset));
    }
    appendViaStream(): object {
      return io.output(new FileSink(this.writable.hold(), undefined));
    }
    advise(): void {}
    async syncData(): Promise<void> {
      return this.self((handle) => (this.#node.kind === 'file' ? handle.datasync() : Promise.resolve()));
    }
    async sync(): Promise<void> {
      return this.self((handle) => (this.#node.kind === 'file' ? handle.sync() : Promise.resolve()));
    }
    getFlags(): DescriptorFlags {
      return this.#node.kind === 'file' ? this.#node.flags : { read: true, mutateDirectory: this.granted.isWritable };
    }
    getType(): string {
      return this.#node.kind === 'file' ? 'regular-file' : 'directory';
    }
    async setSize(size: bigint): Promise<void> {
      return this.self(() => this.writable.setSize(size));
    }
    async setTimes(access: NewTime, modification: NewTime): Promise<void> {
      return this.granted.change(undefined, '.', () => this.self((handle) => setTimes(handle, access, modification)));
    }
    async read(length: bigint, offset: bigint): Promise<[Uint8Array, boolean]> {
      const most = length > 65_536n ? 65_536 : Number(length);
      const bytes = await this.self(() => this.file.read(most, offset));
      return [bytes, bytes.byteLength < most];
    }
    async write(buffer: Uint8Array, offset: bigint): Promise<bigint> {
      return BigInt(await this.self(() => this.writable.write(buffer.slice(), offset)));
    }
    async readDirectory(): Promise<DirectoryEntryStream> {
      return this.granted.using(async ({ root }) => {
        const listing = await opendir(below(this.start ?? root), { bufferSize: 64 });
        return new DirectoryEntryStream(this.granted, this.granted.handles.keep(listing));
      });
    }
    async createDirectoryAt(path: string): Promise<void> {
      return this.granted.change(this.start, path, async (place, { quota }) => {
        const name = nameOf(place, 'exist');
        await quota?.growing(0n, 1n, () => mkdir(below(place.directory, name)));
      });
    }
    async stat(): Promise<Record<string, unknown>> {
      return this.self(async (handle) => describeStats(await handle.stat({ bigint: true }), step));
    }
    async statAt(flags: PathFlags, path: string): Promise<Record<string, unknown>> {
      return this.granted.at(this.start, path, async (place) =>
        describeStats(await statsAt(place, flags.symlinkFollow), step),
      );
    }
    async setTimesAt(_: PathFlags, path: string, access: NewTime, modification: NewTime): Promise<void> {
      return this.granted.change(this.start, path, (place) =>
        holding(place, (handle) => setTimes(handle, access, modification)),
      );
    }
    linkAt(_: PathFlags, path: string): never {
      this.granted.refuse(path, 'hard links are not made');
      throw new WitError('not-permitted');
    }
    symlinkAt(_: string, path: string): never {
      this.granted.refuse(path, 'symbolic links are not made');
      throw new WitError('not-permitted');
    }
    /** For `canonicalize`, which asks it of every component: what is no link is said to be none. */
    async readlinkAt(path: string): Promise<string> {
      return this.granted.at(this.start, path, async (place) => {
        await statsAt(place, true);
        throw new WitError('invalid');
      });
    }
    async openAt(_: PathFlags, path: string, open: OpenFlags, flags: DescriptorFlags): Promise<Descriptor> {
      const changes = open.create || open.truncate || flags.write;
      const find = changes ? this.granted.change.bind(this.granted) : this.granted.at.bind(this.granted);
      return find(this.start, path, async (place, home) => {
        const { kind, handle } = await openAt(home, place, { open, flags });
        return new Descriptor(
          this.granted,
          kind === 'file' ? { kind, file: new OpenFile(home, handle), flags } : { kind, handle },
        );
      });
    }
    async removeDirectoryAt(path: string): Promise<void> {
      return this.granted.change(this.start, path, (place) => rmdir(below(place.directory, nameOf(place, 'invalid'))));
    }
    async unlinkFileAt(path: string): Promise<void> {
      return this.granted.change(this.start, path, (place) => {
        if (place.isDirectory) throw new WitError('is-directory');
        return unlink(below(place.directory, nameOf(place, 'is-directory')));
      });
    }
    async renameAt(path: string, other: Descriptor, newPath: string): Promise<void> {
      if (other.granted !== this.granted) throw new WitError('cross-device');
      return this.granted.change(this.start, path, (from, { quota }) =>
        this.granted.change(other.start, newPath, async (to) => {
          const [source, target] = [from, to].map((place) => below(place.directory, nameOf(place, 'busy')));
          await quota?.renaming(() => rename(source as string, target as string));
        }),
      );
    }
    /** Answers no error, so it may not fail: what cannot be looked at is nothing else's equal. */
    isSameObject(other: Descriptor): Promise<boolean> {
      const identity = (of: Descriptor) => of.self(async (handle) => metadataHash(await handle.stat({ bigint: true })));
      return Promise.all([identity(this), identity(other)]).then(
        ([left, right]) => left.lower === right.lower && left.upper === right.upper,
        () => false,
      );
    }
    async metadataHash(): Promise<object> {
      return this.self(async (handle) => metadataHash(await handle.stat({ bigint: true })));
    }
    async metadataHashAt(flags: PathFlags, path: string): Promise<object> {
      return this.granted.at(this.start, path, async (place) =>
        metadataHash(await statsAt(place, flags.symlinkFollow)),
      );
    }
    override [Symbol.dispose](): void {
      if (this.#node.kind === 'file') this.#node.file.release();
      else if (this.#node.handle) this.granted.handles.close(this.#node.handle);
      super[Symbol.dispose]();
    }
  }

  /**
   * A granted directory as the plugin is given it. Given before the first job, it is part of the state that a reset
   * goes back to, and counts as no handle; dropping such a one cannot be undone, so it counts as one for ever.
   */
  class Preopened extends Descriptor {
    readonly #isOfState = context.currentJob() === undefined;

    constructor(granted: Granted) {
      super(granted, { kind: 'directory', handle: undefined });
      if (this.#isOfState) context.handle(-1);
    }
    override [Symbol.dispose](): void {
      super[Symbol.dispose]();
      if (this.#isOfState) for (let twice = 0; twice < 2; twice++) context.handle(1);
    }
  }

  return { Descriptor, DirectoryEntryStream, Preopened };
}
