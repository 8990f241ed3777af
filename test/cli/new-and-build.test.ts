import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { targetFolder } from '../../runtime/cli/toolbox/paths.mjs';
import { bulkhead, type Ended } from '../support/cli.ts';

/** Compiling may have to wait for another cargo, and for a cold cache. */
const slow = 300_000;

/** The dependencies of plugins are compiled there already. */
const shared = { CARGO_TARGET_DIR: targetFolder };

describe('bulkhead new and bulkhead build', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bulkhead-new-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const inFolder = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
    bulkhead(args, { cwd: folder, env: { ...shared, ...env } });

  it('makes a crate that builds and runs at once', { timeout: slow }, async () => {
    expect(await inFolder(['new', 'cli-demo'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('bulkhead build cli-demo'),
    });
    const built = await inFolder(['build', 'cli-demo']);
    expect(built.stderr).toMatch(/✓ building cli-demo/);
    expect(built).toMatchObject({ code: 0, stdout: expect.stringMatching(/cli_demo\.wasm {2}\d+ KB\n$/) });
    const json = await inFolder(['build', '--json', join(folder, 'cli-demo')]);
    expect(JSON.parse(json.stdout)).toEqual([
      { path: expect.stringMatching(/cli_demo\.wasm$/), bytes: expect.any(Number) },
    ]);
    const ran = await inFolder(['run', 'cli-demo', '--args', '{"name":"you"}']);
    expect(ran).toMatchObject({ code: 0, stdout: '{"text":"Hello, you!"}\n' });
  });

  it('fills every place of the template', async () => {
    await inFolder(['new', 'sub/two-words']);
    for (const file of ['Cargo.toml', 'build.rs', 'README.md', 'src/lib.rs', 'proto/args.proto', '.gitignore']) {
      expect(readFileSync(join(folder, 'sub/two-words', file), 'utf8')).not.toMatch(/\{\{\w+\}\}/);
    }
    expect(readFileSync(join(folder, 'sub/two-words/src/lib.rs'), 'utf8')).toContain(
      'export_plugin!(TwoWords::default())',
    );
  });

  it('leaves a folder alone that is not empty', async () => {
    mkdirSync(join(folder, 'taken'));
    writeFileSync(join(folder, 'taken', 'file'), '');
    expect(await inFolder(['new', 'taken'])).toMatchObject({
      code: 2,
      stderr: 'bulkhead: taken: exists and is not empty; choose another name\n',
    });
  });

  it.each(['Upper', '9lives', 'super', 'a.b', '-x-', 'ünder'])('refuses the name %s', async (name) => {
    expect(await inFolder(['new', '--', name])).toMatchObject({ code: 2, stdout: '' });
  });

  it('names a folder without a Cargo.toml', async () => {
    expect(await inFolder(['build', '/'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^bulkhead: \/Cargo\.toml: not found; .*bulkhead new/),
    });
  });

  it('says which crate is no cdylib, and what to add', { timeout: slow }, async () => {
    crate('no-cdylib', '', 'pub fn nothing() {}');
    const { code, stderr } = await inFolder(['build', 'no-cdylib']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/no-cdylib\/Cargo\.toml: no cdylib; add to it: \[lib\] crate-type = \["cdylib"\]\n$/);
  });

  it('shows the compiler’s error', { timeout: slow }, async () => {
    crate('no-rust', '[lib]\ncrate-type = ["cdylib"]', 'fn main( {');
    const { code, stderr } = await inFolder(['build', 'no-rust']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/bulkhead: no-rust does not compile:\nerror: .*\n +--> src\/lib\.rs:1/);
  });

  it('says how to get cargo where it is missing', async () => {
    crate('any', '[lib]\ncrate-type = ["cdylib"]', '');
    const { code, stderr } = await inFolder(['build', 'any'], {
      PATH: '/usr/bin:/bin',
      CARGO_HOME: join(folder, 'nowhere'),
      CARGO_WASM: undefined,
    });
    expect(code).toBe(3);
    expect(stderr).toMatch(/^bulkhead: cargo: not found\. Get it with: curl .*rustup\.rs \| sh$/m);
  });

  it('says how to get the target where it is missing', async () => {
    const tools = join(folder, 'tools');
    mkdirSync(tools);
    for (const [name, answer] of [
      ['cargo', 'cargo 1.99.0'],
      ['rustc', join(folder, 'no-sysroot')],
      ['rustup', 'rustup 1.99.0'],
    ] as const) {
      writeFileSync(join(tools, name), `#!/bin/sh\necho '${answer}'\n`);
      chmodSync(join(tools, name), 0o755);
    }
    const { code, stderr } = await inFolder(['build', 'any'], {
      CARGO_WASM: join(tools, 'cargo'),
      PATH: `${tools}:${process.env.PATH}`,
    });
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: 'bulkhead: wasm32-wasip2: not installed. Get it with: rustup target add wasm32-wasip2\n',
    });
  });

  function crate(name: string, lib: string, source: string): void {
    mkdirSync(join(folder, name, 'src'), { recursive: true });
    writeFileSync(
      join(folder, name, 'Cargo.toml'),
      `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2024"\n${lib}\n`,
    );
    writeFileSync(join(folder, name, 'src', 'lib.rs'), source);
  }
});
