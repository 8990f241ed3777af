/**
 * The server's log: JSON lines for programs, readable lines for people, on stderr.
 *
 * Lines are written without waiting. Where nobody reads them they pile up to a bound and are then left out and
 * counted: a log collector that hangs must not stop jobs.
 */
import { type DestinationStream, pino } from 'pino';
import { type LogEvent, type LogLevel, type LogSink, logLevels } from './events.ts';
import { logLine } from './log-text.ts';

/** Bytes that wait to be written; what is above is left out. */
const mostPending = 4 * 1024 * 1024;
const stderr = 2;

export interface LogOptions {
  /** The least that is written. */
  readonly level: LogLevel;
  readonly format: 'json' | 'text';
  /** File descriptor. Default: stderr. */
  readonly fd?: number;
}

/** A log that is open. */
export interface Log {
  readonly sink: LogSink;
  /** Lines that were left out because nobody read. */
  readonly dropped: number;
}

/** Opens the log. What waits is written when the process exits. */
export function openLog({ level, format, fd = stderr }: LogOptions): Log {
  const out = pino.destination({ dest: fd, sync: false, maxLength: mostPending });
  const least = logLevels.indexOf(level);
  const write = format === 'json' ? jsonLines(out, level) : textLines(out);
  let dropped = 0;
  let untold = 0;
  out.on('drop', () => {
    dropped++;
    untold++;
  });
  // A full disk behind a redirected stderr, a reader that is gone: there is nobody to be told, and jobs go on.
  out.on('error', () => {
    dropped++;
  });
  out.on('drain', () => {
    if (untold === 0) return;
    const message = `${untold} lines were left out: nobody read them in time`;
    untold = 0;
    write({ level: 'warn', message });
  });
  return {
    sink: (event) => {
      if (logLevels.indexOf(event.level) >= least) write(event);
    },
    get dropped() {
      return dropped;
    },
  };
}

function textLines(out: DestinationStream): LogSink {
  return (event) => out.write(`${logLine(event)}\n`);
}

function jsonLines(out: DestinationStream, level: LogLevel): LogSink {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err },
    },
    out,
  );
  return ({ level: at, message, fields }: LogEvent) => logger[at](fields ? jsonFields(fields) : {}, message);
}

/** Ids are beyond what programs read as numbers: they become texts. */
function jsonFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, typeof value === 'bigint' ? String(value) : value]),
  );
}
