/**
 * wasi:random: the host's cryptographic generator for all three interfaces. It shares nothing with any other
 * instance, and needs no grant, because std's hash maps are seeded by it.
 */
import { randomBytes } from 'node:crypto';
import type { Capability } from './capability.ts';

/** The most bytes of one call. */
const mostBytes = 1_048_576n;

function bytes(length: bigint): Uint8Array {
  if (length > mostBytes) {
    throw new WebAssembly.RuntimeError(`get-random-bytes(${length}) is above the limit of ${mostBytes} bytes a call`);
  }
  return randomBytes(Number(length));
}

const u64 = () => randomBytes(8).readBigUInt64LE();

export const random: Capability = {
  name: 'random',
  interfaces: ['wasi:random/random', 'wasi:random/insecure', 'wasi:random/insecure-seed'],
  create() {
    return {
      'wasi:random/random': { getRandomBytes: bytes, getRandomU64: u64 },
      'wasi:random/insecure': { getInsecureRandomBytes: bytes, getInsecureRandomU64: u64 },
      'wasi:random/insecure-seed': { insecureSeed: () => [u64(), u64()] },
    };
  },
};
