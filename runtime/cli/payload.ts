/**
 * What goes into a plugin and what comes out of it, as JSON by the plugin's own schemas.
 *
 * Without a schema the value is a JSON string, whose text is what the plugin gets. The commands that run a
 * plugin here and those that have a server run it share these rules.
 */
import { readFileSync, statSync } from 'node:fs';
import type { MessageCodec } from '../plugins/schemas.ts';
import { CliError } from './exit-codes.ts';
import { readStdin } from './stdin.ts';

/** The most that is read from a file, in bytes; servers take less. */
const largestInput = 64 << 20;

/** Where arguments come from: `--args`, or `--args-file`. */
export interface PayloadSource {
  /** JSON; with `raw`, text. `@FILE` is a file, `-` is stdin. */
  readonly args?: string;
  /** A file; `-` is stdin. */
  readonly argsFile?: string;
  /** The bytes go to the plugin as they are. */
  readonly raw?: true;
}

/** The bytes for the plugin. Throws with exit code 2 where they are no message of the schema. */
export function readPayload(source: PayloadSource, codec: MessageCodec | undefined): Uint8Array {
  const content = readSource(source);
  if (source.raw) return content ?? new Uint8Array();
  const option = source.argsFile === undefined ? '--args' : '--args-file';
  return encode(option, codec, content === undefined ? undefined : parse(option, content.toString('utf8')));
}

function readSource({ args, argsFile }: PayloadSource): Buffer | undefined {
  if (args !== undefined && argsFile !== undefined) {
    throw new CliError('usage', '--args and --args-file: give one of them');
  }
  if (argsFile !== undefined) return argsFile === '-' ? readStdin() : readWhole('--args-file', argsFile);
  if (args === undefined) return undefined;
  if (args === '-') return readStdin();
  return args.startsWith('@') ? readWhole('--args', args.slice(1)) : Buffer.from(args);
}

function readWhole(option: string, path: string): Buffer {
  try {
    const { size } = statSync(path);
    if (size > largestInput) throw new Error(`it has ${size} bytes, at most ${largestInput} are read`);
    return readFileSync(path);
  } catch (error) {
    throw new CliError('usage', `${option}: ${path} cannot be read: ${reason(error)}`);
  }
}

function parse(option: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CliError('usage', `${option}: it is no JSON: ${reason(error)}; bytes that are none go with --raw`);
  }
}

/** A value of JSON as bytes of the schema; nothing is no bytes. `place` is where it stands, for the error. */
export function encode(place: string, codec: MessageCodec | undefined, value: unknown): Uint8Array {
  if (value === undefined) return new Uint8Array();
  if (!codec) {
    if (typeof value === 'string') return Buffer.from(value);
    throw new CliError('usage', `${place}: the plugin has no schema for it, so it has to be a JSON string`);
  }
  try {
    return codec.fromJson(value);
  } catch (error) {
    throw new CliError('usage', `${place}: no ${codec.name}: ${reason(error)}`);
  }
}

/** Output of a plugin as a value for JSON. Throws with exit code 1 where it is not what its schema says. */
export function decode(codec: MessageCodec | undefined, bytes: Uint8Array): unknown {
  if (!codec) return plain(bytes);
  try {
    return codec.toJson(bytes);
  } catch (error) {
    throw new CliError('failed', `the plugin's output is no ${codec.name}: ${reason(error)}`);
  }
}

/** Bytes without a schema: a string where they are text, else `{"base64": …}`. */
export function plain(bytes: Uint8Array): unknown {
  try {
    return new TextDecoder('utf8', { fatal: true }).decode(bytes);
  } catch {
    return { base64: Buffer.from(bytes).toString('base64') };
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
