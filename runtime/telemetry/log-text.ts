/** Log lines for a person at a terminal: level, message, and the facts worth a glance. */
import type { LogEvent } from './events.ts';

/** Facts for programs: the worker says which plugin it is, and nobody reads a trace's id. */
const hidden: ReadonlySet<string> = new Set(['plugin', 'trace']);

function valueText(value: unknown): string {
  if (value instanceof Error) return value.message;
  return typeof value === 'object' && value !== null
    ? JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each))
    : String(value);
}

/** What a plugin writes must not move a terminal's cursor, or pass for a line of its own. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, (unit) =>
    unit === '\t' ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** One event as one line, without its end. */
export function logLine({ level, message, fields = {} }: LogEvent): string {
  const facts = Object.entries(fields)
    .filter(([key, value]) => value !== undefined && !hidden.has(key))
    .map(([key, value]) => ` ${key.replace(/^plugin\./, '')}=${valueText(value)}`);
  return printable(`${level.padEnd(5)} ${message}${facts.join('')}`);
}
