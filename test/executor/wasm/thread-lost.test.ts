/** A plugin thread that stops answering: it is replaced, and each job in it is told what came of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BulkheadError } from '../../../runtime/errors.ts';
import type { PluginInstance } from '../../../runtime/executor/executor.ts';
import { WasmExecutor } from '../../../runtime/executor/wasm/wasm-executor.ts';
import { defaultLimits } from '../../../runtime/model/limits.ts';
import { testPlugin } from '../../support/artifacts.ts';
import { hangThreads } from '../../support/thread-debugger.ts';
import { collect, PluginUnderTest } from '../plugin-under-test.ts';

const lost = {
  ok: false,
  error: {
    code: 'thread-lost',
    message: expect.stringMatching(/stopped answering, for this job or another one in it.*may be run again$/),
  },
};

describe('a plugin thread that stops answering', () => {
  const cacheFolder = mkdtempSync(join(tmpdir(), 'bulkhead-thread-lost-'));
  let executor: WasmExecutor;
  let echo: PluginUnderTest;
  beforeEach(async () => {
    executor = new WasmExecutor({
      threads: 1,
      cacheFolder,
      limits: defaultLimits,
      onLog: () => undefined,
      onFault: (what, error) => {
        throw new Error(what, { cause: error });
      },
    });
    echo = await PluginUnderTest.admit(executor, testPlugin('echo'));
  });
  afterEach(() => executor.close());
  afterAll(() => rmSync(cacheFolder, { recursive: true }));

  const answer = async (instance: PluginInstance, text: string) => {
    const outcome = await instance.run(echo.call('run', { text }));
    return outcome.ok ? echo.read('run', outcome.output) : outcome.error;
  };

  it('is replaced, without anybody asking: its jobs may be run again, and the next ones are served', async () => {
    const [kept, fresh] = [echo.instance('kept'), echo.instance('per-job')];
    expect(await answer(kept, 'before')).toEqual({ text: 'before', calls: 1 });
    const streaming = echo.instance('per-job');
    const stream = streaming.stream(echo.call('stream', { text: 'c', chunks: 1000, interval: 50 }));
    const chunks = collect(stream);
    const waiting = [kept, fresh].map((each) => each.run(echo.call('slow', { text: '', millis: 60_000 })));
    await hangThreads();
    for (const outcome of await Promise.all(waiting)) expect(outcome).toMatchObject(lost);
    await chunks;
    expect(await stream.end).toMatchObject(lost);
    expect(new BulkheadError('thread-lost', '').retryable).toBe(true);
    // The instances live anew, without what they kept.
    expect(await answer(kept, 'after')).toEqual({ text: 'after', calls: 1 });
    expect(await answer(fresh, 'after')).toEqual({ text: 'after', calls: 1 });
  });

  it('tells a job that was cancelled in it why, and lets go of an instance that is disposed', async () => {
    const [cancelled, disposed] = [echo.instance('kept'), echo.instance('kept')];
    // A thread that is still starting is given longer.
    await answer(cancelled, 'before');
    const stop = new AbortController();
    const call = cancelled.run(echo.call('slow', { text: '', millis: 60_000 }), { signal: stop.signal });
    const other = disposed.run(echo.call('slow', { text: '', millis: 60_000 }));
    await hangThreads();
    stop.abort(new BulkheadError('deadline-exceeded', 'too late'));
    await disposed.dispose();
    expect(await call).toMatchObject({ ok: false, error: { code: 'deadline-exceeded', message: 'too late' } });
    expect(await other).toMatchObject({ ok: false, error: { code: 'cancelled' } });
  });

  it('is not what a thread is that only has much to do', async () => {
    const kept = echo.instance('kept');
    await answer(kept, 'before');
    const spin = await PluginUnderTest.admit(executor, testPlugin('spin'));
    const stop = new AbortController();
    const loops = Array.from({ length: 20 }, () =>
      spin.instance('kept').run(spin.call('run', ''), { signal: stop.signal }),
    );
    await new Promise((resolve) => setTimeout(resolve, 6000));
    stop.abort();
    for (const outcome of await Promise.all(loops)) expect(outcome).toMatchObject({ error: { code: 'cancelled' } });
    expect(await answer(kept, 'after')).toEqual({ text: 'after', calls: 2 });
  });
});
