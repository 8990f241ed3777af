/**
 * An open regular file, held by its descriptor and by the streams on it (`filesystem-streams.ts`). The last of them
 * closes it. What is written is counted before it is.
 */
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { type Io, WitError } from './capability.ts';
import type { Handles } from './filesystem-handles.ts';
import type { Quota } from './filesystem-quota.ts';
import { below } from './filesystem-walk.ts';

/** The most bytes that one call moves. */
export const mostBytes = 65_536;
/** The largest offset that the kernel knows. */
const largestOffset = 2n ** 63n - 1n;

/** What a file needs of the instance and directory that it belongs to. */
export interface FileHome {
  readonly io: Io;
  readonly handles: Handles;
  /** Unset in a directory that is read only. */
  readonly quota: Quota | undefined;
}

/** An open file, shared by a descriptor and the streams made of it. */
export class OpenFile {
  readonly home: FileHome;
  readonly handle: FileHandle;
  #users = 1;
  /** Opened with the first append: writes at its end in one step, whoever else writes. */
  #appending: Promise<FileHandle> | undefined;
  /** Up to where the file is counted, as of a generation of the count. */
  #counted = { generation: -1n, size: 0n };

  constructor(home: FileHome, handle: FileHandle) {
    this.home = home;
    this.handle = handle;
  }

  hold(): this {
    this.#users++;
    return this;
  }

  /** Closes the file with its last user. */
  release(): void {
    if (--this.#users > 0) return;
    this.home.handles.close(this.handle);
    void this.#appending?.then(
      (handle) => this.home.handles.close(handle),
      () => undefined,
    );
  }

  async read(most: number, offset: bigint): Promise<Uint8Array> {
    if (offset > largestOffset) throw new WitError('invalid');
    const buffer = new Uint8Array(Math.min(most, mostBytes));
    const { bytesRead } = await this.handle.read(buffer, 0, buffer.byteLength, offset);
    return buffer.subarray(0, bytesRead);
  }

  /** Writes at an offset, or at the end where none is given. Answers how much was written. */
  async write(bytes: Uint8Array, offset: bigint | undefined): Promise<number> {
    const length = BigInt(bytes.byteLength);
    if (offset !== undefined && offset + length > largestOffset) throw new WitError('file-too-large');
    const write = async (handle: FileHandle) => {
      // Node knows no bigint offsets for writing; above them no quota reaches.
      const position = offset === undefined ? null : Number(offset);
      return (await handle.write(bytes, 0, bytes.byteLength, position)).bytesWritten;
    };
    if (offset !== undefined) return this.#growing(offset + length, () => write(this.handle));
    return this.#quota().growing(length, 0n, async () => write(await this.#appendHandle()));
  }

  async setSize(size: bigint): Promise<void> {
    if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw new WitError('file-too-large');
    await this.#growing(size, () => this.handle.truncate(Number(size)));
  }

  /** Does `use`, after which the file may reach up to `end`. */
  async #growing<T>(end: bigint, use: () => Promise<T>): Promise<T> {
    const quota = this.#quota();
    const { generation } = quota;
    let counted = this.#counted.generation === generation ? this.#counted.size : 0n;
    if (end > counted) {
      const { size } = await this.handle.stat({ bigint: true });
      if (size > counted) counted = size;
    }
    const answer = await quota.growing(end > counted ? end - counted : 0n, 0n, use);
    this.#counted = { generation, size: end > counted ? end : counted };
    return answer;
  }

  #quota(): Quota {
    if (!this.home.quota) throw new WitError('read-only');
    return this.home.quota;
  }

  #appendHandle(): Promise<FileHandle> {
    this.#appending ??= this.home.handles.open(below(this.handle), constants.O_WRONLY | constants.O_APPEND);
    return this.#appending;
  }
}
