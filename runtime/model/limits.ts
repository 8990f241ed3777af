/** What one instance, or one job on it, may use. Each cap ends the job with an error of its own code. */

export interface Limits {
  /** CPU time of one job, in milliseconds. */
  readonly cpuMs: number;
  /** Bytes of all memories and tables of an instance together. */
  readonly memoryBytes: number;
  /** Bytes of a job's output; of each chunk where it streams. */
  readonly outputBytes: number;
  /** Bytes of the metadata that a plugin answers, names and values together. */
  readonly metadataBytes: number;
  /** Bytes that a plugin hands over in one call, strings and list elements included. */
  readonly transferBytes: number;
  /** Resource handles that an instance holds at a time: streams, pollables, sockets, files. */
  readonly handles: number;
  /** Bytes of random data in one call. */
  readonly randomBytes: number;
  /** Bytes of log lines in a second. What is above is left out and counted; it ends no job. */
  readonly logBytesPerSecond: number;
  /** Chunks of a feed that wait for the plugin. Who feeds waits; it ends no job. */
  readonly feedChunks: number;
  /** Bytes that the host holds for an instance: buffers of its connections (so it caps these), header fields. */
  readonly bufferBytes: number;
  /** Bytes of the body of one HTTP request. */
  readonly requestBytes: number;
  /** Bytes of the body of one HTTP response. */
  readonly responseBytes: number;
  /** Bytes of the header fields of one HTTP message. */
  readonly headerBytes: number;
  /** The longest that a connection, a response, or the next bytes of either are waited for, in milliseconds. */
  readonly networkMs: number;
}

/** A limit's name as settings files write it: `cpu_ms`. */
export function settingName(name: keyof Limits): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** What holds where the operator says nothing. */
export const defaultLimits: Limits = {
  cpuMs: 600_000,
  memoryBytes: 256 * 1024 * 1024,
  outputBytes: 64 * 1024 * 1024,
  metadataBytes: 64 * 1024,
  transferBytes: 64 * 1024 * 1024,
  handles: 1024,
  randomBytes: 1024 * 1024,
  logBytesPerSecond: 256 * 1024,
  feedChunks: 1024,
  bufferBytes: 16 * 1024 * 1024,
  requestBytes: 64 * 1024 * 1024,
  responseBytes: 64 * 1024 * 1024,
  headerBytes: 16 * 1024,
  networkMs: 30_000,
};
