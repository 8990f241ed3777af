/** wasi:filesystem as a plugin meets it: allowed, granted to be read only, not granted; quotas; handles. */
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { get, names, preopened, put, Sandbox, type TestDescriptor } from './directory.ts';
import { fakeInstance, witErrorOf } from './instance.ts';

const job = { jobId: 1n, workerName: 'w', attempt: 1, cancelAsked: false };

describe('wasi:filesystem', () => {
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
  });
  afterEach(() => sandbox.remove());

  describe('not granted', () => {
    it('shows no directory', () => {
      expect(preopened(fakeInstance({}))).toEqual([]);
    });
  });

  describe('granted to be read and written', () => {
    it('reads and writes at offsets, and by streams', async () => {
      const { root } = sandbox.open();
      await put(root, 'file', 'hello');
      const file = await root.openAt({}, 'file', {}, { read: true, write: true });
      expect(await file.write(Buffer.from('J'), 0n)).toBe(1n);
      await file.writeViaStream(4n).blockingWriteAndFlush(Buffer.from('y!'));
      await file.appendViaStream().blockingWriteAndFlush(Buffer.from('?'));
      expect(Buffer.from(await file.readViaStream(1n).blockingRead(100n)).toString()).toBe('elly!?');
      expect(await file.read(100n, 5n)).toEqual([Uint8Array.from(Buffer.from('!?')), true]);
      expect(await file.stat()).toMatchObject({ type: 'regular-file', size: 7n });
    });

    it('tells the end of a stream', async () => {
      const { root } = sandbox.open();
      await put(root, 'file', 'x');
      const stream = (await root.openAt({}, 'file', {}, { read: true })).readViaStream(0n);
      await stream.blockingRead(10n);
      expect(await witErrorOf(() => stream.blockingRead(10n))).toEqual({ tag: 'closed' });
    });

    it('makes, lists, renames and removes', async () => {
      const { root } = sandbox.open();
      await root.createDirectoryAt('a');
      const directory = await root.openAt({}, 'a', { directory: true }, {});
      await put(directory, 'x', '1');
      await directory.renameAt('x', root, 'y');
      expect(await names(root)).toEqual(['a', 'y']);
      await root.unlinkFileAt('y');
      await root.removeDirectoryAt('a');
      expect(await names(root)).toEqual([]);
      expect(await root.isSameObject(root)).toBe(true);
      expect(await root.isSameObject(directory)).toBe(false);
    });

    it.each([
      ['open', 'no-entry', (root: TestDescriptor) => root.openAt({}, 'none', {}, { read: true })],
      [
        'make anew',
        'exist',
        (root: TestDescriptor) => root.openAt({}, 'file', { create: true, exclusive: true }, { write: true }),
      ],
      ['make a directory', 'exist', (root: TestDescriptor) => root.createDirectoryAt('sub')],
      ['write to a directory', 'is-directory', (root: TestDescriptor) => root.openAt({}, 'sub', {}, { write: true })],
      [
        'list a file',
        'not-directory',
        (root: TestDescriptor) => root.openAt({}, 'file', { directory: true }, { read: true }),
      ],
      ['a slash after a file', 'not-directory', (root: TestDescriptor) => root.openAt({}, 'file/', {}, { read: true })],
      ['go through a file', 'not-directory', (root: TestDescriptor) => root.statAt({}, 'file/x')],
      ['remove what is not empty', 'not-empty', (root: TestDescriptor) => root.removeDirectoryAt('sub')],
      ['remove itself', 'invalid', (root: TestDescriptor) => root.removeDirectoryAt('.')],
      ['unlink a directory', 'is-directory', (root: TestDescriptor) => root.unlinkFileAt('sub')],
      ['an empty path', 'no-entry', (root: TestDescriptor) => root.statAt({}, '')],
    ])('says what is wrong: %s', async (_, code, act) => {
      const { root } = sandbox.open();
      await put(root, 'file', 'x');
      await root.createDirectoryAt('sub');
      await put(root, 'sub/file', 'x');
      expect(await witErrorOf(() => act(root))).toBe(code);
    });

    it('is no finer clock than the plugin has', async () => {
      const { root } = sandbox.open();
      await put(root, 'file', 'x');
      const { dataModificationTimestamp } = await (await root.openAt({}, 'file', {}, { read: true })).stat();
      expect(dataModificationTimestamp.nanoseconds % 1_000_000).toBe(0);
    });

    it('lets two directories not be mixed', async () => {
      const host = join(sandbox.folder, 'other');
      mkdirSync(host);
      const access = 'read-write';
      const instance = fakeInstance({
        filesystem: [
          { guest: '/a', host: sandbox.inside, access },
          { guest: '/b', host, access },
        ],
      });
      const [left, right] = preopened(instance).map(([descriptor]) => descriptor) as [TestDescriptor, TestDescriptor];
      await put(left, 'x', '1');
      expect(await witErrorOf(() => left.renameAt('x', right, 'x'))).toBe('cross-device');
      instance.dispose();
    });
  });

  describe('granted to be read only', () => {
    it('reads, and refuses all that changes', async () => {
      writeFileSync(join(sandbox.inside, 'file'), 'as it was');
      mkdirSync(join(sandbox.inside, 'sub'));
      const { root, instance } = sandbox.open({ access: 'read-only' });
      expect(await get(root, 'file')).toBe('as it was');
      const now = { tag: 'now' };
      const file = await root.openAt({}, 'file', {}, { read: true });
      const changes: [string, () => unknown, string?][] = [
        ['write', () => root.openAt({}, 'file', {}, { write: true })],
        ['create', () => root.openAt({}, 'new', { create: true }, {})],
        ['truncate', () => root.openAt({}, 'file', { truncate: true }, { read: true })],
        ['mkdir', () => root.createDirectoryAt('new')],
        ['rmdir', () => root.removeDirectoryAt('sub')],
        ['unlink', () => root.unlinkFileAt('file')],
        ['rename', () => root.renameAt('file', root, 'new')],
        ['times', () => root.setTimesAt({}, 'file', now, now)],
        ['write by the descriptor', () => file.write(Buffer.from('x'), 0n), 'bad-descriptor'],
        ['cut by the descriptor', () => file.setSize(0n), 'bad-descriptor'],
      ];
      for (const [name, change, code = 'read-only'] of changes) expect(await witErrorOf(change), name).toBe(code);
      expect(readdirSync(sandbox.inside).sort()).toEqual(['file', 'sub']);
      expect(readFileSync(join(sandbox.inside, 'file'), 'utf8')).toBe('as it was');
      expect(instance.refusals[0]).toMatch(/^filesystem: "file" in \/data: .*read only$/);
    });
  });

  describe('quotas', () => {
    const quota = (act: () => unknown) => witErrorOf(act).then((code) => expect(code).toBe('quota'));

    it('stops at its bytes, by writes, streams, set-size and sparse files', async () => {
      const { root } = sandbox.open({ maxBytes: 1000 });
      await put(root, 'a', 'x'.repeat(600));
      await quota(() => put(root, 'b', 'x'.repeat(401)));
      const file = await root.openAt({}, 'a', {}, { read: true, write: true });
      await quota(() => file.setSize(1001n));
      await quota(() => file.write(Buffer.from('x'), 10n ** 12n));
      await quota(() => file.write(Buffer.from('x'), 1000n));
      const failed = await witErrorOf(() => file.appendViaStream().blockingWriteAndFlush(Buffer.alloc(500)));
      expect(failed).toMatchObject({ tag: 'last-operation-failed' });
      await put(root, 'c', 'x'.repeat(300));
      expect(await names(root)).toEqual(['a', 'b', 'c']);
    });

    it('tells the code of a stream that failed', async () => {
      const { root, instance } = sandbox.open({ maxBytes: 10 });
      const file = await root.openAt({}, 'a', { create: true }, { write: true });
      const failed = await witErrorOf(() => file.writeViaStream(0n).blockingWriteAndFlush(Buffer.alloc(11)));
      const { filesystemErrorCode } = instance.imports['wasi:filesystem/types'] as {
        filesystemErrorCode(error: object): string | undefined;
      };
      expect(filesystemErrorCode((failed as { val: object }).val)).toBe('quota');
    });

    it('stops at its files, directories among them', async () => {
      const { root } = sandbox.open({ maxFiles: 3 });
      await put(root, 'a', '');
      await root.createDirectoryAt('b');
      await put(root, 'b/c', '');
      await quota(() => put(root, 'd', ''));
      await quota(() => root.createDirectoryAt('d'));
      await put(root, 'a', 'what is there can be written');
    });

    it('counts what the host has in it, below it too', async () => {
      mkdirSync(join(sandbox.inside, 'x', 'y'), { recursive: true });
      writeFileSync(join(sandbox.inside, 'x', 'y', 'big'), 'x'.repeat(900));
      const { root } = sandbox.open({ maxBytes: 1000 });
      await quota(() => put(root, 'a', 'x'.repeat(101)));
      await put(root, 'a', 'x'.repeat(100));
    });

    it('gives room again for what was removed or cut, whoever did', async () => {
      const { root } = sandbox.open({ maxBytes: 1000, maxFiles: 4 });
      for (let round = 0; round < 5; round++) {
        await put(root, 'a', 'x'.repeat(1000));
        await root.unlinkFileAt('a');
      }
      await put(root, 'b', 'x'.repeat(1000));
      truncateSync(join(sandbox.inside, 'b'), 0);
      await put(root, 'c', 'x'.repeat(1000));
      rmSync(join(sandbox.inside, 'c'));
    });

    it('is one for all instances, also when they write at once', async () => {
      const roots = Array.from({ length: 8 }, () => sandbox.open({ maxBytes: 10_000, maxFiles: 50 }).root);
      await Promise.all(
        roots.map(async (root, index) => {
          for (let round = 0; round < 40; round++) {
            await put(root, `${index}-${round % 10}`, 'x'.repeat(97 * (round + 1))).catch(() => undefined);
            if (round % 3 === 0) await root.unlinkFileAt(`${index}-${round % 10}`).catch(() => undefined);
          }
        }),
      );
      const files = readdirSync(sandbox.inside);
      const bytes = files.reduce((sum, name) => sum + readFileSync(join(sandbox.inside, name)).byteLength, 0);
      expect(files.length).toBeLessThanOrEqual(50);
      expect(bytes).toBeLessThanOrEqual(10_000);
    });

    it('holds 10,000 files, and lists them', async () => {
      const { root } = sandbox.open({ maxFiles: 10_000 });
      for (let first = 0; first < 10_000; first += 100) {
        await Promise.all(Array.from({ length: 100 }, (_, index) => put(root, `${first + index}`, '')));
      }
      await quota(() => put(root, 'one more', ''));
      expect(await names(root)).toHaveLength(10_000);
    });
  });

  describe('handles', () => {
    it('counts what is open, and nothing once all is closed', async () => {
      const { root, instance } = sandbox.open();
      instance.setJob(job);
      expect(instance.handles()).toBe(0);
      const file = await root.openAt({}, 'a', { create: true }, { write: true });
      const directory = await root.openAt({}, '.', { directory: true }, {});
      expect(instance.handles()).toBe(2);
      file[Symbol.dispose]();
      directory[Symbol.dispose]();
      expect(instance.handles()).toBe(0);
    });

    it('counts a preopened directory that a job asked for, or dropped', () => {
      const { root, instance } = sandbox.open();
      instance.setJob(job);
      const [second] = preopened(instance)[0] ?? [];
      expect(instance.handles()).toBe(1);
      second?.[Symbol.dispose]();
      expect(instance.handles()).toBe(0);
      root[Symbol.dispose]();
      expect(instance.handles()).toBe(1);
    });

    it('closes what is left when the instance ends, in the middle of an operation too', async () => {
      const before = readdirSync('/proc/self/fd').length;
      for (let round = 0; round < 20; round++) {
        const { root, instance } = sandbox.open();
        await root.openAt({}, 'a', { create: true }, { write: true });
        await root.readDirectory();
        const under = root.openAt({}, 'a', {}, { read: true }).catch(() => undefined);
        instance.dispose();
        await under;
        expect(await witErrorOf(() => root.statAt({}, 'a'))).toBe('bad-descriptor');
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before);
    });
  });
});
