import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ResultStatus } from '../../runtime/model/messages.gen.ts';
import { component, testPlugin } from '../support/artifacts.ts';
import { startTestRuntime, type TestRuntime } from '../support/runtime.ts';

/** A message with strings in fields 1 and 2. */
function strings(first: string, second = ''): Uint8Array {
  const field = (tag: number, text: string) => {
    const bytes = Buffer.from(text);
    return bytes.byteLength === 0 ? [] : [tag, bytes.byteLength, ...bytes];
  };
  return Uint8Array.from([...field(10, first), ...field(18, second)]);
}

/** The string in field 1. */
const textOf = (message: Uint8Array | undefined) =>
  Buffer.from(message ?? [])
    .subarray(2)
    .toString();

/** Heap and buffers in use, after a collection, in bytes. */
function memoryInUse(): number {
  globalThis.gc?.();
  const { rss } = process.memoryUsage();
  return rss;
}

describe('jobs of components over gRPC', () => {
  let runtime: TestRuntime;
  beforeAll(async () => {
    runtime = await startTestRuntime([component('panics'), component('hello'), testPlugin('echo'), testPlugin('spin')]);
  });
  afterAll(() => runtime.stop());

  it.each([
    ['static', true],
    ['not static', false],
  ])(
    '10,000 of which every tenth panics: each gets its own answer, none is lost: %s',
    async (_, use_static) => {
      const worker = await runtime.worker('Panics', { name: `panics-${use_static}`, use_static });
      const total = 10_000;
      let [right, panicked, next] = [0, 0, 0];
      const memory: number[] = [];
      const submit = async (): Promise<void> => {
        for (let i = next++; i < total; i = next++) {
          const panics = i % 10 === 0;
          const result = await runtime.job(worker, strings(panics ? 'run' : '', `job ${i}`));
          const output = Buffer.from(result.data?.output?.items ?? []).toString();
          if (panics) {
            expect(result.data?.status).toBe(ResultStatus.FATAL_ERROR);
            expect(output).toMatch(new RegExp(`panicked at .*fail\\.rs:\\d+:\\d+: job ${i}$`));
            panicked++;
          } else {
            expect(result.data?.status).toBe(ResultStatus.SUCCESS);
            expect(textOf(result.data?.output?.items)).toBe(`job ${i}`);
            right++;
          }
          if (i % 1000 === 999) memory.push(memoryInUse());
        }
      };
      await Promise.all(Array.from({ length: 32 }, submit));
      expect({ right, panicked }).toEqual({ right: 9000, panicked: 1000 });
      // Flat: the second half of the run needs no more than the first did, within what the collector leaves lying about.
      const [half, end] = [Math.max(...memory.slice(0, 5)), memory.at(-1) ?? 0];
      expect(end).toBeLessThan(half * 1.25);
    },
    120_000,
  );

  it('keeps the state of a static worker and no state of another', async () => {
    const kept = await runtime.worker('Echo', { name: 'kept', use_static: true });
    const fresh = await runtime.worker('Echo', { name: 'fresh', use_static: false });
    const calls = async (worker: string) =>
      (await runtime.job(worker, strings('x'), 'run')).data?.output?.items?.at(-1);
    expect([await calls(kept), await calls(kept), await calls(kept)]).toEqual([1, 2, 3]);
    expect([await calls(fresh), await calls(fresh)]).toEqual([1, 1]);
  });

  it('ends an endless loop at its timeout and serves the next job', async () => {
    const worker = await runtime.worker('Spin', { name: 'spin' });
    const { result } = await runtime.client.unary('jobworkerp.service.JobService', 'Enqueue', {
      worker_name: worker,
      timeout: 200n,
    });
    expect(result?.data?.status).not.toBe(ResultStatus.SUCCESS);
    expect(Buffer.from(result?.data?.output?.items ?? []).toString()).toMatch(/200 ?ms|deadline|time/i);
    const hello = await runtime.worker('Hello', { name: 'after-spin' });
    expect(textOf((await runtime.job(hello, strings('Eve'))).data?.output?.items)).toBe('Hello, Eve!');
  });

  it('carries metadata to the plugin and back', async () => {
    const worker = await runtime.worker('Echo', { name: 'metadata' });
    const { result } = await runtime.client.unary(
      'jobworkerp.service.JobService',
      'Enqueue',
      { worker_name: worker, args: strings('x'), using: 'run' },
      { headers: { tenant: 'blue' } },
    );
    expect(result?.metadata).toMatchObject({ TENANT: 'blue' });
    expect(Number(result?.metadata['bulkhead-cpu-ticks'])).toBeGreaterThan(0);
    expect(Number(result?.metadata['bulkhead-cpu-ms'])).toBeGreaterThan(0);
  });
});
