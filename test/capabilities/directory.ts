/** A granted directory of the host, and the descriptor that a plugin has of it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DirectoryGrant } from '../../runtime/model/grant.ts';
import { type FakeInstance, fakeInstance } from './instance.ts';

/** wasi:filesystem/types' descriptor, as much of it as tests use. */
export interface TestDescriptor {
  openAt(pathFlags: object, path: string, openFlags: object, flags: object): Promise<TestDescriptor>;
  read(length: bigint, offset: bigint): Promise<[Uint8Array, boolean]>;
  write(bytes: Uint8Array, offset: bigint): Promise<bigint>;
  stat(): Promise<{ type: string; size: bigint; dataModificationTimestamp: { nanoseconds: number } }>;
  statAt(pathFlags: object, path: string): Promise<{ type: string; size: bigint }>;
  setSize(size: bigint): Promise<void>;
  setTimesAt(pathFlags: object, path: string, access: object, modification: object): Promise<void>;
  createDirectoryAt(path: string): Promise<void>;
  removeDirectoryAt(path: string): Promise<void>;
  unlinkFileAt(path: string): Promise<void>;
  renameAt(path: string, other: TestDescriptor, newPath: string): Promise<void>;
  linkAt(pathFlags: object, path: string, other: TestDescriptor, newPath: string): void;
  symlinkAt(target: string, path: string): void;
  readlinkAt(path: string): Promise<string>;
  readDirectory(): Promise<{ readDirectoryEntry(): Promise<{ name: string; type: string } | undefined> }>;
  readViaStream(offset: bigint): { blockingRead(length: bigint): Uint8Array | Promise<Uint8Array> };
  writeViaStream(offset: bigint): { blockingWriteAndFlush(bytes: Uint8Array): void | Promise<void> };
  appendViaStream(): { blockingWriteAndFlush(bytes: Uint8Array): void | Promise<void> };
  isSameObject(other: TestDescriptor): Promise<boolean>;
  [Symbol.dispose](): void;
}

/** A folder with `inside/` (to be granted) and `secret` beside it. */
export class Sandbox {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'bulkhead-files-'));
  readonly inside: string = join(this.folder, 'inside');
  readonly secret: string = join(this.folder, 'secret');
  readonly #instances: FakeInstance[] = [];

  constructor() {
    mkdirSync(this.inside);
    writeFileSync(this.secret, 'secret');
  }

  /** The directory as a new instance is given it. */
  open(grant: Partial<DirectoryGrant> = {}): { root: TestDescriptor; instance: FakeInstance } {
    const whole: DirectoryGrant = { guest: '/data', host: this.inside, access: 'read-write', ...grant };
    const instance = fakeInstance({ filesystem: [whole] });
    this.#instances.push(instance);
    return { root: preopened(instance)[0]?.[0] as TestDescriptor, instance };
  }

  remove(): void {
    for (const instance of this.#instances) instance.dispose();
    rmSync(this.folder, { recursive: true });
  }
}

export function preopened(instance: FakeInstance): [TestDescriptor, string][] {
  const { getDirectories } = instance.imports['wasi:filesystem/preopens'] as {
    getDirectories(): [TestDescriptor, string][];
  };
  return getDirectories();
}

const write = { write: true };
const create = { create: true };

/** Writes a file as a plugin would. */
export async function put(root: TestDescriptor, path: string, text: string): Promise<void> {
  const file = await root.openAt({}, path, create, write);
  try {
    await file.write(Buffer.from(text), 0n);
  } finally {
    file[Symbol.dispose]();
  }
}

/** Reads a file as a plugin would. */
export async function get(root: TestDescriptor, path: string): Promise<string> {
  const file = await root.openAt({ symlinkFollow: true }, path, {}, { read: true });
  try {
    return Buffer.from((await file.read(65_536n, 0n))[0]).toString();
  } finally {
    file[Symbol.dispose]();
  }
}

/** The names in a directory, sorted. */
export async function names(directory: TestDescriptor): Promise<string[]> {
  const stream = await directory.readDirectory();
  const found: string[] = [];
  for (let entry = await stream.readDirectoryEntry(); entry; entry = await stream.readDirectoryEntry()) {
    found.push(entry.name);
  }
  return found.sort();
}
