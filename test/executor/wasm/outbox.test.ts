/** Messages between threads travel together, in their order, and none is lost for another one's sake. */
import { MessageChannel } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { Outbox } from '../../../runtime/executor/wasm/outbox.ts';

type Message = readonly [number, unknown?];

describe('an outbox', () => {
  const { port1, port2 } = new MessageChannel();
  const unsent: Message[] = [];
  const outbox = new Outbox<Message>(port1, (message) => unsent.push(message));
  const batches: (readonly Message[])[] = [];
  port2.on('message', (batch: readonly Message[]) => batches.push(batch));
  afterEach(() => {
    batches.length = 0;
    unsent.length = 0;
  });
  const arrived = async (count: number): Promise<void> => {
    while (batches.flat().length < count) await new Promise((resolve) => setImmediate(resolve));
  };

  it('sends what one turn gives together, a few at a time, in order', async () => {
    for (let index = 0; index < 20; index++) outbox.push([index], false);
    await arrived(20);
    expect(batches.flat().map(([index]) => index)).toEqual(Array.from({ length: 20 }, (_, index) => index));
    for (const batch of batches) expect(batch.length).toBeLessThanOrEqual(8);
    expect(batches.length).toBeLessThan(10);
  });

  it('does not wait where nothing is to follow', async () => {
    outbox.push([1], false);
    outbox.push([2], true);
    outbox.push([3], false);
    await arrived(3);
    expect(batches).toEqual([[[1], [2]], [[3]]]);
  });

  it('tells of a message that cannot be copied, and sends the others', async () => {
    outbox.push([1], false);
    outbox.push([2, () => undefined], false);
    outbox.push([3], true);
    await arrived(2);
    expect(batches.flat()).toEqual([[1], [3]]);
    expect(unsent.map(([index]) => index)).toEqual([2]);
    port1.close();
  });
});
