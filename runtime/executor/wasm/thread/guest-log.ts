/** What one instance writes, and what is written about it: bounded, and marked with the job at hand. */
import type { LogLine } from '../../../capabilities/capability.ts';
import type { JobContext } from '../../../model/call.ts';
import type { Limits } from '../../../model/limits.ts';
import { LogGate } from '../../../model/log-gate.ts';

/** How many of the last lines on stderr an error quotes. */
const quotedLines = 5;

/** Hands log lines to the runtime's thread. */
export type SendLog = (lines: readonly LogLine[], job: JobContext | undefined, dropped: number) => void;

export class GuestLog {
  readonly #send: SendLog;
  readonly #gate: LogGate;
  readonly #stderr: string[] = [];
  /** What was refused in the job at hand, by kind, with how often. */
  readonly #refusals = new Map<string, number>();
  #job: JobContext | undefined;

  constructor(send: SendLog, { logBytesPerSecond }: Limits) {
    this.#send = send;
    this.#gate = new LogGate(logBytesPerSecond);
  }

  /** The last lines on stderr. */
  get stderr(): readonly string[] {
    return this.#stderr;
  }

  /** Lines from now on are the job's. */
  setJob(job: JobContext | undefined): void {
    this.#job = job;
    this.#refusals.clear();
  }

  /** Forgets what was written. */
  reset(): void {
    this.#stderr.length = 0;
  }

  write(line: LogLine): void {
    if (line.target === 'stderr') {
      this.#stderr.push(line.message);
      if (this.#stderr.length > quotedLines) this.#stderr.shift();
    }
    if (this.#gate.admit(line, Date.now())) this.#send([line], this.#job, this.#gate.takeDropped());
  }

  /** The operator's line is not the plugin's: no cap of the plugin's log drops it, and one a job and kind is enough. */
  refused(kind: string, what: string): void {
    const before = this.#refusals.get(kind) ?? 0;
    this.#refusals.set(kind, before + 1);
    if (before > 0) return;
    const line: LogLine = { level: 'warn', target: 'sandbox', message: `${kind} refused: ${what}`, fields: [] };
    this.#send([line], this.#job, 0);
  }
}
