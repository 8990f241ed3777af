/** Ownership of bytes that came as a view of a larger buffer. */

/**
 * The same bytes in a buffer of about their own size. Bytes from the network are views of 64 KiB
 * buffers: whoever keeps one keeps all of that alive, and whoever posts one to a thread copies all of it.
 */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.buffer.byteLength <= 2 * bytes.byteLength ? bytes : new Uint8Array(bytes);
}
