/** Reads option values. Each function throws commander's InvalidArgumentError with what was expected. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { readStdin } from './stdin.ts';

/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, `[ipv6]:port` or `:port`, which is every address of the machine. */
export function address(text: string): Address {
  const match = /^(?:\[([\da-fA-F:.]+)\]|([^:\s[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535)
    throw new InvalidArgumentError('It has to be HOST:PORT, such as 127.0.0.1:9000 or [::1]:9000.');
  return { host: match[1] ?? (match[2] || '0.0.0.0'), port };
}

/** The inverse of {@link address}. */
export function addressText({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A whole number from 1 on. */
export function count(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It has to be a whole number from 1 on.');
  return Number(text);
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time: in so long (`90s`, `10m`, `2h`, `1d`), or a date of ISO 8601. Milliseconds since 1970. */
export function inFuture(text: string): number {
  return moment(text, 1);
}

/** A time: so long ago, or a date of ISO 8601. Milliseconds since 1970. */
export function inPast(text: string): number {
  return moment(text, -1);
}

function moment(text: string, direction: 1 | -1): number {
  const [, amount, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  if (amount !== undefined) return Date.now() + direction * Number(amount) * (unitMs[unit ?? ''] ?? 0);
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(time)) return time;
  throw new InvalidArgumentError('It has to be a time such as 90s, 10m, 2h, 1d or 2026-10-14T09:00:00Z.');
}

/** JSON text, `@FILE` for the content of a file, `-` for stdin. */
export function json(text: string): unknown {
  const source = text === '-' ? readStdin().toString('utf8') : text.startsWith('@') ? readText(text.slice(1)) : text;
  try {
    return JSON.parse(source);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new InvalidArgumentError(`It is no JSON: ${why}.`);
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new InvalidArgumentError(`${path} cannot be read: ${error instanceof Error ? error.message : error}.`);
  }
}

/** Collects values of an option that may be given several times. */
export function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}

/** Collects `key=value` pairs. */
export function pair(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It has to be KEY=VALUE.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** Where transpiled components are kept unless said otherwise. */
export function defaultCacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'bulkhead');
}

/** `--grants`, the same for all commands that run plugins. */
export function grantsOption(): Option {
  return new Option('--grants <FILE>', 'TOML file that says what each plugin may reach and use').env('BULKHEAD_GRANTS');
}

/** `--cache`, the same for all commands that run plugins. */
export function cacheOption(): Option {
  return new Option('--cache <DIR>', 'folder for transpiled components')
    .env('BULKHEAD_CACHE_DIR')
    .default(defaultCacheFolder(), '~/.cache/bulkhead');
}
