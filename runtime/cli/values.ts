/** Reads option values. Each function throws commander's InvalidArgumentError with what was expected. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';

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

/** JSON text, `@FILE` for the content of a file, `-` for stdin. */
export function json(text: string): unknown {
  const source = text === '-' ? readFileSync(0, 'utf8') : text.startsWith('@') ? readText(text.slice(1)) : text;
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

/** As {@link collect}, where each may be several with commas between them. */
export function collectWords(value: string, before: readonly string[] | undefined): string[] {
  const words = value.split(',').map((word) => word.trim());
  return [...(before ?? []), ...words.filter((word) => word !== '')];
}

/** Collects `key=value` pairs. */
export function pair(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It has to be KEY=VALUE.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** The path of a database; jobworkerp-rs writes `sqlite://FILE?mode=rwc` and `sqlite::memory:`. */
export function database(text: string): string {
  const path = text.replace(/^sqlite:(?:\/\/)?/, '').replace(/\?.*$/, '');
  if (path === '') throw new InvalidArgumentError('It has to be a file, or :memory:.');
  return path;
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
