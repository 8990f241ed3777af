/** Plugin management of a single process: files of the operator's folders, and uploads in a folder of their own. */
import { BulkheadError } from '../errors.ts';
import type { UploadHead } from '../model/messages.gen.ts';
import type { LogSink } from '../telemetry/events.ts';
import type { RunnerPlugin } from './catalogue.ts';
import type { PluginManagement, StoredUpload, Uploaded } from './management.ts';
import { locateComponent } from './plugin-files.ts';
import { receive } from './receive.ts';
import { type Examined, nameTaken, type PluginRegistry, runnerIdOf } from './registry.ts';
import type { Draft, UploadFolder } from './upload-folder.ts';

/** What the desk works with. */
export interface PluginDeskParts {
  readonly registry: PluginRegistry;
  /** The operator hears of every change. */
  readonly log: LogSink;
  /** Where files may be registered. */
  readonly folders: readonly string[];
  /** Missing: nothing can be uploaded. */
  readonly uploads?: UploadFolder;
  /** Largest component that is taken, in bytes. Default: 64 MiB. */
  readonly maxUploadBytes?: number;
  /** Longest wait for the next chunk of an upload, in milliseconds. Default: 30,000. */
  readonly idleMs?: number;
}

/** Uploads that may be received at the same time; each may take its disk space. */
const mostReceiving = 4;
/** Changes that may wait for the one under way, which may last as long as a plugin takes to be compiled and described. */
const mostWaiting = 16;
/** Longest manifest, in UTF-16 units. */
const longestManifest = 65_536;

/** See {@link PluginManagement}. */
export class PluginDesk implements PluginManagement {
  readonly #parts: PluginDeskParts;
  /** The end of the last change: changes wait for each other. */
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #receiving = 0;

  constructor(parts: PluginDeskParts) {
    this.#parts = parts;
  }

  async register(name: string, definition: string): Promise<RunnerPlugin> {
    const { registry, folders } = this.#parts;
    if (name === '') throw missing('name');
    if (definition === '') throw missing('definition');
    return await this.#inTurn(async () => {
      const twin = registry.byName(name);
      if (twin) throw nameTaken(twin);
      const examined = await registry.examine(await locateComponent(folders, definition));
      this.#checkName(examined, name);
      registry.add(examined.runner);
      this.#tell(examined, 'a plugin is served');
      return examined.runner;
    });
  }

  unload(id: bigint): Promise<boolean> {
    return this.#inTurn(async () => {
      const { registry, log } = this.#parts;
      const name = registry.byId(id)?.plugin.runner.name;
      if (!registry.remove(id)) return false;
      log({ level: 'info', message: 'a plugin is not served any more', fields: { plugin: name } });
      return true;
    });
  }

  async upload(head: UploadHead, chunks: AsyncIterable<Uint8Array>): Promise<Uploaded> {
    const uploads = this.#uploads();
    const checked = checkHead(head);
    await this.#checkFree(uploads, head);
    if (this.#receiving >= mostReceiving)
      throw new BulkheadError(
        'queue-full',
        `${mostReceiving} uploads are under way, which is the limit; try again later`,
      );
    this.#receiving++;
    let draft: Draft | undefined;
    try {
      draft = await uploads.draft();
      return await this.#take(uploads, draft, checked, chunks);
    } finally {
      this.#receiving--;
      if (draft) await uploads.discard(draft);
    }
  }

  async uploads(): Promise<readonly StoredUpload[]> {
    const uploads = this.#uploads();
    return (await uploads.list()).map((facts) => {
      const runner = this.#servedFrom(uploads, facts.name);
      return runner ? { ...facts, runner } : facts;
    });
  }

  async removeUpload(name: string): Promise<void> {
    const uploads = this.#uploads();
    await this.#inTurn(async () => {
      if (this.#servedFrom(uploads, name)) this.#parts.registry.remove(runnerIdOf(name));
      if (!(await uploads.remove(name)))
        throw new BulkheadError('runner-not-found', `no plugin '${name}' was uploaded`, { details: { name } });
      this.#parts.log({ level: 'info', message: 'an uploaded plugin was removed', fields: { plugin: name } });
    });
  }

  /** From the first byte to the plugin that is served. */
  async #take(
    uploads: UploadFolder,
    draft: Draft,
    head: UploadHead,
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<Uploaded> {
    const { maxUploadBytes: maxBytes = 64 * 1024 * 1024, idleMs = 30_000, registry } = this.#parts;
    const { name, sha256, manifest } = head;
    const sizeBytes = await receive(chunks, draft.component, { sha256, maxBytes, idleMs });
    if (manifest !== undefined) await uploads.writeManifest(draft, manifest);
    return await this.#inTurn(async () => {
      // It may have been taken since the upload began.
      await this.#checkFree(uploads, head);
      const examined = await registry.examine(draft.component, { cache: false });
      this.#checkName(examined, name);
      try {
        const path = await uploads.commit(draft, { name, sha256, sizeBytes, uploadedAt: Date.now() });
        const runner = { ...examined.runner, plugin: { ...examined.runner.plugin, path } };
        registry.replace(runner);
        this.#tell({ ...examined, runner }, 'a plugin was uploaded and is served');
        return { runner, notGranted: examined.notGranted };
      } catch (thrown) {
        registry.drop(examined.runner);
        throw thrown;
      }
    });
  }

  #tell({ runner, notGranted, lowered }: Examined, message: string): void {
    const { path, digest } = runner.plugin;
    const fields = { plugin: runner.plugin.runner.name, path, digest, 'not granted': notGranted.join(', ') };
    this.#parts.log({ level: 'info', message, fields });
    for (const note of lowered) this.#parts.log({ level: 'warn', message: note });
  }

  /** Drops the plugin where it calls itself otherwise. */
  #checkName({ runner }: Examined, name: string): void {
    const { name: own } = runner.plugin.runner;
    if (own === name) return;
    this.#parts.registry.drop(runner);
    throw invalid('name', `must be '${own}', as the plugin calls itself, got '${name}'`);
  }

  /** Throws `runner-exists` where the name is taken by what an upload may not replace. */
  async #checkFree(uploads: UploadFolder, { name, replace }: UploadHead): Promise<void> {
    const twin = this.#parts.registry.byName(name);
    if (twin && !this.#servedFrom(uploads, name)) throw nameTaken(twin);
    if (!replace && (twin || (await uploads.has(name))))
      throw new BulkheadError('runner-exists', `a plugin '${name}' was uploaded already: set replace to replace it`, {
        details: { name },
      });
  }

  /** The plugin of that name, if it is the uploaded one that is served. */
  #servedFrom(uploads: UploadFolder, name: string): RunnerPlugin | undefined {
    const runner = this.#parts.registry.byName(name);
    return runner?.plugin.path === uploads.componentOf(name) ? runner : undefined;
  }

  #uploads(): UploadFolder {
    if (this.#parts.uploads) return this.#parts.uploads;
    throw new BulkheadError(
      'uploads-off',
      'this server takes no uploads: its operator has to name a folder for them (serve --uploads DIR, BULKHEAD_UPLOADS, or plugins.uploads of the configuration file)',
    );
  }

  async #inTurn<T>(change: () => Promise<T>): Promise<T> {
    if (this.#waiting >= mostWaiting)
      throw new BulkheadError('queue-full', `${mostWaiting} changes of plugins wait already; try again later`);
    this.#waiting++;
    const done = this.#last.then(change).finally(() => this.#waiting--);
    this.#last = done.catch(() => undefined); // the caller of `change` hears of it
    return await done;
  }
}

function checkHead(head: UploadHead): UploadHead {
  if (head.name === '') throw missing('name');
  if (head.sha256 === '') throw missing('sha256');
  const sha256 = head.sha256.toLowerCase();
  if (!/^[\da-f]{64}$/.test(sha256)) throw invalid('sha256', 'must be 64 hexadecimal digits');
  if ((head.manifest?.length ?? 0) > longestManifest)
    throw invalid('manifest', `must have at most ${longestManifest} characters`);
  return { ...head, sha256 };
}

function missing(field: string): BulkheadError {
  return new BulkheadError('field-missing', `${field} is required`, { details: { field } });
}

function invalid(field: string, why: string): BulkheadError {
  return new BulkheadError('field-invalid', `${field} ${why}`, { details: { field } });
}
