import { describe, expect, it } from 'vitest';
import { MemoryImage } from '../../../runtime/executor/wasm/thread/memory-image.ts';

const pages = 4;
const size = pages * 65_536;

function memoryWith(fill: (bytes: Uint8Array) => void): WebAssembly.Memory {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages + 1 });
  fill(new Uint8Array(memory.buffer));
  return memory;
}

const contents: readonly [string, (bytes: Uint8Array) => void][] = [
  ['nothing but zeroes', () => undefined],
  ['no zero', (bytes) => bytes.fill(7)],
  ['zeroes at both ends', (bytes) => bytes.fill(7, 100_000, 120_000)],
  ['zeroes in the middle', (bytes) => bytes.fill(7, 0, 5_000).fill(8, size - 5_000)],
  ['one byte in its last place', (bytes) => bytes.fill(1, size - 1)],
  ['one byte in its first place', (bytes) => bytes.fill(1, 0, 1)],
  ['bytes far apart', (bytes) => bytes.fill(1, 10_000, 10_001).fill(2, 200_000, 200_001)],
  ['zeroes that are few', (bytes) => bytes.fill(7).fill(0, 8_192, 16_384)],
];

describe('the image of a memory', () => {
  it.each(contents)('puts back all of one that holds %s', (_, fill) => {
    const memory = memoryWith(fill);
    const before = memory.buffer.slice(0);
    const image = new MemoryImage(memory);
    for (const scribble of [1, 255]) {
      new Uint8Array(memory.buffer).fill(scribble);
      image.restore();
      expect(Buffer.compare(Buffer.from(memory.buffer), Buffer.from(before))).toBe(0);
    }
    expect(image.isOutgrown).toBe(false);
    memory.grow(1);
    expect(image.isOutgrown).toBe(true);
  });
});
