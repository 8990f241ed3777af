/**
 * The descriptors of the host that one instance holds.
 *
 * Paths are named by the numbers of descriptors, and a number that is closed is soon another file's. So nothing is
 * closed while an operation of the instance is under way, not even when the instance ends in the middle of one: what
 * is to be closed waits for the last of them.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { WitError } from './capability.ts';

/** A descriptor of the host: of a file, or of a directory that is listed. */
interface Closable {
  close(): Promise<void>;
}

export class Handles {
  readonly #open = new Set<Closable>();
  #closing: Closable[] = [];
  #underWay = 0;
  #isDisposed = false;

  /** Does `use`, during which nothing is closed. */
  async during<T>(use: () => Promise<T>): Promise<T> {
    if (this.#isDisposed) throw new WitError('bad-descriptor');
    this.#underWay++;
    try {
      return await use();
    } finally {
      this.#underWay--;
      this.#closeWaiting();
    }
  }

  /** Opens a file that the instance holds from now on. Only while {@link during} is. */
  async open(path: string, flags: number, mode?: number): Promise<FileHandle> {
    return this.keep(await open(path, flags, mode));
  }

  /** Takes over a descriptor. */
  keep<Handle extends Closable>(handle: Handle): Handle {
    this.#open.add(handle);
    // The instance ended while it was opened.
    if (this.#isDisposed) this.close(handle);
    return handle;
  }

  /** Closes it as soon as nothing is under way. */
  close(handle: Closable): void {
    if (!this.#open.delete(handle)) return;
    this.#closing.push(handle);
    this.#closeWaiting();
  }

  /** Closes everything, and takes no more operations. */
  dispose(): void {
    this.#isDisposed = true;
    for (const handle of [...this.#open]) this.close(handle);
  }

  #closeWaiting(): void {
    if (this.#underWay > 0) return;
    const handles = this.#closing;
    this.#closing = [];
    // A descriptor that cannot be closed was only read, or its error was told by the write.
    for (const handle of handles) handle.close().catch(() => undefined);
  }
}
