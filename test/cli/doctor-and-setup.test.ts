import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root, toolEnvironment } from '../../runtime/cli/toolbox/paths.mjs';
import { bulkhead, ended, launcher, startNode } from '../support/cli.ts';

/** A machine without Rust. */
const noRust = { PATH: '/usr/bin:/bin', CARGO_HOME: '/nowhere', CARGO_WASM: undefined };

interface Finding {
  readonly tool: string;
  readonly ok: boolean;
  readonly found: string;
  readonly fix: string;
}

describe('bulkhead doctor', () => {
  it('finds everything on a machine that runs these tests', async () => {
    const { code, stdout } = await bulkhead(['doctor']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ok {7}cargo +cargo \d/m);
    expect(stdout).not.toContain('MISSING');
  });

  it('names what is missing and how to get it, and exits with 1', async () => {
    const { code, stdout } = await bulkhead(['doctor'], { env: noRust });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^MISSING {2}cargo +not found\n +get it with: curl .*rustup/m);
  });

  it('says the same in JSON', async () => {
    const { code, stdout } = await bulkhead(['doctor', '--json'], { env: noRust });
    const findings = JSON.parse(stdout) as Finding[];
    expect(code).toBe(1);
    expect(findings.find(({ tool }) => tool === 'cargo')).toMatchObject({
      ok: false,
      fix: expect.stringContaining('rustup'),
    });
    expect(findings.find(({ tool }) => tool === 'npm')).toMatchObject({ ok: true, fix: '' });
  });
});

/** The Node outside of the checkout, which is what a newcomer starts us with. */
const outerNode = spawnSync('node', ['--version'], { env: toolEnvironment(), encoding: 'utf8' }).stdout ?? '';

describe.skipIf(!/^v2[0-5]\./.test(outerNode))('an older Node', () => {
  it('hands the command over to the checkout’s own, with its exit code', async () => {
    const start = (args: readonly string[]) => ended(spawn('node', [launcher, ...args], { env: toolEnvironment() }));
    expect(await start(['--version'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    expect((await start(['frobnicate'])).code).toBe(2);
  });
});

describe('set-up', () => {
  const setup = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    ended(startNode([join(root, 'runtime', 'cli', 'setup.mjs'), ...args], { env }));

  it('says nothing where nothing is missing, and runs the script with the checkout’s Node', async () => {
    const { code, stdout, stderr } = await setup(['-p', 'process.versions.node.split(".")[0]']);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '26\n', stderr: '' });
  });

  it('ends as its script ends', async () => {
    expect((await setup(['-e', 'process.exit(42)'])).code).toBe(42);
  });

  it('names each missing tool in a line, and does nothing else', async () => {
    const { code, stdout, stderr } = await setup(['-e', 'console.log("ran")'], noRust);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/^bulkhead: cargo: not found\. Get it with: curl .*$/m);
    expect(
      stderr
        .trim()
        .split('\n')
        .every((line) => line.startsWith('bulkhead: ')),
    ).toBe(true);
  });

  it('needs no Rust for scripts that need none', async () => {
    expect(await setup(['--no-rust', '-p', '1'], noRust)).toMatchObject({ code: 0, stdout: '1\n' });
  });
});
