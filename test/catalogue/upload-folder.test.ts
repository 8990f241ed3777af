/** The folder of uploads: whole or not at all, wherever the process ends. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { receive } from '../../runtime/plugins/receive.ts';
import { UploadFolder } from '../../runtime/plugins/upload-folder.ts';

let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'bulkhead-upload-folder-'));
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

async function put(uploads: UploadFolder, name: string, content: string): Promise<string> {
  const draft = await uploads.draft();
  writeFileSync(draft.component, content);
  const facts = { name, sha256: 'a'.repeat(64), sizeBytes: content.length, uploadedAt: 1 };
  return uploads.commit(draft, facts);
}

describe('the folder of uploads', () => {
  it('has a place for any name, and another one for each', async () => {
    const uploads = await UploadFolder.open(path);
    const names = ['Echo', 'echo', '..', '.', '/etc/passwd', 'a b', 'a-b', 'é'.repeat(128), '日本'];
    for (const name of names) {
      const component = await put(uploads, name, name);
      expect(dirname(dirname(component))).toBe(path);
      expect([component, await uploads.has(name)]).toEqual([uploads.componentOf(name), true]);
    }
    expect((await uploads.list()).map(({ name }) => name)).toEqual(names.sort());
    expect(await uploads.folders()).toHaveLength(names.length);
  });

  it('has the old upload where a process ended before the new one was in its place', async () => {
    const uploads = await UploadFolder.open(path);
    const place = dirname(await put(uploads, 'Echo', 'old'));
    await uploads.draft();
    renameSync(place, join(path, `.old-${place.slice(path.length + 1)}`));
    const next = await UploadFolder.open(path);
    expect(readFileSync(next.componentOf('Echo'), 'utf8')).toBe('old');
    expect(readdirSync(path)).toHaveLength(1);
  });

  it('has the new upload where a process ended before the old one was cleared away', async () => {
    const uploads = await UploadFolder.open(path);
    const place = dirname(await put(uploads, 'Echo', 'new'));
    mkdirSync(join(path, `.old-${place.slice(path.length + 1)}`));
    const next = await UploadFolder.open(path);
    expect(readFileSync(next.componentOf('Echo'), 'utf8')).toBe('new');
    expect(readdirSync(path)).toHaveLength(1);
  });

  it('does not mind a folder that says nothing of itself', async () => {
    const uploads = await UploadFolder.open(path);
    mkdirSync(join(path, 'by-hand'));
    writeFileSync(join(path, 'a file'), '');
    mkdirSync(join(path, 'torn'));
    writeFileSync(join(path, 'torn', 'upload.json'), '{"name":');
    expect(await uploads.list()).toEqual([]);
  });

  it('says so where it cannot be used', async () => {
    writeFileSync(join(path, 'file'), '');
    await expect(UploadFolder.open(join(path, 'file'))).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining(join(path, 'file')) as string,
    });
  });
});

describe('receiving', () => {
  it('gives up when nothing comes any more', async () => {
    const stuck = async function* () {
      yield new Uint8Array([1]);
      await new Promise(() => {});
    };
    const expected = { sha256: 'a'.repeat(64), maxBytes: 10, idleMs: 50 };
    await expect(receive(stuck(), join(path, 'x'), expected)).rejects.toMatchObject({
      code: 'cancelled',
      message: 'the upload was given up: nothing came for 50 ms',
    });
  });
});
