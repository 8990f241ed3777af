/**
 * What plugins may keep in a granted directory: bytes of all files, and how many files and directories.
 *
 * The count is one for all instances in all threads of the process, in shared memory, and errs on the safe side: what
 * grows is added before it grows, what shrinks is not taken off. When something no longer fits, the directory is
 * looked through and the count begins anew from what is there. Looks take a tenth of the time at most (see
 * {@link pauses}); until then the instance waits. So a plugin that writes and deletes can go on for ever, and no race between instances lets them keep
 * more than they may, but for writes (64 KiB each) that cross a look through with a truncation of the same file.
 * What other processes write is seen with the next look.
 */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { WitError } from './capability.ts';
import { look } from './filesystem-look.ts';

/** How many times as long as a look the pause after it is, in one thread; and the longest one, in milliseconds. */
const pauses = 10;
const longestPause = 500;
const mostDirectories = 1024;

/** The cells of one directory: what was added ever, what of it is under way, and the count to add it to. */
const key = 0;
const addedBytes = 1;
const flyingBytes = 2;
const baseBytes = 3;
const addedFiles = 4;
const flyingFiles = 5;
const baseFiles = 6;
/** How often it was looked through; 0: never, so the base is nothing. */
const looks = 7;
/** Renames ever, and those under way: a look that crosses one may miss what was moved, and does not count. */
const renames = 8;
const flyingRenames = 9;
const cellsEach = 16;

let ledger = new BigInt64Array(makeLedger());

/** Memory for the counts of all directories, to be shared by all threads. */
export function makeLedger(): SharedArrayBuffer {
  return new SharedArrayBuffer(mostDirectories * cellsEach * BigInt64Array.BYTES_PER_ELEMENT);
}

/** Makes this thread count where the others do. Call it before anything is counted. */
export function shareLedger(memory: SharedArrayBuffer): void {
  ledger = new BigInt64Array(memory);
}

/** The cells of the directory with this identity. */
function cellsOf(identity: string): BigInt64Array<SharedArrayBuffer> {
  const own = createHash('sha256').update(identity).digest().readBigInt64LE() || 1n;
  const first = Number(BigInt.asUintN(32, own)) % mostDirectories;
  for (let step = 0; step < mostDirectories; step++) {
    const at = ((first + step) % mostDirectories) * cellsEach;
    const there = Atomics.compareExchange(ledger, at + key, 0n, own);
    if (there === 0n || there === own) return ledger.subarray(at, at + cellsEach);
  }
  throw new WitError('insufficient-memory');
}

/** The most that a plugin may keep. */
export interface Most {
  readonly bytes: number;
  readonly files: number;
  /** Something did not fit. */
  onFull(): void;
}

/** What one plugin may keep in one directory. */
export class Quota {
  readonly #root: FileHandle;
  readonly #cells: BigInt64Array<SharedArrayBuffer>;
  readonly #maxBytes: bigint;
  readonly #maxFiles: bigint;
  readonly #onFull: () => void;

  constructor(root: FileHandle, identity: string, most: Most) {
    this.#root = root;
    this.#cells = cellsOf(identity);
    this.#maxBytes = BigInt(most.bytes);
    this.#maxFiles = BigInt(most.files);
    this.#onFull = most.onFull;
  }

  /** Changes when the count began anew: what was added for a file before may no longer be counted. */
  get generation(): bigint {
    return Atomics.load(this.#cells, looks);
  }

  /** Does `use` with room for so many more bytes and files. Throws the WASI error `quota` where there is none. */
  async growing<T>(bytes: bigint, files: bigint, use: () => Promise<T>): Promise<T> {
    await this.#take(bytes, files);
    try {
      return await use();
    } finally {
      this.#land(bytes, files);
    }
  }

  /** Does `use`, which renames something. */
  async renaming<T>(use: () => Promise<T>): Promise<T> {
    Atomics.add(this.#cells, flyingRenames, 1n);
    Atomics.add(this.#cells, renames, 1n);
    try {
      return await use();
    } finally {
      Atomics.sub(this.#cells, flyingRenames, 1n);
    }
  }

  async #take(bytes: bigint, files: bigint): Promise<void> {
    if (this.generation === 0n && bytes + files > 0n) await this.#look();
    if (this.#tryTake(bytes, files)) return;
    await this.#look();
    if (this.#tryTake(bytes, files)) return;
    this.#onFull();
    throw new WitError('quota');
  }

  /** What is taken counts as under way until it has landed. */
  #tryTake(bytes: bigint, files: bigint): boolean {
    Atomics.add(this.#cells, flyingBytes, bytes);
    Atomics.add(this.#cells, flyingFiles, files);
    const fits =
      this.#add(addedFiles, baseFiles, files, this.#maxFiles) &&
      this.#add(addedBytes, baseBytes, bytes, this.#maxBytes);
    if (!fits) this.#land(bytes, files);
    return fits;
  }

  #land(bytes: bigint, files: bigint): void {
    Atomics.sub(this.#cells, flyingBytes, bytes);
    Atomics.sub(this.#cells, flyingFiles, files);
  }

  /** Adds where it fits, in one step. Nothing always fits, also where there is too much already. */
  #add(added: number, base: number, amount: bigint, most: bigint): boolean {
    const cells = this.#cells;
    for (;;) {
      const before = Atomics.load(cells, added);
      if (amount > 0n && Atomics.load(cells, base) + before + amount > most) return false;
      if (Atomics.compareExchange(cells, added, before, before + amount) === before) return true;
    }
  }

  /** Looks the directory through, or waits for the look that this thread has under way. */
  async #look(): Promise<void> {
    const slot = this.#cells.byteOffset;
    let current = underWay.get(slot);
    if (!current) {
      current = this.#lookNow().finally(() => underWay.delete(slot));
      underWay.set(slot, current);
    }
    return current;
  }

  async #lookNow(): Promise<void> {
    const cells = this.#cells;
    const wait = (nextLook.get(cells.byteOffset) ?? 0) - performance.now();
    if (wait > 0) await setTimeout(wait);
    const start = performance.now();
    const moved = Atomics.load(cells, renames);
    const isMoving = Atomics.load(cells, flyingRenames) > 0n;
    const bytesBefore = Atomics.load(cells, addedBytes) - Atomics.load(cells, flyingBytes);
    const filesBefore = Atomics.load(cells, addedFiles) - Atomics.load(cells, flyingFiles);
    const found = await look(this.#root);
    const end = performance.now();
    nextLook.set(cells.byteOffset, end + Math.min(longestPause, pauses * (end - start)));
    if (isMoving || Atomics.load(cells, renames) !== moved) return;
    Atomics.store(cells, baseBytes, found.bytes - bytesBefore);
    Atomics.store(cells, baseFiles, found.files - filesBefore);
    Atomics.add(cells, looks, 1n);
  }
}

/** Of this thread, by the place of a directory's cells. */
const underWay = new Map<number, Promise<void>>();
const nextLook = new Map<number, number>();
