/** Caps so tight that each is met within a moment. The cases are written for these. */
import { defaultLimits, type Limits } from '../../runtime/model/limits.ts';

export const tightLimits: Limits = {
  ...defaultLimits,
  cpuMs: 2_000,
  memoryBytes: 64 * 1024 * 1024,
  outputBytes: 1024 * 1024,
  metadataBytes: 64 * 1024,
  handles: 256,
  randomBytes: 1024 * 1024,
  logBytesPerSecond: 64 * 1024,
  feedChunks: 16,
};
