/**
 * wasi:random: the host's cryptographic generator for all three interfaces. It shares nothing with any other
 * instance, and needs no grant, because std's hash maps are seeded by it.
 */
import { randomBytes } from 'node:crypto';
import { overLimit } from '../errors.ts';
import type { Capability, InstanceContext } from './capability.ts';

function bytesFor(context: InstanceContext): (length: bigint) => Uint8Array {
  const { randomBytes: most } = context.limits;
  return (length) => {
    if (length > BigInt(most)) {
      context.fail(
        overLimit('limit-random', 'randomBytes', most, `the plugin asked for ${length} random bytes in one call`),
      );
    }
    return randomBytes(Number(length));
  };
}

const u64 = () => randomBytes(8).readBigUInt64LE();

export const random: Capability = {
  name: 'random',
  interfaces: ['wasi:random/random', 'wasi:random/insecure', 'wasi:random/insecure-seed'],
  create(context) {
    const bytes = bytesFor(context);
    return {
      'wasi:random/random': { getRandomBytes: bytes, getRandomU64: u64 },
      'wasi:random/insecure': { getInsecureRandomBytes: bytes, getInsecureRandomU64: u64 },
      'wasi:random/insecure-seed': { insecureSeed: () => [u64(), u64()] },
    };
  },
};
