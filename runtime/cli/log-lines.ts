/** Log lines for a person at a terminal, on stderr: time, level, message, and the facts worth a glance. */
import type { LogEvent } from '../telemetry/events.ts';

/** Facts that tell nothing where there is one plugin and one job, or that the message has already. */
const leftOut: ReadonlySet<string> = new Set(['plugin']);

function valueText(value: unknown): string {
  if (value instanceof Error) return value.message;
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

/** One event as one line, without its end. */
function logLine({ level, message, fields = {} }: LogEvent): string {
  const facts = Object.entries(fields)
    .filter(([key, value]) => value !== undefined && !leftOut.has(key))
    .map(([key, value]) => ` ${key.replace(/^plugin\./, '')}=${valueText(value)}`);
  return `${level.padEnd(5)} ${message}${facts.join('')}`;
}

export function stderrLog(event: LogEvent): void {
  process.stderr.write(`${logLine(event)}\n`);
}
