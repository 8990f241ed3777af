/**
 * What plugins write, as lines for the operator: marked with what they belong to, cut to a size, and bounded in all.
 *
 * Each instance is bounded already where it writes; this bounds what all of them write together, so that a thousand
 * instances that each keep to their share do not fill a disk.
 */
import type { LogLevel, LogSink } from './events.ts';

/** The longest message and value, in UTF-16 units, and the most fields of a line. */
const longestMessage = 8192;
const longestValue = 1024;
const mostFields = 32;
/** What a line costs beyond its texts. */
const lineOverhead = 128;

/** Lines of one instance. */
export interface PluginLines {
  /** Digest of the plugin's file. */
  readonly digest: string;
  readonly jobId: bigint | undefined;
  readonly workerName: string | undefined;
  /** The trace id of the job. */
  readonly trace?: string | undefined;
  /** Who submitted the job. */
  readonly caller?: string | undefined;
  readonly lines: readonly {
    readonly level: LogLevel;
    readonly target: string;
    readonly message: string;
    readonly fields: readonly { readonly key: string; readonly value: string }[];
  }[];
  /** Lines that the instance was not allowed to write. */
  readonly dropped: number;
}

export interface PluginLogOptions {
  readonly log: LogSink;
  /** Of all plugins together. */
  readonly bytesPerSecond: number;
  /** The plugin's own name, once it is known. */
  readonly nameOf: (digest: string) => string | undefined;
  /** Milliseconds. */
  readonly now?: () => number;
}

export class PluginLog {
  readonly #options: PluginLogOptions;
  readonly #now: () => number;
  #second = 0;
  #spent = 0;
  #untold = 0;
  #dropped = 0;

  constructor(options: PluginLogOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Lines that were left out, by either bound. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes what an instance wrote. */
  take({ digest, jobId, workerName, trace, caller, lines, dropped }: PluginLines): void {
    const plugin = this.#options.nameOf(digest) ?? digest.slice(0, 12);
    const marks = { job: jobId, worker: workerName, plugin, ...(caller && { caller }), ...(trace && { trace }) };
    if (dropped > 0) {
      this.#dropped += dropped;
      this.#write('warn', `${dropped} lines of the plugin were left out: it logs too much`, marks);
    }
    for (const { level, message, target, fields } of lines) {
      const extra = fields
        .slice(0, mostFields)
        .map(({ key, value }) => [`plugin.${keyText(key)}`, cut(value, longestValue)]);
      this.#write(level, cut(message, longestMessage), {
        ...Object.fromEntries(extra),
        ...marks,
        target: cut(target, longestValue),
      });
    }
  }

  #write(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>): void {
    this.#turn();
    const size = Object.values(fields).reduce<number>(
      (sum, value) => sum + (typeof value === 'string' ? value.length : 0),
      lineOverhead + message.length,
    );
    if (this.#spent + size > this.#options.bytesPerSecond) {
      this.#dropped++;
      this.#untold++;
      return;
    }
    this.#spent += size;
    this.#options.log({ level, message, fields });
  }

  /** At the first line of a second: what the last one left out is told. */
  #turn(): void {
    const second = Math.floor(this.#now() / 1000);
    if (second === this.#second) return;
    this.#second = second;
    this.#spent = 0;
    if (this.#untold === 0) return;
    const message = `${this.#untold} lines of plugins were left out: together they log more than ${this.#options.bytesPerSecond} bytes a second`;
    this.#untold = 0;
    this.#options.log({ level: 'warn', message });
  }
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}… (${text.length - most} more)`;
}

/** Keys are a plugin's own words too. */
function keyText(key: string): string {
  return key.replace(/[^\w.-]/g, '_').slice(0, 64);
}
