/** What the meter, the caps and the snapshot promise, on real plugins. Hostile ones have a suite of their own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { root } from '../../../runtime/cli/toolbox/paths.mjs';
import { BulkheadError } from '../../../runtime/errors.ts';
import type { PluginInstance } from '../../../runtime/executor/executor.ts';
import { WasmExecutor } from '../../../runtime/executor/wasm/wasm-executor.ts';
import { defaultLimits, type Limits } from '../../../runtime/model/limits.ts';
import { testPlugin } from '../../support/artifacts.ts';
import { lineOf, startNode } from '../../support/cli.ts';
import { PluginUnderTest } from '../plugin-under-test.ts';

const cacheFolder = mkdtempSync(join(tmpdir(), 'bulkhead-sandbox-'));
afterAll(() => rmSync(cacheFolder, { recursive: true }));

const executors: WasmExecutor[] = [];
afterEach(async () => {
  await Promise.all(executors.splice(0).map((executor) => executor.close()));
});

function oneThread(limits: Partial<Limits> = {}): WasmExecutor {
  const executor = new WasmExecutor({
    threads: 1,
    cacheFolder,
    limits: { ...defaultLimits, ...limits },
    onLog: () => undefined,
    onFault: (what, error) => {
      throw new Error(what, { cause: error });
    },
  });
  executors.push(executor);
  return executor;
}

const admit = (executor: WasmExecutor, name: string) => PluginUnderTest.admit(executor, testPlugin(name));

async function calls(echo: PluginUnderTest, instance: PluginInstance): Promise<number> {
  const outcome = await instance.run(echo.call('run', { text: '' }));
  if (!outcome.ok) throw new Error(outcome.error.message);
  return (echo.read('run', outcome.output) as { calls: number }).calls;
}

describe('time slicing', () => {
  it('lets neighbours work beside endless loops in the same thread, and their state lives on', async () => {
    const executor = oneThread();
    const [spin, echo] = [await admit(executor, 'spin'), await admit(executor, 'echo')];
    const kept = echo.instance('kept');
    expect(await calls(echo, kept)).toBe(1);
    const stop = new AbortController();
    const loops = Array.from({ length: 3 }, () =>
      spin.instance('kept').run(spin.call('run', ''), { signal: stop.signal }),
    );
    for (let i = 2; i <= 20; i++) expect(await calls(echo, kept)).toBe(i);
    stop.abort(new BulkheadError('cancelled', 'enough'));
    for (const outcome of await Promise.all(loops))
      expect(outcome).toMatchObject({ ok: false, error: { message: 'enough' } });
    // Still the instance of before: the thread was not lost.
    expect(await calls(echo, kept)).toBe(21);
  });

  it('ends loops at their deadline, the thread finding it by itself', async () => {
    const executor = oneThread();
    const spin = await admit(executor, 'spin');
    // How late they are is for `npm run bench -- --only ends`: it depends on what else the machine does.
    for (let i = 0; i < 10; i++) {
      const call = spin.call('run', '');
      const deadline = Date.now() + 50;
      const outcome = await spin.instance('kept').run({ ...call, job: { ...call.job, deadline } });
      expect(outcome).toMatchObject({ ok: false, error: { code: 'deadline-exceeded' } });
      expect(Date.now()).toBeGreaterThanOrEqual(deadline);
    }
  });

  it('ends a job that used up its CPU time, and counts waiting as none', async () => {
    const executor = oneThread({ cpuMs: 100 });
    const [spin, echo] = [await admit(executor, 'spin'), await admit(executor, 'echo')];
    const outcome = await spin.instance('per-job').run(spin.call('run', ''));
    expect(outcome).toMatchObject({ ok: false, error: { code: 'limit-cpu', details: { limit: 'cpuMs', value: 100 } } });
    expect(outcome.usage?.cpuMs).toBeGreaterThanOrEqual(100);
    const waited = await echo.instance('per-job').run(echo.call('slow', { text: 'x', millis: 300 }));
    expect(waited.ok).toBe(true);
    expect(waited.usage?.cpuMs).toBeLessThan(50);
  });

  it('does not count the time in which the machine does something else', async () => {
    const child = startNode([join(root, 'test/support/spin-once.ts'), cacheFolder, '400']);
    const used = lineOf(child, /used (\d+)/);
    await lineOf(child, /running/);
    const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));
    await pause(150);
    child.kill('SIGSTOP');
    await pause(2000);
    child.kill('SIGCONT');
    const cpuMs = Number((await used)[1]);
    expect(cpuMs).toBeGreaterThanOrEqual(400);
    expect(cpuMs).toBeLessThan(1500);
  });

  it('counts the same ticks for the same work, and more for more', async () => {
    const executor = oneThread();
    const echo = await admit(executor, 'echo');
    const instance = echo.instance('per-job');
    const ticks = async (repeat: number) =>
      (await instance.run(echo.call('run', { text: 'x', repeat }))).usage?.ticks ?? 0;
    await ticks(10);
    const [once, again, more] = [await ticks(10), await ticks(10), await ticks(100_000)];
    expect(again).toBe(once);
    expect(more).toBeGreaterThan(once);
  });
});

describe('caps', () => {
  it('refuses a plugin whose memory begins above the limit', async () => {
    const executor = oneThread({ memoryBytes: 65_536 });
    await expect(admit(executor, 'echo')).rejects.toMatchObject({
      code: 'plugin-refused',
      message: expect.stringMatching(/memor/i),
    });
  });

  it('ends a job that needs more memory than it may, and serves the next', async () => {
    const executor = oneThread({ memoryBytes: 4 * 1024 * 1024 });
    const big = await admit(executor, 'big-output');
    const instance = big.instance('kept');
    const outcome = await instance.run(big.call('run', '50000000'));
    expect(outcome.ok).toBe(false);
    expect((await instance.run(big.call('run', '1000'))).ok).toBe(true);
  });

  it('ends a job whose output is above the limit, naming limit and value', async () => {
    const executor = oneThread({ outputBytes: 1000 });
    const big = await admit(executor, 'big-output');
    expect(await big.instance('per-job').run(big.call('run', '1001'))).toMatchObject({
      ok: false,
      error: { code: 'limit-output', message: expect.stringMatching(/1001 bytes; its limit is 1000 \(outputBytes\)/) },
    });
    expect((await big.instance('per-job').run(big.call('run', '1000'))).ok).toBe(true);
  });

  it('ends a job whose metadata is above the limit', async () => {
    const executor = oneThread({ metadataBytes: 100 });
    const echo = await admit(executor, 'echo');
    const outcome = await echo.instance('per-job').run(echo.call('run', {}, { key: 'v'.repeat(100) }));
    expect(outcome).toMatchObject({ ok: false, error: { code: 'limit-metadata' } });
  });
});

describe('fresh state by reset', () => {
  it('shows each job the state after load, whatever the one before did, in one instance', async () => {
    const executor = oneThread();
    const echo = await admit(executor, 'echo');
    const instance = echo.instance('per-job', { prefix: 'P' });
    for (let i = 0; i < 50; i++) {
      const outcome = await instance.run(echo.call('run', { text: `${i}`, repeat: i * 100 }));
      expect(outcome.ok && echo.read('run', outcome.output)).toEqual({
        text: `P${String(i).repeat(Math.max(1, i * 100))}`,
        calls: 1,
      });
    }
  });

  it('is impossible where load() leaves a handle open: each job has an instance of its own', async () => {
    const executor = oneThread();
    const keeps = await admit(executor, 'keeps-handle');
    const instanceWith = (settings: string) =>
      executor.instance({ plugin: keeps.plugin, settings: Buffer.from(settings), grants: {}, isolation: 'per-job' });
    const answer = async (instance: PluginInstance) => {
      const outcome = await instance.run(keeps.call('run', ''));
      return outcome.ok ? keeps.read('run', outcome.output) : outcome.error;
    };
    const keeping = Array.from({ length: 8 }, () => instanceWith('keep'));
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(keeping.map(answer));
      expect(answers).toEqual(keeping.map(() => 'job 1, ready: Some(true)'));
    }
    const [first] = keeping;
    await first?.load();
    expect(first?.obstacles).toEqual(['load() leaves 1 handle of the host open']);
    const free = instanceWith('');
    await free.load();
    expect(free.obstacles).toEqual([]);
    expect(await answer(free)).toBe('job 1, ready: None');
  });

  it('keeps pools of different settings apart', async () => {
    const executor = oneThread();
    const echo = await admit(executor, 'echo');
    const [left, right] = [echo.instance('per-job', { prefix: 'L' }), echo.instance('per-job', { prefix: 'R' })];
    for (let i = 0; i < 5; i++) {
      const [one, two] = await Promise.all([
        left.run(echo.call('run', { text: '1' })),
        right.run(echo.call('run', { text: '2' })),
      ]);
      expect(one.ok && echo.read('run', one.output)).toMatchObject({ text: 'L1' });
      expect(two.ok && echo.read('run', two.output)).toMatchObject({ text: 'R2' });
    }
  });
});
