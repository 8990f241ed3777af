/** std::fs in a Rust plugin, under grants: what works, what is refused in its own words, and what it leaves behind. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DirectoryGrant, Grants } from '../../runtime/model/grant.ts';
import { GrantedPlugin } from './executor.ts';

describe('std::fs', () => {
  let plugin: GrantedPlugin;
  let folder: string;
  beforeAll(() => {
    plugin = new GrantedPlugin('files', 2);
  });
  afterAll(() => plugin.close());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bulkhead-guest-'));
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'secret'), 'secret');
    writeFileSync(join(folder, 'data', 'file'), 'content');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const granted = (more: Partial<DirectoryGrant> = {}): Grants => ({
    filesystem: [{ guest: '/data', host: join(folder, 'data'), access: 'read-write', ...more }],
  });
  /** Runs operations in one job. Words are separated by spaces here. */
  const act = async (grants: Grants, ...operations: string[]): Promise<string[]> => {
    const run = await plugin.worker(grants);
    return (await run(operations.join('\n').replaceAll(' ', '\t'))).split('\n');
  };

  it('reads, writes, appends, seeks, cuts and syncs', async () => {
    const answers = await act(
      granted(),
      'read /data/file',
      'write /data/new one',
      'append /data/new -two',
      'read /data/new',
      'seek /data/new',
      'set-len /data/new 3',
      'read /data/new',
      'sync /data/new',
      'fill /data/big 3000000',
      'size /data/big',
      'look /data/big',
      'create-new /data/new',
    );
    expect(answers).toEqual([
      'content',
      'ok',
      'ok',
      'one-two',
      'on--tw!',
      'ok',
      'on-',
      'ok',
      'ok',
      '3000000',
      'false 3000000',
      '!AlreadyExists',
    ]);
    expect(readFileSync(join(folder, 'data', 'new'), 'utf8')).toBe('on-');
  });

  it('makes, lists, moves, copies and removes directories', async () => {
    const answers = await act(
      granted(),
      'create-dirs /data/a/b/c',
      'rename /data/file /data/a/moved',
      'copy /data/a/moved /data/a/b/copy',
      'list /data/a',
      'canonical /data/a/../a/b',
      'remove-dir /data/a',
      'remove-all /data/a',
      'list /data',
    );
    expect(answers).toEqual(['ok', 'ok', '7', '2 b/,moved', '/data/a/b', expect.stringMatching(/^!/), 'ok', '0 ']);
  });

  it('sees nothing where nothing is granted', async () => {
    const operations = ['read /data/file', 'read /etc/passwd', 'list /', 'list .', 'write /data/x y', 'look /'];
    for (const answer of await act({}, ...operations)) expect(answer).toMatch(/^!/);
  });

  it('changes nothing where it may only read, and the operator is told once a job', async () => {
    const before = plugin.lines.length;
    const operations = [
      'read /data/file',
      'write /data/file x',
      'append /data/new x',
      'remove /data/file',
      'create-dir /data/d',
    ];
    const readOnly = '!ReadOnlyFilesystem';
    expect(await act(granted({ access: 'read-only' }), ...operations)).toEqual([
      'content',
      readOnly,
      readOnly,
      readOnly,
      readOnly,
    ]);
    expect(readFileSync(join(folder, 'data', 'file'), 'utf8')).toBe('content');
    const told = plugin.lines.slice(before);
    expect(told.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^filesystem refused: "file" in \/data: .*read only/),
    ]);
    expect(told[0]?.job).toBeTypeOf('bigint');
  });

  it('does not get out', async () => {
    symlinkSync(join(folder, 'secret'), join(folder, 'data', 'link'));
    symlinkSync(folder, join(folder, 'data', 'up'));
    const operations = [
      'read /data/../secret',
      'read /data/link',
      'read /data/up/secret',
      'canonical /data/link',
      'write /data/link x',
      'link /data/file /data/hard',
    ];
    expect(await act(granted(), ...operations)).toEqual(operations.map(() => '!PermissionDenied'));
    expect(readFileSync(join(folder, 'secret'), 'utf8')).toBe('secret');
  });

  it('stops at its quotas', async () => {
    const answers = await act(
      granted({ maxBytes: 1000, maxFiles: 3 }),
      'fill /data/a 990',
      'append /data/a xxxx',
      'remove /data/a',
      'fill /data/b 900',
      'create-dir /data/c',
      'create-dir /data/d',
    );
    // The libc of plugins has one error for all that goes wrong in a stream; the operator is told what it was.
    expect(answers).toEqual(['ok', '!Uncategorized', 'ok', 'ok', 'ok', '!QuotaExceeded']);
    expect(plugin.lines.at(-1)?.message).toBe('filesystem-quota refused: /data may hold 1000 bytes and 3 files');
  });

  it('has one quota for all instances in all threads', async () => {
    const grants = granted({ maxBytes: 10_000 });
    const operations = Array.from({ length: 30 }, (_, index) => `fill /data/FILE-${index} 497`);
    await Promise.all(
      Array.from({ length: 8 }, (_, worker) =>
        act(grants, ...operations.map((each) => each.replace('FILE', `${worker}`))),
      ),
    );
    const names = readdirSync(join(folder, 'data'));
    const bytes = names.reduce((sum, name) => sum + readFileSync(join(folder, 'data', name)).byteLength, 0);
    expect(bytes).toBeGreaterThan(9_500);
    expect(bytes).toBeLessThanOrEqual(10_000);
  });

  it('makes a thousand files in one job', async () => {
    const [made, listed] = await act(granted(), 'many /data 1000', 'list /data');
    expect(made).toBe('ok');
    expect(listed).toMatch(/^1001 /);
  });

  describe('state between jobs', () => {
    /** Whether an instance holds this file or directory open: threads share the descriptors of the process. */
    const isHeld = (path: string): boolean =>
      readdirSync('/proc/self/fd').some((descriptor) => {
        try {
          return readlinkSync(`/proc/self/fd/${descriptor}`) === path;
        } catch {
          return false;
        }
      });
    const settled = () => new Promise((resolve) => setTimeout(resolve, 50));

    it('is put back where a job closed all that it opened', async () => {
      const run = await plugin.worker(granted(), '/data');
      for (let job = 0; job < 3; job++) expect(await run('read\t/data/file')).toBe('content');
      await settled();
      expect(isHeld(join(folder, 'data', 'file'))).toBe(false);
      expect(isHeld(join(folder, 'data'))).toBe(true);
    });

    it('is thrown away, and the file closed, where a job left one open', async () => {
      const run = await plugin.worker(granted(), '/data');
      expect(await run('keep\t/data/file')).toBe('ok');
      await settled();
      expect(isHeld(join(folder, 'data', 'file'))).toBe(false);
      expect(isHeld(join(folder, 'data'))).toBe(false);
      expect(await run('read\t/data/file')).toBe('content');
    });

    it('is thrown away where the directories were first asked for in a job', async () => {
      const run = await plugin.worker(granted());
      expect(await run('read\t/data/file')).toBe('content');
      await settled();
      expect(isHeld(join(folder, 'data'))).toBe(false);
    });
  });

  it('keeps jobs apart that write the same directory at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        act(granted(), `create-dir /data/${index}`, `many /data/${index} 20`, `list /data/${index}`),
      ),
    );
    for (const [, , listed] of answers) expect(listed).toMatch(/^20 /);
  });
});
