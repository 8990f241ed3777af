/** The queue in memory. */
import { expect, it } from 'vitest';
import { EmbeddedQueue } from '../../runtime/queue/embedded.ts';
import { job, queueConformance } from './conformance.ts';

queueConformance('the embedded queue', (capacity) => new EmbeddedQueue({ capacity }));

it('holds 10,000 jobs a channel where nothing else is said', async () => {
  const queue = new EmbeddedQueue();
  for (let i = 0; i < 10_000; i++) await queue.push(job());
  await expect(queue.push(job())).rejects.toThrow(/\[default\] already holds 10000 waiting jobs/);
});

it('refuses a second consumer of a channel', () => {
  const queue = new EmbeddedQueue();
  queue.consume('', 1, async () => {});
  expect(() => queue.consume('', 1, async () => {})).toThrow(/has a consumer already/);
});
