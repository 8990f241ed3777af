/** The queue of one process. */
import { afterAll, expect, it } from 'vitest';
import { job, queueConformance } from './conformance.ts';
import { embeddedQueue } from './embedded.ts';

const opened: { readonly close: () => Promise<void> }[] = [];

function open(capacity?: number) {
  const made = embeddedQueue(capacity === undefined ? {} : { capacity });
  opened.push(made.store);
  return made.queue;
}

afterAll(() => Promise.all(opened.map((store) => store.close())));

queueConformance('the embedded queue', open);

it('holds 10,000 jobs a channel where nothing else is said', async () => {
  const queue = open();
  for (let i = 0; i < 10_000; i++) await queue.push(job());
  await expect(queue.push(job())).rejects.toThrow(/\[default\] already holds 10000 waiting jobs/);
});

it('refuses a second consumer of a channel', () => {
  const queue = open();
  queue.consume('', 1, async () => undefined);
  expect(() => queue.consume('', 1, async () => undefined)).toThrow(/has a consumer already/);
});
