/** PluginService over the real server: what is taken is served, what is refused leaves nothing behind. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { WireClient } from '../../runtime/api/client.ts';
import type { UploadHead, UploadResponse } from '../../runtime/model/messages.gen.ts';
import { runnerIdOf } from '../../runtime/plugins/registry.ts';
import { component, testPlugin, variant } from '../support/artifacts.ts';
import { startTestRuntime, type TestRuntime } from '../support/runtime.ts';

const PluginService = 'bulkhead.plugin.v1.PluginService';
const RunnerService = 'jobworkerp.service.RunnerService';
const WorkerService = 'jobworkerp.service.WorkerService';

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const echoMessage = (text: string): Uint8Array => Uint8Array.from([10, text.length, ...Buffer.from(text)]);

/** The messages of an upload, in chunks of 64 KiB. */
function* messages(head: Partial<UploadHead>, bytes: Uint8Array) {
  yield { head: { sha256: digestOf(bytes), ...head } };
  for (let at = 0; at < bytes.byteLength; at += 65_536) yield { chunk: bytes.subarray(at, at + 65_536) };
}

describe('uploads', () => {
  let folder: string;
  let cacheFolder: string;
  let runtime: TestRuntime;
  const start = (plugins: readonly string[] = [component('hello')], options = {}) =>
    startTestRuntime(plugins, { uploadFolder: folder, cacheFolder, maxUploadBytes: 3_000_000, ...options });
  beforeAll(() => {
    cacheFolder = mkdtempSync(join(tmpdir(), 'bulkhead-upload-cache-'));
  });
  afterAll(() => rmSync(cacheFolder, { recursive: true }));
  const open = async (): Promise<void> => {
    folder = mkdtempSync(join(tmpdir(), 'bulkhead-uploads-'));
    runtime = await start();
  };
  const close = async (): Promise<void> => {
    await runtime.stop();
    rmSync(folder, { recursive: true });
  };

  const upload = (bytes: Uint8Array, head: Partial<UploadHead> = { name: 'Echo' }): Promise<UploadResponse> =>
    runtime.client.send(PluginService, 'Upload', messages(head, bytes));
  const list = async () => (await runtime.client.unary(PluginService, 'List', {})).plugins;
  const served = async (name: string) => (await runtime.client.unary(RunnerService, 'FindByName', { name })).data;
  const calls = async (worker: string) =>
    (await runtime.job(worker, echoMessage('x'), 'run')).data?.output?.items?.at(-1);

  describe('that are taken', () => {
    beforeEach(open);
    afterEach(close);

    it('are served at once, listed with their facts, and there again after a restart', async () => {
      const bytes = readFileSync(testPlugin('echo'));
      const before = Date.now();
      expect(await upload(bytes)).toEqual({ runner_id: { value: runnerIdOf('Echo') }, not_granted: [] });
      await runtime.worker('Echo', { name: 'echo' });
      expect(await calls('echo')).toBe(1);
      const [listed, ...others] = await list();
      expect(others).toEqual([]);
      expect(listed).toMatchObject({
        name: 'Echo',
        sha256: digestOf(bytes),
        size_bytes: BigInt(bytes.byteLength),
        runner_id: { value: runnerIdOf('Echo') },
      });
      expect(Number(listed?.uploaded_at)).toBeGreaterThanOrEqual(before);
      await runtime.stop();
      runtime = await start();
      expect(await list()).toEqual([listed]);
      await runtime.worker('Echo', { name: 'echo' });
      expect(await calls('echo')).toBe(1);
    });

    it('replace an upload of the same name where that is asked for; a job that runs ends on the old one', async () => {
      const [first, second] = ['1', '2'].map((mark) => variant(testPlugin('echo'), mark)) as [Buffer, Buffer];
      await upload(first);
      await runtime.worker('Echo', { name: 'kept', use_static: true });
      expect(await calls('kept')).toBe(1);
      await expect(upload(second)).rejects.toMatchObject({
        code: status.ALREADY_EXISTS,
        details: "a plugin 'Echo' was uploaded already: set replace to replace it",
      });
      const slow = Uint8Array.from([...echoMessage('slow'), 0x10, 0xd0, 0x0f]);
      const underWay = runtime.job('kept', slow, 'slow');
      await upload(second, { name: 'Echo', replace: true });
      expect(await list()).toMatchObject([{ name: 'Echo', sha256: digestOf(second) }]);
      expect(readdirSync(folder)).toHaveLength(1);
      expect(await calls('kept')).toBe(1);
      expect((await underWay).data?.output?.items?.at(-1)).toBe(2);
    });

    it('are gone when they are removed, and their workers wait for them', async () => {
      await upload(readFileSync(testPlugin('echo')));
      await runtime.worker('Echo', { name: 'echo' });
      await runtime.client.unary(PluginService, 'Remove', { name: 'Echo' });
      expect([await list(), readdirSync(folder)]).toEqual([[], []]);
      expect((await runtime.client.unary(WorkerService, 'FindByName', { name: 'echo' })).data).toBeDefined();
      await expect(calls('echo')).rejects.toMatchObject({ code: status.NOT_FOUND });
      await expect(runtime.client.unary(PluginService, 'Remove', { name: 'Echo' })).rejects.toMatchObject({
        code: status.NOT_FOUND,
        details: "no plugin 'Echo' was uploaded",
      });
      await expect(runtime.client.unary(PluginService, 'Remove', { name: 'Hello' })).rejects.toMatchObject({
        code: status.NOT_FOUND,
      });
      await upload(readFileSync(testPlugin('echo')));
      expect(await calls('echo')).toBe(1);
    });

    it('stay stored when RunnerService.Delete unloads them', async () => {
      const bytes = readFileSync(testPlugin('echo'));
      await upload(bytes);
      await runtime.client.unary(RunnerService, 'Delete', { value: runnerIdOf('Echo') });
      const [listed] = await list();
      expect(listed && 'runner_id' in listed).toBe(false);
      await expect(upload(bytes)).rejects.toMatchObject({ code: status.ALREADY_EXISTS });
      await upload(bytes, { name: 'Echo', replace: true });
      expect(await served('Echo')).toBeDefined();
    });

    it('give way to the operator’s own plugin of the same name', async () => {
      await upload(variant(testPlugin('echo'), 'uploaded'));
      await runtime.stop();
      runtime = await start([testPlugin('echo')]);
      expect((await served('Echo'))?.data?.definition).toBe(join(runtime.pluginFolder, 'test_echo.wasm'));
      expect(runtime.app.refused()).toMatchObject([
        { reason: expect.stringMatching(/^duplicate name Echo: /) as string },
      ]);
      expect((await list()).map(({ runner_id: id }) => id)).toEqual([undefined]);
    });
  });

  describe('that are refused leave nothing behind:', () => {
    beforeAll(open);
    afterAll(close);
    const hello = () => readFileSync(component('hello'));
    const echo = () => readFileSync(testPlugin('echo'));
    const manifest = (name: string) => `schema_version = 1\nname = "${name}"\nversion = "1.0.0"\n`;
    const invalid = status.INVALID_ARGUMENT;
    const refused = status.FAILED_PRECONDITION;

    it.each<[string, Partial<UploadHead>, () => Uint8Array, status, RegExp]>([
      [
        'another digest',
        { name: 'Echo', sha256: 'a'.repeat(64) },
        echo,
        invalid,
        /^sha256 is a{64}, but the \d+ bytes/,
      ],
      [
        'a digest that is none',
        { name: 'Echo', sha256: 'abc' },
        echo,
        invalid,
        /^sha256 must be 64 hexadecimal digits/,
      ],
      ['no digest', { name: 'Echo', sha256: '' }, echo, invalid, /^sha256 is required$/],
      ['no name', {}, echo, invalid, /^name is required$/],
      ['another name', { name: 'Other' }, echo, invalid, /^name must be 'Echo', as the plugin calls itself/],
      ['no bytes', { name: 'Echo' }, () => new Uint8Array(), refused, /^not a WebAssembly component/],
      [
        'too many bytes',
        { name: 'Echo' },
        () => new Uint8Array(20_000_000),
        status.RESOURCE_EXHAUSTED,
        /3000000 bytes/,
      ],
      ['no component', { name: 'Echo' }, () => Buffer.from('no component'), refused, /^not a WebAssembly component/],
      ['a cut component', { name: 'Echo' }, () => echo().subarray(0, 9999), refused, /not a valid component/],
      [
        'a name of the operator’s',
        { name: 'Hello', replace: true },
        hello,
        status.ALREADY_EXISTS,
        /^duplicate name Hello: /,
      ],
      ['a plugin that panics', { name: 'x' }, () => readFileSync(testPlugin('ctor-panics')), refused, /panicked at/],
      ['a broken schema', { name: 'x' }, () => readFileSync(testPlugin('broken-proto')), refused, /args_proto.*line 3/],
      [
        'a manifest for another',
        { name: 'Echo', manifest: manifest('Other') },
        echo,
        refused,
        /^plugin\.toml is for "Other"/,
      ],
      ['a broken manifest', { name: 'Echo', manifest: 'nonsense' }, echo, refused, /^plugin\.toml/],
      ['a long manifest', { name: 'Echo', manifest: '#'.repeat(70_000) }, echo, invalid, /^manifest must have at most/],
    ])('%s', async (_what, head, bytes, code, details) => {
      const cached = readdirSync(cacheFolder);
      const before = await served(head.name ?? 'Echo');
      await expect(upload(bytes(), head)).rejects.toMatchObject({
        code,
        details: expect.stringMatching(details) as string,
      });
      expect(readdirSync(folder)).toEqual([]);
      expect(readdirSync(cacheFolder)).toEqual(cached);
      expect(await served(head.name ?? 'Echo')).toEqual(before);
      expect(await list()).toEqual([]);
    });

    it('a client that goes in the middle', async () => {
      const client = new WireClient(`127.0.0.1:${runtime.app.port}`);
      const half = async function* () {
        yield { head: { name: 'Echo', sha256: 'a'.repeat(64) } };
        yield { chunk: echo().subarray(0, 100_000) };
        await vi.waitFor(() => expect(readdirSync(folder)).toHaveLength(1));
        throw new Error('the client is unplugged');
      };
      await expect(client.send(PluginService, 'Upload', half())).rejects.toMatchObject({ code: status.CANCELLED });
      client.close();
      await vi.waitFor(() => expect(readdirSync(folder)).toEqual([]));
      expect(runtime.log.filter(({ level }) => level === 'error')).toEqual([]);
    });

    it.each<[string, readonly object[], string]>([
      ['nothing at all', [], 'the upload ended without a head'],
      ['a chunk without a head', [{ chunk: new Uint8Array(1) }], 'the first message must be head'],
      [
        'a second head',
        [{ head: { name: 'Echo', sha256: 'a'.repeat(64) } }, { head: { name: 'Echo' } }],
        'head is only allowed as the first message',
      ],
    ])('%s', async (_what, sent, details) => {
      await expect(runtime.client.send(PluginService, 'Upload', sent)).rejects.toMatchObject({
        code: invalid,
        details,
      });
      expect(readdirSync(folder)).toEqual([]);
    });

    it('a fifth one while four are under way', async () => {
      const go = Promise.withResolvers<void>();
      const bytes = echo();
      const waiting = async function* () {
        yield { head: { name: 'Echo', sha256: digestOf(bytes), replace: true } };
        await go.promise;
        yield { chunk: bytes };
      };
      const four = [1, 2, 3, 4].map(() => runtime.client.send(PluginService, 'Upload', waiting()));
      await vi.waitFor(() => expect(readdirSync(folder)).toHaveLength(4));
      await expect(upload(bytes)).rejects.toMatchObject({
        code: status.RESOURCE_EXHAUSTED,
        details: expect.stringMatching(/^4 uploads are under way/) as string,
      });
      go.resolve();
      await Promise.all(four);
      expect(await list()).toHaveLength(1);
    });
  });

  describe('reach', () => {
    beforeEach(open);
    afterEach(close);
    const asksForToken = 'schema_version = 1\nname = "WantsEnv"\nversion = "1.0.0"\n[permissions]\nenv = ["TOKEN"]\n';
    const bytes = () => readFileSync(testPlugin('wants-env'));
    const saw = async () => {
      await runtime.worker('WantsEnv', { name: 'wants' });
      return Buffer.from(
        (await runtime.job('wants', Buffer.from('/etc/hostname'))).data?.output?.items ?? [],
      ).toString();
    };
    const grants = (text: string): string => {
      const path = join(cacheFolder, 'grants.toml');
      writeFileSync(path, text);
      return path;
    };
    const restart = async (text: string) => {
      await runtime.stop();
      runtime = await start([], { grantsFile: grants(text) });
    };

    it('nothing that only they ask for', async () => {
      const answer = await upload(bytes(), { name: 'WantsEnv', manifest: asksForToken });
      expect(answer.not_granted).toEqual(['env TOKEN']);
      expect(await saw()).toMatch(/^env=$/m);
    });

    it('what they ask for and the operator grants, also after a restart', async () => {
      const operator = '[plugin.WantsEnv]\nenv = { TOKEN = "t", OTHER = "o" }\n';
      await restart(operator);
      const answer = await upload(bytes(), { name: 'WantsEnv', manifest: asksForToken });
      expect(answer.not_granted).toEqual([]);
      expect(await saw()).toMatch(/^env=TOKEN:t$/m);
      await restart(operator);
      expect(await saw()).toMatch(/^env=TOKEN:t$/m);
    });

    it('nothing where the operator’s grants are for another file: they are refused', async () => {
      await restart(`[plugin.WantsEnv]\ndigest = "${'0'.repeat(64)}"\nenv = { TOKEN = "t" }\n`);
      await expect(upload(bytes(), { name: 'WantsEnv', manifest: asksForToken })).rejects.toMatchObject({
        code: status.FAILED_PRECONDITION,
        details: expect.stringMatching(/^the grants for "WantsEnv" are for another file/) as string,
      });
      expect(readdirSync(folder)).toEqual([]);
    });
  });
});

describe('a server without a folder for uploads', () => {
  it('says what to configure', async () => {
    const runtime = await startTestRuntime([]);
    const off = {
      code: status.FAILED_PRECONDITION,
      details: expect.stringMatching(/^this server takes no uploads: .*serve --uploads DIR/) as string,
    };
    const sent = messages({ name: 'Echo' }, readFileSync(testPlugin('echo')));
    await expect(runtime.client.send(PluginService, 'Upload', sent)).rejects.toMatchObject(off);
    await expect(runtime.client.unary(PluginService, 'List', {})).rejects.toMatchObject(off);
    await expect(runtime.client.unary(PluginService, 'Remove', { name: 'Echo' })).rejects.toMatchObject(off);
    await runtime.stop();
  });
});
