/** What cannot be interrupted is done a few milliseconds at a time, and the event loop turns in between. */
import { describe, expect, it } from 'vitest';
import { inTurn } from '../../../runtime/executor/wasm/thread/turns.ts';

/** A piece of work that takes so long, and says how often the event loop had turned by then. */
function burst(pieces: number, millis: number): Promise<number[]> {
  let turns = 0;
  let counting = true;
  const count = (): void => {
    turns++;
    if (counting) setImmediate(count);
  };
  setImmediate(count);
  const work = (): number => {
    const until = performance.now() + millis;
    while (performance.now() < until);
    return turns;
  };
  const all = Array.from({ length: pieces }, () => Promise.resolve(inTurn(work)));
  return Promise.all(all).finally(() => {
    counting = false;
  });
}

describe('a burst of work that cannot be interrupted', () => {
  it('lets the event loop turn after every few milliseconds', async () => {
    const turns = await burst(10, 6);
    expect(new Set(turns).size).toBe(10);
  });

  it('is done in its order, and at once where there is little of it', async () => {
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    const order: number[] = [];
    const done = [1, 2, 3].map((piece) => inTurn(() => order.push(piece)));
    expect(done).toEqual([1, 2, 3]);
    expect(order).toEqual([1, 2, 3]);
  });

  it('fails as the work does, in its turn too', async () => {
    const fails = (): never => {
      throw new Error('no memory');
    };
    await Promise.all([burst(1, 6), expect(async () => inTurn(fails)).rejects.toThrow('no memory')]);
  });
});
