/** Plugins that come and go while the server runs: RunnerService.Create and Delete. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { JobProcessingStatus, ResultStatus, RunnerType } from '../../runtime/model/messages.gen.ts';
import { runnerIdOf } from '../../runtime/plugins/registry.ts';
import { component, testPlugin } from '../support/artifacts.ts';
import { startTestRuntime, type TestRuntime } from '../support/runtime.ts';

const RunnerService = 'jobworkerp.service.RunnerService';

const message = (text: string): Uint8Array => Uint8Array.from([10, text.length, ...Buffer.from(text)]);
/** The string in field 1. */
const textOf = (bytes: Uint8Array = new Uint8Array(2)): string =>
  Buffer.from(bytes)
    .subarray(2, 2 + (bytes[1] ?? 0))
    .toString();

describe('runners that come and go', () => {
  let runtime: TestRuntime;
  let elsewhere: string;
  beforeAll(async () => {
    runtime = await startTestRuntime([component('hello')]);
    elsewhere = mkdtempSync(join(tmpdir(), 'bulkhead-elsewhere-'));
    copyFileSync(component('panics'), join(elsewhere, 'panics.wasm'));
  });
  afterAll(async () => {
    await runtime.stop();
    rmSync(elsewhere, { recursive: true });
  });

  const create = (name: string, definition: string, type: RunnerType = RunnerType.PLUGIN) =>
    runtime.client.unary(RunnerService, 'Create', { name, definition, runner_type: type });
  const remove = async (name: string) =>
    (await runtime.client.unary(RunnerService, 'Delete', { value: runnerIdOf(name) })).is_success;
  /** Copies a file into the folder and answers its name there. */
  const put = (path: string, name = basename(path)): string => {
    mkdirSync(dirname(join(runtime.pluginFolder, name)), { recursive: true });
    copyFileSync(path, join(runtime.pluginFolder, name));
    return name;
  };
  /** Puts a symbolic link into the folder and answers its name there. */
  const link = (to: string, name: string): string => {
    symlinkSync(to, join(runtime.pluginFolder, name));
    return name;
  };
  const echo = async (worker: string) => textOf((await runtime.job(worker, message('hi'), 'run')).data?.output?.items);

  it('serves a file that was put into the folder, once', async () => {
    put(testPlugin('echo'));
    expect((await create('Echo', 'test_echo.wasm')).id?.value).toBe(runnerIdOf('Echo'));
    const { data } = await runtime.client.unary(RunnerService, 'FindByName', { name: 'Echo' });
    expect(data?.data?.definition).toBe(join(runtime.pluginFolder, 'test_echo.wasm'));
    await runtime.worker('Echo', { name: 'echo' });
    expect(await echo('echo')).toBe('hi');
    await expect(create('Echo', 'test_echo.wasm')).rejects.toMatchObject({ code: status.ALREADY_EXISTS });
  });

  it('ends the jobs of workers whose runner is gone, and serves them when it is back', async () => {
    expect(await remove('Echo')).toBe(true);
    expect(await remove('Echo')).toBe(false);
    await expect(echo('echo')).rejects.toMatchObject({
      code: status.NOT_FOUND,
      details: expect.stringContaining('is not loaded') as string,
    });
    expect(
      (await runtime.client.unary('jobworkerp.service.WorkerService', 'FindByName', { name: 'echo' })).data,
    ).toBeDefined();
    await create('Echo', join(runtime.pluginFolder, 'test_echo.wasm'));
    expect(await echo('echo')).toBe('hi');
  });

  it('lets a job that runs end, and ends the one that waits behind it', async () => {
    const narrow = await startTestRuntime([testPlugin('echo')], { defaultConcurrency: 1 });
    const worker = await narrow.worker('Echo');
    const twoSeconds = Uint8Array.from([...message('slow'), 0x10, 0xd0, 0x0f]);
    const jobs = [1, 2].map(() => narrow.job(worker, twoSeconds, 'slow'));
    const statuses = async () => {
      const found: number[] = [];
      const all = narrow.client.stream('jobworkerp.service.JobProcessingStatusService', 'FindAll', {});
      for await (const job of all) found.push(job.status);
      return found.sort();
    };
    await vi.waitFor(async () =>
      expect(await statuses()).toEqual([JobProcessingStatus.PENDING, JobProcessingStatus.RUNNING]),
    );
    await narrow.client.unary(RunnerService, 'Delete', { value: runnerIdOf('Echo') });
    const [ran, waited] = await Promise.all(jobs);
    expect(ran?.data?.status).toBe(ResultStatus.SUCCESS);
    expect(waited?.data?.status).toBe(ResultStatus.FATAL_ERROR);
    expect(Buffer.from(waited?.data?.output?.items ?? []).toString()).toBe(
      "the runner of worker 'Echo-worker' is not there any more",
    );
    await narrow.stop();
  });

  it('gives a worker with use_static no state of the plugin that was there before', async () => {
    await runtime.worker('Echo', { name: 'kept', use_static: true });
    const calls = async () => (await runtime.job('kept', message('x'), 'run')).data?.output?.items?.at(-1);
    expect([await calls(), await calls()]).toEqual([1, 2]);
    await remove('Echo');
    await create('Echo', 'test_echo.wasm');
    expect(await calls()).toBe(1);
  });

  it.each([
    ['outside of the folders', () => join(elsewhere, 'panics.wasm')],
    ['outside by a path with dots', () => join('..', '..', basename(elsewhere), 'panics.wasm')],
    ['outside by a symbolic link', () => link(join(elsewhere, 'panics.wasm'), 'out.wasm')],
    ['in a folder that is a symbolic link', () => join(link(elsewhere, 'link'), 'panics.wasm')],
    ['in a folder below, which the next start would not find', () => put(component('panics'), 'below/panics.wasm')],
    ['that is not there', () => 'none.wasm'],
    ['that is a folder', () => link('.', 'folder.wasm')],
    ['of another kind', () => put(component('panics'), 'panics.txt')],
    ['with a zero in its name', () => 'a\0.wasm'],
    ['that names no component', () => '/etc/passwd'],
  ])('refuses a file %s', async (_where, definition) => {
    await expect(create('Panics', definition())).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringMatching(/^definition '.*' is no \*\.wasm file that lies in a plugin folder \(/) as string,
    });
    expect((await runtime.client.unary(RunnerService, 'FindByName', { name: 'Panics' })).data).toBeUndefined();
  });

  it('takes a symbolic link to a file in the folder', async () => {
    put(component('panics'), 'panics-1.0.wasm');
    symlinkSync('panics-1.0.wasm', join(runtime.pluginFolder, 'panics.wasm'));
    await create('Panics', 'panics.wasm');
    expect(await remove('Panics')).toBe(true);
  });

  it('refuses a name that is not the plugin’s own, a file that is no plugin, and what is missing', async () => {
    put(testPlugin('spin'));
    writeFileSync(join(runtime.pluginFolder, 'text.wasm'), 'no component');
    await expect(create('Spinner', 'test_spin.wasm')).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: "name must be 'Spin', as the plugin calls itself, got 'Spinner'",
    });
    await expect(create('Text', 'text.wasm')).rejects.toMatchObject({ code: status.FAILED_PRECONDITION });
    await expect(create('', 'test_spin.wasm')).rejects.toMatchObject({ details: 'name is required' });
    await expect(create('Spin', '')).rejects.toMatchObject({ details: 'definition is required' });
    await create('Spin', 'test_spin.wasm');
  });

  it.each(Object.entries(RunnerType).filter(([name]) => name !== 'PLUGIN'))(
    'answers UNIMPLEMENTED for a runner of the type %s',
    async (name, type) => {
      await expect(create('x', '{}', type)).rejects.toMatchObject({
        code: status.UNIMPLEMENTED,
        details: `runners of the type ${name} are not offered: Bulkhead runs plugins (PLUGIN)`,
      });
    },
  );
});
