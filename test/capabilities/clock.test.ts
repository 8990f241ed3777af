/** The clocks that a plugin is given: steps of a millisecond, unless finer ones are granted. */
import { describe, expect, it } from 'vitest';
import type { Grants } from '../../runtime/model/grant.ts';
import { fakeInstance } from './instance.ts';

interface Clocks {
  readonly monotonic: {
    now(): bigint;
    resolution(): bigint;
    subscribeDuration(nanos: bigint): { block(): Promise<void>; ready(): boolean; [Symbol.dispose](): void };
  };
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

describe('the clocks', () => {
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

  it('keep no timer for a wait that was given up, and fire for one that was not', async () => {
    const { monotonic } = clocks({});
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    const hour = 3_600_000_000_000n;
    const waits = [hour, 1000n * hour].flatMap((nanos) =>
      Array.from({ length: 500 }, () => monotonic.subscribeDuration(nanos)),
    );
    expect(timers()).toBe(before + 1000);
    for (const wait of waits) wait[Symbol.dispose]();
    expect(timers()).toBe(before);
    const soon = monotonic.subscribeDuration(1_000_000n);
    expect(soon.ready()).toBe(false);
    await soon.block();
    expect(soon.ready()).toBe(true);
  });
});
