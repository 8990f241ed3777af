/**
 * The contract of plugin management: which files are served as plugins, changed while the server runs.
 *
 * Changes are made one after the other. A plugin that goes leaves its workers behind; their jobs end with
 * `runner-not-found`, except those that run already. What does not belong here: what a plugin may reach, which is
 * the operator's word in the grants file and nobody else's.
 */
import type { UploadHead } from '../model/messages.gen.ts';
import type { RunnerPlugin } from './catalogue.ts';

/** An upload that is served now. */
export interface Uploaded {
  readonly runner: RunnerPlugin;
  /** What its manifest asks for and the operator does not grant, in a few words each. */
  readonly notGranted: readonly string[];
}

/** An upload in the upload folder. */
export interface StoredUpload {
  readonly name: string;
  /** SHA-256 of the component, hex. */
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Milliseconds since 1970. */
  readonly uploadedAt: number;
  /** Missing where it is not served: it was unloaded, or refused when the server started. */
  readonly runner?: RunnerPlugin;
}

/** Serves and removes plugins. All but {@link uploads} throw `queue-full` where too many changes wait. */
export interface PluginManagement {
  /**
   * Serves the plugin of a file that lies in one of the plugin folders; `definition` is its path, absolute or relative
   * to such a folder. Throws `field-missing`, `field-invalid` (the file, or the plugin has another name),
   * `runner-exists`, `plugin-refused`.
   */
  register(name: string, definition: string): Promise<RunnerPlugin>;
  /** The plugin is not served any more; its file stays, and is served again after the next start. Whether there was one. */
  unload(id: bigint): Promise<boolean>;
  /**
   * Checks a component and everything about it, stores it and serves it. Where it throws, nothing is left of it:
   * `uploads-off`, `field-missing`, `field-invalid` (digest, name), `message-too-large`, `queue-full`, `runner-exists`,
   * `plugin-refused`, `cancelled` where no bytes came for too long, and what `chunks` throws.
   */
  upload(head: UploadHead, chunks: AsyncIterable<Uint8Array>): Promise<Uploaded>;
  /** Ordered by name. Throws `uploads-off`. */
  uploads(): Promise<readonly StoredUpload[]>;
  /** The upload is not served any more and its file is gone. Throws `uploads-off`, `runner-not-found`. */
  removeUpload(name: string): Promise<void>;
}
