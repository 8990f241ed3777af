/** The clocks that a plugin is given: steps of a millisecond, unless finer ones are granted. */
import { describe, expect, it } from 'vitest';
import type { Grants } from '../../runtime/model/grant.ts';
import { fakeInstance } from './instance.ts';

interface Pollable {
  ready(): boolean;
  block(): Promise<void> | undefined;
  [Symbol.dispose](): void;
}

interface Clocks {
  readonly monotonic: { now(): bigint; resolution(): bigint; subscribeDuration(nanos: bigint): Pollable };
  readonly wall: {
    now(): { seconds: bigint; nanoseconds: number };
    resolution(): { seconds: bigint; nanoseconds: number };
  };
}

function clocks(grants: Grants): Clocks {
  const { imports } = fakeInstance(grants);
  return {
    monotonic: imports['wasi:clocks/monotonic-clock'] as unknown as Clocks['monotonic'],
    wall: imports['wasi:clocks/wall-clock'] as unknown as Clocks['wall'],
  };
}

/** As many readings as it takes for a coarse clock to be told from a fine one. */
function readings<T>(read: () => T): T[] {
  return Array.from({ length: 20_000 }, read);
}

const timers = () => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;

describe('the clocks', () => {
  it('leave no timer behind, whether a wait was over, dropped, or ended with its instance', async () => {
    const { imports, dispose } = fakeInstance({});
    const { subscribeDuration } = imports['wasi:clocks/monotonic-clock'] as unknown as Clocks['monotonic'];
    const before = timers();
    const soon = subscribeDuration(1_000_000n);
    expect(soon.ready()).toBe(false);
    await soon.block();
    expect(soon.ready()).toBe(true);
    expect(subscribeDuration(0n).ready()).toBe(true);
    const long = Array.from({ length: 10 }, () => subscribeDuration(2n ** 64n - 1n));
    expect(timers()).toBe(before + 10);
    for (const each of long.slice(0, 6)) each[Symbol.dispose]();
    expect(timers()).toBe(before + 4);
    dispose();
    expect(timers()).toBe(before);
  });

  it.each([
    ['not granted', {}],
    ['granted as coarse', { clock: 'coarse' }],
  ] as const)('go in milliseconds: %s', (_, grants) => {
    const { monotonic, wall } = clocks(grants);
    expect(readings(() => monotonic.now()).every((now) => now % 1_000_000n === 0n)).toBe(true);
    expect(readings(() => wall.now()).every(({ nanoseconds }) => nanoseconds % 1_000_000 === 0)).toBe(true);
    expect(monotonic.resolution()).toBe(1_000_000n);
    expect(wall.resolution()).toEqual({ seconds: 0n, nanoseconds: 1_000_000 });
  });

  it('are finer where that is granted, and tell the time', () => {
    const { monotonic, wall } = clocks({ clock: 'fine' });
    const times = readings(() => monotonic.now());
    expect(times.some((now) => now % 1_000_000n !== 0n)).toBe(true);
    expect(times.every((now, index) => index === 0 || now >= (times[index - 1] as bigint))).toBe(true);
    expect(readings(() => wall.now()).some(({ nanoseconds }) => nanoseconds % 1_000_000 !== 0)).toBe(true);
    const { seconds, nanoseconds } = wall.now();
    expect(Math.abs(Number(seconds) * 1000 + nanoseconds / 1e6 - Date.now())).toBeLessThan(10);
    expect(monotonic.resolution()).toBe(1000n);
  });
});
