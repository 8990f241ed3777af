/**
 * The text form of gRPC-Web: base64, which may have been made in pieces, so that padding can stand anywhere between
 * groups of four characters.
 */

/** Bytes from text that comes in pieces. */
export class TextDecoder64 {
  #rest = '';

  /** The bytes of all whole groups so far; undefined for what is no base64. */
  write(chunk: Uint8Array): Buffer | undefined {
    const text = this.#rest + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
    const whole = text.length - (text.length % 4);
    this.#rest = text.slice(whole);
    const groups = text.slice(0, whole);
    if (!/^[A-Za-z0-9+/=]*$/.test(groups)) return undefined;
    const parts = groups.match(/[^=]+={0,2}/g) ?? [];
    // Each part has to be whole groups; this also finds padding where none can be.
    if (parts.some((part) => part.length % 4 !== 0) || parts.join('').length !== groups.length) return undefined;
    return Buffer.concat(parts.map((part) => Buffer.from(part, 'base64')));
  }

  /** Whether the text ended with a whole group. */
  get isComplete(): boolean {
    return this.#rest === '';
  }
}

/** A piece of text for bytes: padded, so that it stands for itself. */
export function encode64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
