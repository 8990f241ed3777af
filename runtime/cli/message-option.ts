/** Options whose JSON is a message of the plugin's. */
import type { MessageCodec } from '../plugins/schemas.ts';
import { CliError } from './exit-codes.ts';

/** The message that an option's JSON is, by the plugin's schema; no bytes where it is left out. */
export function encodeOption(option: string, codec: MessageCodec | undefined, value: unknown): Uint8Array {
  if (!codec) {
    if (value === undefined) return new Uint8Array();
    if (typeof value === 'string') return Buffer.from(value);
    throw new CliError('usage', `${option}: the plugin has no schema for it, so it has to be a JSON string`);
  }
  try {
    return value === undefined ? new Uint8Array() : codec.fromJson(value);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError('usage', `${option}: no ${codec.name}: ${why}`);
  }
}
