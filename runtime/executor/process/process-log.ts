/**
 * What one process writes, as log lines: bounded, and marked with the job at hand. Lines of hclog, go-plugin's logger, are
 * taken apart; go-plugin's own about its start are not the plugin's words and are left out where they are debug lines.
 */
import type { LogLevel, LogLine, MarkedLines } from '../../capabilities/capability.ts';
import type { JobContext } from '../../model/call.ts';
import { LogGate } from '../../model/log-gate.ts';
import { LastWords } from './last-words.ts';

/** Takes lines; must not throw. */
export type SendLines = (lines: MarkedLines) => void;

const levels: Readonly<Record<string, LogLevel>> = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
};

export class ProcessLog {
  readonly words = new LastWords();
  readonly #digest: string;
  readonly #send: SendLines;
  readonly #gate: LogGate;
  #job: JobContext | undefined;

  constructor(digest: string, send: SendLines, bytesPerSecond: number) {
    this.#digest = digest;
    this.#send = send;
    this.#gate = new LogGate(bytesPerSecond);
  }

  /** Lines from now on are the job's. */
  setJob(job: JobContext): void {
    this.#job = job;
    this.words.reset();
  }

  write(target: 'stdout' | 'stderr', text: string): void {
    const line = hclogLine(text) ?? { level: target === 'stderr' ? 'warn' : 'info', target, message: text, fields: [] };
    const isChatter = line.target === 'hclog' && (line.level === 'debug' || line.level === 'trace');
    if (target === 'stderr' && !isChatter) this.words.write(line.message);
    if (isChatter || text === '' || !this.#gate.admit(line, Date.now())) return;
    const { jobId, workerName, caller, trace } = this.#job ?? {};
    const marks = { digest: this.#digest, jobId, workerName, caller, trace };
    this.#send({ ...marks, lines: [line], dropped: this.#gate.takeDropped() });
  }
}

/** A line of hclog in its JSON form. */
function hclogLine(text: string): LogLine | undefined {
  if (!text.startsWith('{"@')) return undefined;
  let parsed: Readonly<Record<string, unknown>>;
  try {
    parsed = JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined; // no JSON after all: a line like any other
  }
  const { '@level': level, '@message': message, '@module': module, '@timestamp': _, ...rest } = parsed;
  if (typeof level !== 'string' || typeof message !== 'string') return undefined;
  const fields = Object.entries(rest).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? value : JSON.stringify(value),
  }));
  return { level: levels[level] ?? 'info', target: typeof module === 'string' ? module : 'hclog', message, fields };
}
