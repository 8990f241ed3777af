/**
 * Transpiled components on disk, one folder each, named by a digest of component and toolchain.
 *
 * Safe under several processes and torn writes: a folder is written beside its place and renamed into it in
 * one step, and its index carries a digest of each file, checked at every read. What does not match is made
 * again. Whoever can write to the cache's folder can change what plugins do (inside their sandbox) and
 * what glue runs outside of it; so it is made for its owner alone.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ComponentFacts } from './component.ts';
import type { ModuleReport } from './messages.ts';

/** A transpiled component: what it is, and the files of its glue and core modules. */
export interface TranspiledComponent {
  readonly facts: ComponentFacts;
  /** What the rewriting pass found in each core module, by file. */
  readonly reports: Readonly<Record<string, ModuleReport>>;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

interface CacheIndex {
  readonly facts: ComponentFacts;
  readonly reports: Readonly<Record<string, ModuleReport>>;
  /** SHA-256 of each file, hex. */
  readonly files: Readonly<Record<string, string>>;
}

const indexFile = 'index.json';

export function digestOf(...parts: (Uint8Array | string)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/** What a `rename` fails with that lost a race. */
const taken: ReadonlySet<unknown> = new Set(['ENOTEMPTY', 'EEXIST', 'ENOENT']);

function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** Renames a folder; false where the new name is taken, or somebody else moved the old one. */
async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (taken.has(errorCode(error))) return false;
    throw error;
  }
}

/** Folders of one cache. The limit on its size is the disk's: entries are small and made once a component. */
export class ComponentCache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The entry of a key; made by `make` where there is none, or none that is whole, and kept if it is to be. */
  async get(key: string, make: () => Promise<TranspiledComponent>, keep = true): Promise<TranspiledComponent> {
    const cached = await this.#read(key);
    if (cached) return cached;
    const made = await make();
    if (keep) await this.#write(key, made);
    return made;
  }

  async #read(key: string): Promise<TranspiledComponent | undefined> {
    const folder = join(this.#folder, key);
    try {
      const index = JSON.parse(await readFile(join(folder, indexFile), 'utf8')) as CacheIndex;
      const files = new Map<string, Uint8Array>();
      for (const [name, digest] of Object.entries(index.files)) {
        const bytes = await readFile(join(folder, name));
        if (digestOf(bytes) !== digest) throw new SyntaxError(`${name} does not match its digest`);
        files.set(name, bytes);
      }
      return { facts: index.facts, reports: index.reports, files };
    } catch (error) {
      // Missing, cut short or changed: made again, and written over what is there.
      if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  async #write(key: string, component: TranspiledComponent): Promise<void> {
    const draft = join(this.#folder, `${key}.${randomUUID()}.tmp`);
    const place = join(this.#folder, key);
    await mkdir(draft, { recursive: true, mode: 0o700 });
    try {
      const files: Record<string, string> = {};
      for (const [name, bytes] of component.files) {
        files[name] = digestOf(bytes);
        await writeFile(join(draft, name), bytes);
      }
      const index: CacheIndex = { facts: component.facts, reports: component.reports, files };
      await writeFile(join(draft, indexFile), JSON.stringify(index));
      if (await moved(draft, place)) return;
      // Another process made the same entry just now, or a torn one stands there. A torn one is moved aside in
      // one step, like everything here, so that nobody reads it half removed.
      if (await this.#read(key)) return;
      await moved(place, `${draft}.torn`);
      await moved(draft, place);
    } finally {
      await rm(draft, { recursive: true, force: true });
      await rm(`${draft}.torn`, { recursive: true, force: true });
    }
  }
}
