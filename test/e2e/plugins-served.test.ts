import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { component, testPlugin } from '../support/artifacts.ts';
import { startTestRuntime, type TestRuntime } from '../support/runtime.ts';

const running: TestRuntime[] = [];
const start: typeof startTestRuntime = async (...args) => {
  const runtime = await startTestRuntime(...args);
  running.push(runtime);
  return runtime;
};
afterEach(async () => {
  await Promise.all(running.splice(0).map((runtime) => runtime.stop()));
});

describe('a plugin folder', () => {
  it('serves what it can and refuses the rest, each in one clear line', async () => {
    const broken = [
      'broken-proto',
      'ctor-panics',
      'schema-panics',
      'old-api',
      'other-world',
      'no-facet',
      'duplicate-name',
    ];
    const { app } = await start([component('hello'), testPlugin('echo'), ...broken.map(testPlugin)]);
    expect(
      app
        .plugins()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['Echo', 'Hello']);
    const reasons = Object.fromEntries(app.refused().map(({ path, reason }) => [basename(path), reason]));
    // Of two with one name the first by path is served.
    expect(reasons).toEqual({
      'test_broken_proto.wasm': expect.stringMatching(/args_proto.*line 3/),
      'test_ctor_panics.wasm': expect.stringMatching(/constructor.*panicked at .*lib\.rs/),
      'test_schema_panics.wasm': expect.stringMatching(/method-proto-map.*panicked at .*lib\.rs/),
      'test_old_api.wasm': expect.stringContaining('plugin=0.0.9, host=0.1.0'),
      'test_other_world.wasm': expect.stringContaining('another world'),
      'test_no_facet.wasm': expect.stringContaining('exports nothing'),
      'test_echo.wasm': expect.stringMatching(/duplicate name Echo: .*test_duplicate_name\.wasm is served/),
    });
    for (const reason of Object.values(reasons)) expect(reason).not.toContain('\n');
  });

  it('that is missing stops the start with its name', async () => {
    await expect(start([], { pluginFolders: ['/no/such/folder'] })).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('/no/such/folder'),
    });
  });

  it('is served by two servers that start at once on one empty cache', async () => {
    const cacheFolder = mkdtempSync(join(tmpdir(), 'bulkhead-cache-'));
    const both = await Promise.all([
      start([component('hello')], { cacheFolder }),
      start([component('hello')], { cacheFolder }),
    ]);
    for (const { app } of both) expect(app.plugins().map(({ name }) => name)).toEqual(['Hello']);
    rmSync(cacheFolder, { recursive: true });
  });
});
