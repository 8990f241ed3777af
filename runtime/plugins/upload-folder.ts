/**
 * The folder of uploaded plugins: one folder each, with the component, its manifest and what was said of it.
 *
 * An upload is written into a draft beside the others and renamed into its place in one step, so that a process that
 * dies leaves either all of it or a draft, which the next start clears away. The folder is one server's own.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BulkheadError } from '../errors.ts';
import { manifestNameFor } from './manifest.ts';
import { runnerIdOf } from './registry.ts';

/** What is known of an upload; a file of its folder. */
export interface UploadFacts {
  readonly name: string;
  /** SHA-256 of the component, hex. */
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Milliseconds since 1970. */
  readonly uploadedAt: number;
}

const componentFile = 'plugin.wasm';
const factsFile = 'upload.json';
const draftMark = '.draft-';
/** The upload that is being replaced. */
const oldMark = '.old-';

/** An upload that is not in its place yet. */
export interface Draft {
  readonly folder: string;
  /** Where the component goes. */
  readonly component: string;
}

export class UploadFolder {
  readonly path: string;

  /** Throws `config-invalid` where the folder cannot be used. */
  static async open(path: string): Promise<UploadFolder> {
    const folder = new UploadFolder(resolve(path));
    try {
      await mkdir(folder.path, { recursive: true, mode: 0o700 });
      await folder.#recover();
      return folder;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new BulkheadError('config-invalid', `the upload folder ${path} cannot be used: ${why}`, { cause: error });
    }
  }

  private constructor(path: string) {
    this.path = path;
  }

  /** The folder of each upload. */
  async folders(): Promise<string[]> {
    const entries = await readdir(this.path, { withFileTypes: true });
    const uploads = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
    return uploads.map(({ name }) => join(this.path, name)).sort();
  }

  /** Ordered by name. What has no readable facts is left out. */
  async list(): Promise<UploadFacts[]> {
    const all = await Promise.all((await this.folders()).map(readFacts));
    return all.filter((facts) => facts !== undefined).sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  /** Where the component of that name is, or would be. */
  componentOf(name: string): string {
    return join(this.#place(name), componentFile);
  }

  async has(name: string): Promise<boolean> {
    return isThere(this.#place(name));
  }

  /** Begins an upload; {@link discard} it in the end, whatever became of it. */
  async draft(): Promise<Draft> {
    const folder = join(this.path, `${draftMark}${randomUUID()}`);
    await mkdir(folder, { mode: 0o700 });
    return { folder, component: join(folder, componentFile) };
  }

  async discard({ folder }: Draft): Promise<void> {
    await rm(folder, { recursive: true, force: true });
  }

  async writeManifest({ folder }: Draft, text: string): Promise<void> {
    await writeFile(join(folder, manifestNameFor(text)), text, { flush: true });
  }

  /** Puts a complete draft into its place, where an upload of that name may be already. Answers the component's path. */
  async commit(draft: Draft, facts: UploadFacts): Promise<string> {
    await writeFile(join(draft.folder, factsFile), JSON.stringify(facts), { flush: true });
    await flushFolder(draft.folder);
    const place = this.#place(facts.name);
    const old = this.#old(place);
    const replaces = await isThere(place);
    if (replaces) await rename(place, old);
    try {
      await rename(draft.folder, place);
    } catch (error) {
      if (replaces) await rename(old, place);
      throw error;
    }
    await flushFolder(this.path);
    if (replaces) await rm(old, { recursive: true });
    return join(place, componentFile);
  }

  /** Whether there was one. */
  async remove(name: string): Promise<boolean> {
    const place = this.#place(name);
    if (!(await isThere(place))) return false;
    // In one step, so that no half of it can be found at the next start.
    const gone = join(this.path, `${draftMark}${randomUUID()}`);
    await rename(place, gone);
    await flushFolder(this.path);
    await rm(gone, { recursive: true });
    return true;
  }

  /** A name that every file system takes, and no other plugin has. */
  #place(name: string): string {
    const readable = name.replaceAll(/[^A-Za-z0-9_-]+/g, '-').slice(0, 40);
    return join(this.path, `${readable}-${runnerIdOf(name).toString(16).padStart(16, '0')}`);
  }

  #old(place: string): string {
    return join(this.path, `${oldMark}${place.slice(this.path.length + 1)}`);
  }

  /** Clears away what an earlier process left in the middle. */
  async #recover(): Promise<void> {
    for (const name of await readdir(this.path)) {
      const path = join(this.path, name);
      const place = join(this.path, name.slice(oldMark.length));
      if (name.startsWith(oldMark) && !(await isThere(place))) await rename(path, place);
      else if (name.startsWith(draftMark) || name.startsWith(oldMark)) await rm(path, { recursive: true });
    }
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/** Names that were changed in a folder survive the machine only after this. */
async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function readFacts(folder: string): Promise<UploadFacts | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, factsFile), 'utf8')) as UploadFacts;
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Error && 'code' in error && error.code === 'ENOENT'))
      return undefined;
    throw error;
  }
}
