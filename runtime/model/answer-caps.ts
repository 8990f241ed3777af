/** The caps of what a plugin answers, the same whatever it runs in. */
import { overLimit } from '../errors.ts';
import type { Limits } from './limits.ts';

/** What a pair of metadata costs beyond its texts, so that empty ones are not free. */
const pairCost = 32;

/** Throws the error of the cap that an answer passes. */
export function checkAnswer(limits: Limits, output: number, metadata: readonly (readonly [string, string])[]): void {
  const { outputBytes, metadataBytes } = limits;
  if (output > outputBytes)
    throw overLimit('limit-output', 'outputBytes', outputBytes, `the plugin answered ${output} bytes`);
  const size = metadata.reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value) + pairCost,
    0,
  );
  if (size > metadataBytes)
    throw overLimit('limit-metadata', 'metadataBytes', metadataBytes, `the plugin answered ${size} bytes of metadata`);
}
