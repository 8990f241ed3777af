/**
 * wasi:clocks, coarse: both clocks move in steps of a millisecond, so that they time no side channel. The
 * monotonic clock starts at an arbitrary point for each instance. Waiting suspends the instance only.
 */
import { performance } from 'node:perf_hooks';
import type { Capability, InstanceContext, Io } from './capability.ts';

const nanosPerMilli = 1_000_000n;
/** The longest wait a Node timer can hold; a longer one is taken in several. */
const longestTimer = 2 ** 31 - 1;

/** Resolves after so many milliseconds; never, and without a timer left behind, when the instance ends before. */
function wait(context: InstanceContext, millis: number): Promise<void> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout;
    const forget = context.onDispose(() => clearTimeout(timer));
    const step = (left: number) => {
      timer = setTimeout(
        () => {
          if (left > longestTimer) return step(left - longestTimer);
          forget();
          resolve();
        },
        Math.min(left, longestTimer),
      );
    };
    step(millis);
  });
}

function monotonic(context: InstanceContext, io: Io) {
  const start = performance.now();
  const now = () => BigInt(Math.floor(performance.now() - start)) * nanosPerMilli;
  const subscribeDuration = (nanos: bigint) => {
    const millis = Number((nanos + nanosPerMilli - 1n) / nanosPerMilli);
    return io.pollable(millis === 0 ? Promise.resolve() : wait(context, millis));
  };
  return {
    now,
    resolution: () => nanosPerMilli,
    subscribeDuration,
    subscribeInstant: (when: bigint) => {
      const left = when - now();
      return subscribeDuration(left > 0n ? left : 0n);
    },
  };
}

export const clocks: Capability = {
  name: 'clocks',
  interfaces: ['wasi:clocks/monotonic-clock', 'wasi:clocks/wall-clock'],
  create(context, io) {
    return {
      'wasi:clocks/monotonic-clock': monotonic(context, io),
      'wasi:clocks/wall-clock': {
        now: () => {
          const millis = Date.now();
          return { seconds: BigInt(Math.floor(millis / 1000)), nanoseconds: (millis % 1000) * 1_000_000 };
        },
        resolution: () => ({ seconds: 0n, nanoseconds: Number(nanosPerMilli) }),
      },
    };
  },
};
