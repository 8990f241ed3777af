/**
 * wasi:clocks. Both clocks move in steps of a millisecond, so that they time no side channel; where the clock is
 * granted as `fine`, in the steps of the host's. The monotonic clock starts at an arbitrary point for each instance.
 * Waiting suspends the instance only, and is counted in milliseconds either way.
 */
import { performance } from 'node:perf_hooks';
import type { Capability, InstanceContext, Io, Waitable } from './capability.ts';
import { always, Signal } from './signal.ts';

const nanosPerMilli = 1_000_000n;
/** The step of a fine clock, in nanoseconds. */
const fineStep = 1000n;
/** How far the fine wall clock may be from the host's before it is set anew, in milliseconds. */
const mostDrift = 2;
/** The longest wait a Node timer can hold; a longer one is taken in several. */
const longestTimer = 2 ** 31 - 1;

/** Ready after so many milliseconds. Its timer goes with the plugin's last interest in it: a plugin drops many. */
class Alarm implements Waitable {
  readonly #signal = new Signal();
  readonly #forget: () => void;
  #timer: NodeJS.Timeout | undefined;
  #isReady = false;

  constructor(context: InstanceContext, millis: number) {
    this.#forget = context.onDispose(() => clearTimeout(this.#timer));
    this.#wait(millis);
  }

  ready(): boolean {
    return this.#isReady;
  }

  listen(wake: () => void): () => void {
    return this.#signal.listen(wake);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#forget();
  }

  #wait(millis: number): void {
    const step = Math.min(millis, longestTimer);
    this.#timer = setTimeout(() => (millis > step ? this.#wait(millis - step) : this.#ring()), step);
  }

  #ring(): void {
    this.#forget();
    this.#isReady = true;
    this.#signal.fire();
  }
}

function monotonic(context: InstanceContext, io: Io) {
  const step = context.grants.clock === 'fine' ? fineStep : nanosPerMilli;
  const start = process.hrtime.bigint();
  const now = () => {
    const passed = process.hrtime.bigint() - start;
    return passed - (passed % step);
  };
  const subscribeDuration = (nanos: bigint) => {
    const millis = Number((nanos + nanosPerMilli - 1n) / nanosPerMilli);
    return io.pollable(millis === 0 ? always : new Alarm(context, millis));
  };
  return {
    now,
    resolution: () => step,
    subscribeDuration,
    subscribeInstant: (when: bigint) => {
      const left = when - now();
      return subscribeDuration(left > 0n ? left : 0n);
    },
  };
}

/** Milliseconds since 1970: whole ones, or where it is fine with fractions, following the host's clock when it is set. */
function wallClock(fine: boolean): () => number {
  if (!fine) return Date.now;
  let offset = Date.now() - performance.now();
  return () => {
    const host = Date.now();
    if (Math.abs(performance.now() + offset - host) > mostDrift) offset = host - performance.now();
    return performance.now() + offset;
  };
}

export const clocks: Capability = {
  name: 'clocks',
  interfaces: ['wasi:clocks/monotonic-clock', 'wasi:clocks/wall-clock'],
  create(context, io) {
    const fine = context.grants.clock === 'fine';
    const millis = wallClock(fine);
    return {
      'wasi:clocks/monotonic-clock': monotonic(context, io),
      'wasi:clocks/wall-clock': {
        now: () => {
          const now = millis();
          return {
            seconds: BigInt(Math.floor(now / 1000)),
            nanoseconds: Math.floor((now % 1000) * 1000) * 1000,
          };
        },
        resolution: () => ({ seconds: 0n, nanoseconds: Number(fine ? fineStep : nanosPerMilli) }),
      },
    };
  },
};
