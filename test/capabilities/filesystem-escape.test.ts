/** No path leads out of a granted directory, whatever stands in it and whoever moves it about meanwhile. */
import { execFileSync, spawn } from 'node:child_process';
import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { get, put, Sandbox, type TestDescriptor } from './directory.ts';
import { type FakeInstance, witErrorOf } from './instance.ts';

const follow = { symlinkFollow: true };

describe('a granted directory', () => {
  let sandbox: Sandbox;
  let root: TestDescriptor;
  let instance: FakeInstance;
  beforeEach(() => {
    sandbox = new Sandbox();
    ({ root, instance } = sandbox.open());
    mkdirSync(join(sandbox.inside, 'sub', 'deep'), { recursive: true });
    writeFileSync(join(sandbox.inside, 'file'), 'inside');
  });
  afterEach(() => sandbox.remove());

  /** All ways to reach what a path names. */
  const attempts: [string, (path: string) => unknown][] = [
    ['open', (path) => root.openAt(follow, path, {}, { read: true })],
    ['create', (path) => root.openAt(follow, path, { create: true }, { write: true })],
    ['truncate', (path) => root.openAt(follow, path, { truncate: true }, { write: true })],
    ['list', (path) => root.openAt(follow, path, { directory: true }, { read: true })],
    ['stat', (path) => root.statAt(follow, path)],
    ['set times', (path) => root.setTimesAt(follow, path, { tag: 'now' }, { tag: 'now' })],
    ['make a directory', (path) => root.createDirectoryAt(`${path}/made`)],
    ['unlink', (path) => root.unlinkFileAt(`${path}/sub`)],
    ['remove a directory', (path) => root.removeDirectoryAt(`${path}/sub`)],
    ['rename from', (path) => root.renameAt(`${path}/sub`, root, 'taken')],
    ['rename to', (path) => root.renameAt('file', root, `${path}/given`)],
    ['link', (path) => root.linkAt({}, path, root, 'taken')],
  ];

  it.each([
    '..',
    '../',
    '../secret',
    './../secret',
    'sub/../../secret',
    'sub/deep/../../../secret',
    'sub/./.././../secret',
    '../inside/../secret',
    '../inside/file',
    '/etc/passwd',
    '//etc/passwd',
    '/data/file',
    '/../etc/passwd',
  ])('is not left by the path %s', async (path) => {
    for (const [name, attempt] of attempts) {
      expect(await witErrorOf(() => attempt(path)), name).toBe('not-permitted');
    }
    expect(readFileSync(sandbox.secret, 'utf8')).toBe('secret');
    expect(readdirSync(sandbox.folder).sort()).toEqual(['inside', 'secret']);
    expect(instance.refusals.some((line) => line.startsWith('filesystem: '))).toBe(true);
  });

  it('is not left by symbolic links, at the end of a path or in it', async () => {
    symlinkSync(sandbox.secret, join(sandbox.inside, 'absolute'));
    symlinkSync('../secret', join(sandbox.inside, 'relative'));
    symlinkSync(sandbox.folder, join(sandbox.inside, 'folder'));
    symlinkSync('sub', join(sandbox.inside, 'harmless'));
    for (const path of [
      'absolute',
      'relative',
      'folder',
      'folder/secret',
      'folder/',
      'harmless/deep',
      'sub/../folder/x',
    ]) {
      for (const [name, attempt] of attempts) {
        expect(await witErrorOf(() => attempt(path)), `${name} ${path}`).toBe('not-permitted');
      }
    }
    expect(readFileSync(sandbox.secret, 'utf8')).toBe('secret');
    expect(instance.refusals).toContain('filesystem: "absolute" in /data: symbolic links are not followed');
  });

  it('shows symbolic links as what they are, and lets them be moved and removed', async () => {
    symlinkSync(sandbox.secret, join(sandbox.inside, 'link'));
    expect(await root.statAt({}, 'link')).toMatchObject({ type: 'symbolic-link' });
    expect(await witErrorOf(() => root.readlinkAt('link'))).toBe('not-permitted');
    await root.renameAt('link', root, 'moved');
    await root.unlinkFileAt('moved');
    expect(readFileSync(sandbox.secret, 'utf8')).toBe('secret');
  });

  it('makes no links', async () => {
    expect(await witErrorOf(() => root.symlinkAt('/etc', 'link'))).toBe('not-permitted');
    expect(await witErrorOf(() => root.linkAt({}, 'file', root, 'link'))).toBe('not-permitted');
    expect(readdirSync(sandbox.inside).sort()).toEqual(['file', 'sub']);
  });

  it('opens no file that has a second name', async () => {
    linkSync(sandbox.secret, join(sandbox.inside, 'hard'));
    expect(await witErrorOf(() => get(root, 'hard'))).toBe('not-permitted');
    expect(await witErrorOf(() => root.openAt({}, 'hard', { truncate: true }, { write: true }))).toBe('not-permitted');
    expect(readFileSync(sandbox.secret, 'utf8')).toBe('secret');
    expect(instance.refusals[0]).toMatch(/hard link/);
  });

  it('opens no FIFO, no socket and no device, and waits for none', async () => {
    execFileSync('sh', ['-c', 'mkfifo "$0"', join(sandbox.inside, 'fifo')]);
    const server = createServer().listen(join(sandbox.inside, 'socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    for (const path of ['fifo', 'socket']) {
      expect(await witErrorOf(() => get(root, path)), path).toBe('not-permitted');
      expect(await witErrorOf(() => put(root, path, 'x')), path).toBe('not-permitted');
    }
    server.close();
  });

  it('is not left by going up from a directory that was moved out of it', async () => {
    const deep = await root.openAt({}, 'sub/deep', { directory: true }, { read: true });
    renameSync(join(sandbox.inside, 'sub', 'deep'), join(sandbox.folder, 'outside'));
    for (const path of ['..', '../secret', '../inside'])
      expect(await witErrorOf(() => deep.statAt({}, path))).toBe('not-permitted');
  });

  it.each(['a\0b', '\0', 'sub/\0/x'])('takes no name with a NUL: %j', async (path) => {
    expect(await witErrorOf(() => root.statAt({}, path))).toBe('invalid');
  });

  it.each([
    ['a name of 300 bytes', 'n'.repeat(300)],
    ['a path of 10,000 bytes', 'sub/../'.repeat(1500)],
  ])('takes no %s', async (_, path) => {
    expect(await witErrorOf(() => root.statAt({}, path))).toBe('name-too-long');
  });

  it('keeps names of the prototype apart from the host’s objects', async () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      await root.createDirectoryAt(name);
      await put(root, `${name}/__proto__`, name);
      expect(await get(root, `${name}/__proto__`)).toBe(name);
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('is not left while another process swaps a directory for a symbolic link all the time', async () => {
    const outside = join(sandbox.folder, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'file'), 'secret');
    const swapped = join(sandbox.inside, 'swapped');
    mkdirSync(swapped);
    writeFileSync(join(swapped, 'file'), 'inside');
    const racer = spawn(process.execPath, ['-e', swapScript, swapped, outside], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => racer.stdout.once('data', resolve));
    const seen = new Map<string, number>();
    const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
    for (let round = 0; round < 3000; round++) {
      count(await get(root, 'swapped/file').catch((error: { payload: string }) => error.payload));
      if (round % 3 === 0) await put(root, 'swapped/file', 'inside').catch(() => undefined);
      if (round % 7 === 0) await put(root, 'swapped/new', 'inside').catch(() => undefined);
      if (round % 11 === 0) await root.unlinkFileAt('swapped/new').catch(() => undefined);
    }
    racer.kill();
    await new Promise((resolve) => racer.once('close', resolve));
    expect(seen.get('secret')).toBeUndefined();
    expect(readdirSync(outside)).toEqual(['file']);
    expect(readFileSync(join(outside, 'file'), 'utf8')).toBe('secret');
    // The race was one: both states were met.
    expect(seen.get('inside')).toBeGreaterThan(0);
    expect(seen.get('not-permitted') ?? 0).toBeGreaterThan(0);
  });
});

/** Exchanges the directory and a symbolic link to the one outside, as fast as it can. */
const swapScript = `
  const { renameSync, symlinkSync } = require('node:fs');
  const [swapped, outside] = process.argv.slice(1);
  symlinkSync(outside, swapped + '.link');
  process.stdout.write('ready');
  for (;;) {
    renameSync(swapped, swapped + '.dir');
    renameSync(swapped + '.link', swapped);
    renameSync(swapped, swapped + '.link');
    renameSync(swapped + '.dir', swapped);
  }`;
