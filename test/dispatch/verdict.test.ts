/** Whether and when a job runs again. */
import { describe, expect, it } from 'vitest';
import { judge, waitBefore } from '../../runtime/dispatch/verdict.ts';
import type { CallOutcome } from '../../runtime/model/call.ts';
import { ResultStatus, RetryType } from '../../runtime/model/messages.gen.ts';
import { job } from '../queue/conformance.ts';

const policy = { type: RetryType.CONSTANT, interval: 100, max_interval: 0, max_retry: 2, basis: 0 };
const failed = (code: 'plugin-failed' | 'limit-cpu' | 'thread-lost' | 'cancelled'): CallOutcome => ({
  ok: false,
  error: { code, message: '' },
  metadata: {},
});

describe('the wait before the next attempt', () => {
  it.each([
    ['constant', { type: RetryType.CONSTANT }, [100, 100, 100]],
    ['linear', { type: RetryType.LINEAR }, [100, 200, 300]],
    ['exponential', { type: RetryType.EXPONENTIAL, basis: 3 }, [100, 300, 900]],
    ['exponential, base 2 where none is given', { type: RetryType.EXPONENTIAL }, [100, 200, 400]],
    ['no longer than its maximum', { type: RetryType.LINEAR, max_interval: 250 }, [100, 200, 250]],
  ])('is %s', (_, change, waits) => {
    expect([1, 2, 3].map((attempt) => waitBefore({ ...policy, ...change }, attempt))).toEqual(waits);
  });

  it('is never more than a day where the policy says no maximum', () => {
    expect(waitBefore({ ...policy, type: RetryType.EXPONENTIAL, basis: 10 }, 300)).toBe(86_400_000);
  });
});

describe('a job that failed', () => {
  it('is tried again as often as its policy says, and ends with MAX_RETRY', () => {
    const tried = [1, 2, 3].map((attempt) =>
      judge(job({ retryPolicy: policy, attempt }), failed('plugin-failed'), 5000, true),
    );
    expect(tried.map(({ status, next }) => [status, next?.attempt, next?.runAfter])).toEqual([
      [ResultStatus.ERROR_AND_RETRY, 2, 5100],
      [ResultStatus.ERROR_AND_RETRY, 3, 5100],
      [ResultStatus.MAX_RETRY, undefined, undefined],
    ]);
  });

  it('by a lost thread is tried again as well', () => {
    expect(judge(job({ retryPolicy: policy }), failed('thread-lost'), 0, true).next?.attempt).toBe(2);
  });

  it.each([
    ['it could not do better', failed('limit-cpu'), true, ResultStatus.FATAL_ERROR],
    ['it was cancelled', failed('cancelled'), true, ResultStatus.CANCELLED],
    ['its output has been read', failed('plugin-failed'), false, ResultStatus.MAX_RETRY],
  ])('is not where %s', (_, outcome, repeatable, status) => {
    expect(judge(job({ retryPolicy: policy }), outcome, 0, repeatable)).toEqual({ status });
  });

  it('is tried a thousand times where its policy has no number', () => {
    const of = (attempt: number) =>
      judge(job({ retryPolicy: { ...policy, max_retry: 0 }, attempt }), failed('plugin-failed'), 0, true).status;
    expect([of(1000), of(1001)]).toEqual([ResultStatus.ERROR_AND_RETRY, ResultStatus.MAX_RETRY]);
  });
});

describe('a periodic job', () => {
  const periodic = job({ periodMs: 1000, phaseAt: 300, attempt: 3, interruptions: 1 });

  it.each([
    [350, 1300],
    [1300, 2300],
    [9999, 10_300],
  ])('that ended at %i is due at %i', (now, due) => {
    const { next } = judge(periodic, { ok: true, output: new Uint8Array(), metadata: {} }, now, true);
    expect(next).toMatchObject({ runAfter: due, attempt: 1, interruptions: 0 });
  });

  it('goes on after a failure, and ends when it is cancelled', () => {
    expect(judge(periodic, failed('plugin-failed'), 500, true).next?.runAfter).toBe(1300);
    expect(judge(periodic, failed('cancelled'), 500, true).next).toBeUndefined();
  });
});
