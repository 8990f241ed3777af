/** Programs as plugins of a whole server: served where the operator names their folder, and nowhere else. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { goPlugin, hasGoPlugins } from '../support/go-plugins.ts';
import { startTestRuntime, type TestRuntime } from '../support/runtime.ts';

const textOf = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();

describe.skipIf(!hasGoPlugins)('programs as plugins', () => {
  let folder: string;
  let runtime: TestRuntime | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'programs-'));
  });
  afterEach(async () => {
    await runtime?.stop();
    runtime = undefined;
    rmSync(folder, { recursive: true });
  });

  it('serve jobs, end alone, and get what manifest and grants both say', async () => {
    copyFileSync(goPlugin('misbehaves'), join(folder, 'misbehaves.plugin'));
    copyFileSync(goPlugin('panics'), join(folder, 'panics.plugin'));
    writeFileSync(join(folder, 'broken.plugin'), 'no program', { mode: 0o755 });
    const manifest = 'schema_version = 1\nname = "Misbehaves"\nversion = "1.0.0"\n[permissions]\nenv = ["TOKEN"]\n';
    writeFileSync(join(folder, 'misbehaves.plugin.toml'), manifest);
    const grants = join(folder, 'grants.toml');
    writeFileSync(grants, '[plugin.Misbehaves]\nenv = { TOKEN = "granted", OTHER = "not asked for" }\n');
    runtime = await startTestRuntime([], { processFolders: [folder], grantsFile: grants });
    expect(runtime.app.refused()).toEqual([{ path: join(folder, 'broken.plugin'), reason: 'it is not a program' }]);
    const worker = await runtime.worker('Misbehaves');
    const { data } = await runtime.job(worker, Buffer.from('env'));
    expect(textOf(data?.output?.items)).toMatch(/^TOKEN=granted$/m);
    expect(textOf(data?.output?.items)).not.toContain('not asked for');
    const panics = await runtime.worker('Panics', { name: 'panicking', use_static: true });
    // PanicArgs { where: "run", message: "boo" }
    const failed = await runtime.job(panics, Buffer.from('\n\x03run\x12\x03boo'));
    expect(textOf(failed.data?.output?.items)).toMatch(/panicked at .*main\.go:\d+: boo/);
    const next = await runtime.job(panics, Buffer.from('\x12\x03boo'));
    expect(textOf(next.data?.output?.items)).toBe('\n\x03boo');
  });

  it('are not looked at where nobody asked for them, whatever they lie beside', async () => {
    const path = join(folder, 'misbehaves.plugin');
    copyFileSync(goPlugin('misbehaves'), path);
    runtime = await startTestRuntime([path]);
    expect(runtime.app.plugins()).toEqual([]);
    const create = { name: 'Misbehaves', description: '', definition: 'misbehaves.plugin' };
    await expect(
      runtime.client.unary('jobworkerp.service.RunnerService', 'Create', create as never),
    ).rejects.toMatchObject({ code: expect.anything() });
    expect(runtime.app.plugins()).toEqual([]);
  });
});
