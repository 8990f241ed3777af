/** Results: delivered once, stored as the job says, kept for a bounded time. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { statusOf } from '../../runtime/dispatch/verdict.ts';
import { catalogue, type ErrorCode } from '../../runtime/errors.ts';
import type { CallOutcome } from '../../runtime/model/call.ts';
import { ResultStatus } from '../../runtime/model/messages.gen.ts';
import { IdGenerator } from '../../runtime/model/snowflake.ts';
import type { JobEnd } from '../../runtime/results/results.ts';
import { type Retention, StoredResults } from '../../runtime/results/stored-results.ts';
import { SqliteStore } from '../../runtime/store/sqlite.ts';
import type { LogEvent } from '../../runtime/telemetry/events.ts';
import { job } from '../queue/conformance.ts';

const success: CallOutcome = { ok: true, output: new Uint8Array([1]), metadata: { trace: 'x' } };
const failure: CallOutcome = {
  ok: false,
  error: { code: 'plugin-failed', message: 'no such image' },
  metadata: { hint: 'h' },
};

describe('results', () => {
  let store: SqliteStore;
  let now: number;
  let events: LogEvent[];

  function results(retention: Retention = {}): StoredResults {
    return new StoredResults({
      store,
      ids: new IdGenerator(),
      log: (event) => events.push(event),
      retention,
      now: () => now,
    });
  }

  function end(outcome: CallOutcome): JobEnd {
    const status = outcome.ok ? ResultStatus.SUCCESS : statusOf(outcome.error);
    return { outcome, status, startedAt: now - 5, endedAt: now };
  }

  beforeEach(() => {
    store = new SqliteStore(':memory:');
    now = 1_800_000_000_000;
    events = [];
  });
  afterEach(() => store.close());

  it('go to whoever waits, with times, method and the metadata of the plugin', async () => {
    const [all, made] = [results(), job({ method: 'shrink' })];
    const waiting = all.wait(made.id);
    await all.end(made, end(success));
    const { data, metadata } = await waiting;
    expect(data).toMatchObject({
      job_id: { value: made.id },
      status: ResultStatus.SUCCESS,
      output: { items: new Uint8Array([1]) },
      using: 'shrink',
      start_time: BigInt(now - 5),
      end_time: BigInt(now),
    });
    expect(metadata).toEqual({ trace: 'x' });
  });

  it.each([
    [success, true, false, 1],
    [success, false, true, 0],
    [failure, true, false, 0],
    [failure, false, true, 1],
  ])(
    'of %j with store_success %s and store_failure %s are stored %i times',
    async (outcome, storeSuccess, storeFailure, times) => {
      const [all, made] = [results(), job({ storeSuccess, storeFailure })];
      await all.end(made, end(outcome));
      const stored = await all.listByJob(made.id);
      expect(stored).toHaveLength(times);
      if (stored[0]?.id) expect(await all.find(stored[0].id.value)).toEqual(stored[0]);
    },
  );

  it('carry what went wrong as text', async () => {
    const [all, made] = [results(), job()];
    const waiting = all.wait(made.id);
    await all.end(made, end(failure));
    const { data, metadata } = await waiting;
    expect(Buffer.from(data?.output?.items ?? []).toString()).toBe('no such image');
    expect(metadata).toEqual({ hint: 'h', 'bulkhead-error-code': 'plugin-failed' });
  });

  it('do not show what failed inside the host', async () => {
    const [all, made] = [results(), job()];
    const waiting = all.wait(made.id);
    await all.end(
      made,
      end({ ok: false, error: { code: 'internal', message: '/etc/secret not found' }, metadata: {} }),
    );
    const { data } = await waiting;
    expect(data?.status).toBe(ResultStatus.OTHER_ERROR);
    expect(Buffer.from(data?.output?.items ?? []).toString()).not.toContain('secret');
  });

  it('are delivered and the fault logged when the store fails', async () => {
    const [all, made] = [results(), job({ storeSuccess: true })];
    const waiting = all.wait(made.id);
    store.results.insert = () => Promise.reject(new Error('disk full'));
    await all.end(made, end(success));
    expect((await waiting).data?.status).toBe(ResultStatus.SUCCESS);
    expect(events).toMatchObject([{ level: 'error', message: 'a result could not be stored' }]);
  });

  it('are forgotten after their time, also before a clean-up', async () => {
    const [all, made] = [results({ maxAgeMs: 1000 }), job({ storeSuccess: true })];
    await all.end(made, end(success));
    const id = (await all.listByJob(made.id))[0]?.id?.value ?? 0n;
    now += 1001;
    expect(await all.listByJob(made.id)).toEqual([]);
    expect(await all.find(id)).toBeUndefined();
  });

  it('never fill the store beyond their number', async () => {
    const all = results({ maxCount: 200 });
    for (let i = 0; i < 500; i++) await all.end(job({ storeSuccess: true }), end(success));
    expect(await store.results.count()).toBeLessThanOrEqual(202);
    expect(await store.results.count()).toBeGreaterThanOrEqual(200);
  });
});

describe('the status of a failed job', () => {
  const expected: Partial<Record<ErrorCode, ResultStatus>> = {
    'plugin-failed': ResultStatus.FATAL_ERROR,
    'plugin-panicked': ResultStatus.FATAL_ERROR,
    'plugin-trapped': ResultStatus.FATAL_ERROR,
    'plugin-exited': ResultStatus.FATAL_ERROR,
    'load-failed': ResultStatus.FATAL_ERROR,
    'deadline-exceeded': ResultStatus.MAX_RETRY,
    cancelled: ResultStatus.CANCELLED,
    'thread-lost': ResultStatus.OTHER_ERROR,
    'shutting-down': ResultStatus.OTHER_ERROR,
    internal: ResultStatus.OTHER_ERROR,
  };

  it.each(Object.entries(expected))('%s is %i', (code, status) => {
    expect(statusOf({ code: code as ErrorCode, message: '' })).toBe(status);
  });

  it('is never success', () => {
    for (const code of Object.keys(catalogue))
      expect(statusOf({ code: code as ErrorCode, message: '' })).not.toBe(ResultStatus.SUCCESS);
  });
});
