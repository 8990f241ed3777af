import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LogMessage } from '../../../runtime/executor/wasm/messages.ts';
import { WasmExecutor } from '../../../runtime/executor/wasm/wasm-executor.ts';
import { defaultLimits } from '../../../runtime/model/limits.ts';
import { component, testPlugin } from '../../support/artifacts.ts';
import { executorConformance } from '../conformance.ts';
import { PluginUnderTest } from '../plugin-under-test.ts';

/** A fault that no caller learns of must not pass for success. */
function fail(what: string, error: unknown): never {
  throw new Error(what, { cause: error });
}

const cacheFolder = mkdtempSync(join(tmpdir(), 'bulkhead-executor-'));
afterAll(() => rmSync(cacheFolder, { recursive: true }));

executorConformance('WebAssembly components', async () => ({
  executor: new WasmExecutor({ threads: 2, cacheFolder, limits: defaultLimits, onLog: () => undefined, onFault: fail }),
  plugin: (name) => (name === 'panics' || name === 'guide-feed' ? component(name) : testPlugin(name)),
}));

describe('the sandbox of a component', () => {
  let executor: WasmExecutor;
  const logged: LogMessage[] = [];
  beforeAll(() => {
    executor = new WasmExecutor({
      threads: 1,
      cacheFolder,
      limits: defaultLimits,
      onLog: (message) => logged.push(message),
      onFault: fail,
    });
  });
  afterAll(() => executor.close());

  it('shows the plugin no environment, no arguments and no file of the host', async () => {
    const probe = await PluginUnderTest.admit(executor, testPlugin('wants-env'));
    const outcome = await probe.instance('per-job').run(probe.call('run', '/etc/hostname'));
    if (!outcome.ok) throw new Error(outcome.error.message);
    const saw = Buffer.from(outcome.output).toString();
    expect(saw).toMatch(/^env=$/m);
    expect(saw).toMatch(/^args=$/m);
    expect(saw).toMatch(/^file!/m);
  });

  it('marks what a plugin logs and prints with its job', async () => {
    const echo = await PluginUnderTest.admit(executor, testPlugin('echo'));
    const call = echo.call('log', { text: 'a line' });
    await echo.instance('per-job').run(call);
    const linesOfJob = () => logged.filter(({ jobId }) => jobId === call.job.jobId).flatMap((message) => message.lines);
    // Lines come by another way than the result, and may come after it.
    await vi.waitFor(() => expect(linesOfJob()).toHaveLength(4));
    const lines = linesOfJob();
    expect(lines.map(({ level, message }) => [level, message])).toEqual([
      ['debug', 'a line'],
      ['info', 'a line'],
      ['warn', 'a line'],
      ['error', 'a line'],
    ]);
    expect(lines[0]).toMatchObject({ target: 'echo', fields: [{ key: 'level', value: 'Debug' }] });
  });

  it.each([
    ['ctor-panics', /^in its constructor or name\(\): the plugin panicked at .*src\/lib\.rs:\d+:\d+: /],
    ['schema-panics', /^in method-proto-map\(\): the plugin panicked at .*src\/lib\.rs:\d+:\d+: /],
    ['old-api', /plugin=0\.0\.9, host=0\.1\.0/],
    ['other-world', /another world/],
    ['no-facet', /exports nothing/],
  ])('refuses the plugin %s in one line', async (name, reason) => {
    await expect(executor.admit(testPlugin(name))).rejects.toMatchObject({
      code: 'plugin-refused',
      message: expect.stringMatching(reason),
    });
  });

  it('ends a kept instance with the thread it loops in, and its neighbours run again', async () => {
    const [spin, echo] = await Promise.all(
      ['spin', 'echo'].map((name) => PluginUnderTest.admit(executor, testPlugin(name))),
    );
    if (!spin || !echo) throw new Error('not admitted');
    const neighbour = echo.instance('kept');
    await neighbour.run(echo.call('run', { text: 'before' }));
    await spin.instance('kept').run(spin.call('run', ''), { signal: AbortSignal.timeout(50) });
    const after = await neighbour.run(echo.call('run', { text: 'after' }));
    expect(after.ok && echo.read('run', after.output)).toMatchObject({ text: 'after' });
  });
});
