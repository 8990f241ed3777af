/** Ids. */
import { describe, expect, it } from 'vitest';
import { IdGenerator, timeOfId } from '../../runtime/model/snowflake.ts';

describe('ids', () => {
  it('are positive 63-bit numbers that say when they were made', () => {
    const now = Date.UTC(2026, 10, 21);
    const id = new IdGenerator(1023, () => now).next();
    expect(id).toBeGreaterThan(2n ** 53n);
    expect(BigInt.asIntN(64, id)).toBe(id);
    expect(timeOfId(id)).toBe(now);
  });

  it('grow, also when 10,000 are asked for in one millisecond and when the clock goes back', () => {
    let now = Date.UTC(2026, 0, 1);
    const ids = new IdGenerator(0, () => now);
    const made = Array.from({ length: 10_000 }, () => ids.next());
    now -= 5000;
    made.push(ids.next());
    now += 60_000;
    made.push(ids.next());
    expect(made.every((id, index) => index === 0 || id > (made[index - 1] ?? 0n))).toBe(true);
  });

  it('of two nodes never meet', () => {
    const [a, b] = [new IdGenerator(1, () => 2e12), new IdGenerator(2, () => 2e12)];
    const all = Array.from({ length: 5000 }, () => [a.next(), b.next()]).flat();
    expect(new Set(all).size).toBe(10_000);
  });

  it('cannot be made for a node that does not exist', () => {
    for (const node of [-1, 1024, 0.5]) expect(() => new IdGenerator(node)).toThrow(RangeError);
  });
});
