import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { component, testPlugin } from '../support/artifacts.ts';
import { type ClientTest, startClientTest } from './client.ts';

describe('plugins that come and go by the command line', () => {
  let test: ClientTest;
  let none: ClientTest;
  beforeAll(async () => {
    none = await startClientTest([component('hello')]);
    test = await startClientTest([component('panics')], { uploadFolder: join(none.folder, 'uploads') });
    for (const name of ['hello', 'wants']) mkdirSync(join(test.folder, name));
  });
  afterAll(async () => {
    await test.stop();
    await none.stop();
  });

  const runners = async () => (await test.json(['runner', 'list'])).map(({ name }) => name);

  it('are uploaded, asked for their names, served and replaced', async () => {
    const installed = await test.run(['runner', 'install', component('hello')]);
    expect(installed).toEqual({ code: 0, stdout: 'Hello\n', stderr: '' });
    expect(await runners()).toEqual(['Hello', 'Panics']);
    await test.run(['worker', 'create', 'greeter', '--runner', 'Hello', '--response', 'direct']);
    const job = await test.run(['job', 'enqueue', 'greeter', '--args', '{"name":"Ann"}']);
    expect(job.stdout).toBe('{"greeting":"Hello, Ann!"}\n');
    const again = await test.run(['runner', 'install', component('hello'), '--name', 'Hello']);
    expect(again.code).toBe(5);
    expect(again.stderr).toMatch(/^bulkhead: plugin 'Hello': .*\[ALREADY_EXISTS runner-exists\]; .*--replace\n$/);
    const [json] = await test.json(['runner', 'install', component('hello'), '--name', 'Hello', '--replace']);
    expect(json).toEqual({ id: expect.stringMatching(/^\d+$/), name: 'Hello', not_granted: [] });
  });

  it('are listed, and removed for good', async () => {
    await test.run(['runner', 'install', component('hello'), '--replace']);
    const [upload] = await test.json(['runner', 'list', '--uploads']);
    const bytes = readFileSync(component('hello')).length;
    expect(upload).toMatchObject({ name: 'Hello', size_bytes: bytes, sha256: expect.stringMatching(/^[\da-f]{64}$/) });
    const { stdout } = await test.run(['runner', 'list', '--uploads']);
    expect(stdout).toMatch(/^PLUGIN +SERVED +BYTES +UPLOADED \(UTC\) +SHA-256\nHello +yes +\d+ /);
    const removed = await test.json(['runner', 'remove', String(upload?.runner_id)]);
    expect(removed).toEqual([{ name: 'Hello', upload: true, removed: true }]);
    expect(await test.json(['runner', 'list', '--uploads'])).toEqual([]);
    expect(await runners()).toEqual(['Panics']);
  });

  it.each([
    ['toml', 'schema_version = 1\nname = "WantsEnv"\nversion = "1.0.0"\n[permissions]\nenv = ["TOKEN"]\n'],
    ['json', '{"schema_version":1,"name":"WantsEnv","version":"1.0.0","permissions":{"env":["TOKEN"]}}'],
  ])('bring their manifests in %s, and say what they are not granted', async (spelling, manifest) => {
    const wants = join(test.folder, 'wants', `${spelling}.wasm`);
    copyFileSync(testPlugin('wants-env'), wants);
    writeFileSync(join(test.folder, 'wants', `${spelling}.plugin.${spelling}`), manifest);
    const byName = ['runner', 'install', wants, '--name', 'WantsEnv', '--replace'];
    for (const install of [['runner', 'install', wants, '--replace'], byName]) {
      const [json] = await test.json(install);
      expect(json).toMatchObject({ name: 'WantsEnv', not_granted: ['env TOKEN'] });
    }
  });

  it('lie on the server already, and are served and unloaded by name', async () => {
    copyFileSync(testPlugin('echo'), join(test.runtime.pluginFolder, 'echo.wasm'));
    const installed = await test.run(['runner', 'install', 'echo.wasm', '--on-server', '--name', 'Echo']);
    expect(installed).toEqual({ code: 0, stdout: 'Echo\n', stderr: '' });
    expect(await runners()).toContain('Echo');
    expect(await test.run(['runner', 'remove', 'Echo'])).toEqual({ code: 0, stdout: 'Echo\n', stderr: '' });
    expect(await runners()).not.toContain('Echo');
  });

  it.each([
    ['a file that is not there', ['nowhere.wasm'], 2, /nowhere\.wasm: there is no such file or folder/],
    ['a file that is not there, by name', ['nowhere.wasm', '--name', 'X'], 2, /nowhere\.wasm: there is no such file/],
    [
      'a file that is no plugin, before it is sent',
      [testPlugin('no-facet')],
      1,
      /test_no_facet\.wasm: .*\[plugin-refused\]/,
    ],
    [
      'another name than its own',
      [component('hello'), '--name', 'Other'],
      2,
      /must be 'Hello', as the plugin calls itself.*\[INVALID_ARGUMENT/,
    ],
    ['a file of the server without a name', ['x.wasm', '--on-server'], 2, /--on-server needs --name/],
  ])('are refused: %s', async (_, args, exitCode, message) => {
    const { code, stdout, stderr } = await test.run(['runner', 'install', ...args]);
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('need a server that takes them', async () => {
    const { code, stderr } = await none.run(['runner', 'install', component('panics'), '--name', 'Panics']);
    expect(code).toBe(5);
    expect(stderr).toMatch(/\[FAILED_PRECONDITION uploads-off\]/);
    expect(await none.run(['runner', 'remove', 'Hello'])).toMatchObject({ code: 0, stdout: 'Hello\n' });
    const gone = await none.run(['runner', 'remove', 'Hello']);
    expect(gone).toMatchObject({ code: 5, stderr: expect.stringContaining('runner-not-found') });
  });
});
