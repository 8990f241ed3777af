/** A plugin thread by itself: what it is told to forget is gone from it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { Compiler } from '../../../runtime/executor/wasm/compiler.ts';
import { Lane } from '../../../runtime/executor/wasm/lane.ts';
import { WasmExecutor } from '../../../runtime/executor/wasm/wasm-executor.ts';
import { defaultLimits } from '../../../runtime/model/limits.ts';
import { testPlugin } from '../../support/artifacts.ts';
import { PluginUnderTest } from '../plugin-under-test.ts';

const cacheFolder = mkdtempSync(join(tmpdir(), 'bulkhead-lane-'));
afterAll(() => rmSync(cacheFolder, { recursive: true }));

const events = {
  onLog: () => undefined,
  onFault: (what: string, error: unknown) => {
    throw new Error(what, { cause: error });
  },
};

describe('a plugin thread', () => {
  it('has no code of a plugin that was removed, until it is given it again', async () => {
    const compiler = new Compiler(cacheFolder, defaultLimits);
    const { code } = await compiler.compile(readFileSync(testPlugin('echo')));
    const lane = new Lane(events);
    const describing = () =>
      lane.request({ op: 'describe', digest: code.digest, deadline: 5000, limits: defaultLimits });
    await lane.addPlugin(code);
    expect(await describing()).toMatchObject({ ok: true, runner: { name: 'Echo' } });
    lane.removePlugin(code.digest);
    expect(await describing()).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining('was not given') },
    });
    await lane.addPlugin(code);
    expect(await describing()).toMatchObject({ ok: true });
    await lane.close();
    await compiler.close();
  });

  it('is told to forget a dismissed plugin when its last instance is gone, not before', async () => {
    const removed = vi.spyOn(Lane.prototype, 'removePlugin');
    const executor = new WasmExecutor({ threads: 1, cacheFolder, limits: defaultLimits, ...events });
    const echo = await PluginUnderTest.admit(executor, testPlugin('echo'));
    const [kept, fresh] = [echo.instance('kept'), echo.instance('per-job')];
    await Promise.all([kept, fresh].map((each) => each.run(echo.call('run', { text: 'x' }))));
    executor.dismiss(echo.plugin);
    await kept.dispose();
    expect(removed).not.toHaveBeenCalled();
    await fresh.dispose();
    expect(removed.mock.calls).toEqual([[echo.plugin.digest]]);
    removed.mockRestore();
    await executor.close();
  });
});
