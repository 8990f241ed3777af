/** Why a program does not become a plugin: each cause is named, with what to do. */
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProcessExecutor } from '../../../runtime/executor/process/process-executor.ts';
import { headerFault } from '../../../runtime/executor/process/program.ts';
import { defaultLimits } from '../../../runtime/model/limits.ts';
import { goPlugin, hasGoPlugins, withMode } from '../../support/go-plugins.ts';
import { PluginUnderTest } from '../plugin-under-test.ts';

const folder = mkdtempSync(join(tmpdir(), 'diagnose-'));
const executor = new ProcessExecutor({ limits: defaultLimits, onLog: () => undefined, times: { handshake: 3000 } });
afterAll(async () => {
  await executor.close();
  rmSync(folder, { recursive: true });
});

function file(name: string, content: string | Buffer, mode = 0o755): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

function elf(machine: number): Buffer {
  const header = Buffer.alloc(64);
  header.write('\x7fELF\x02\x01\x01', 'latin1');
  header.writeUInt16LE(machine, 18);
  return header;
}

async function refusal(path: string): Promise<{ message: string; reason: unknown }> {
  try {
    await executor.admit(path);
  } catch (error) {
    expect(error).toMatchObject({ code: 'plugin-refused' });
    const { message, details } = error as { message: string; details: Record<string, unknown> };
    return { message, reason: details.reason };
  }
  throw new Error(`${path} was admitted`);
}

describe('a file that is no plugin', () => {
  it.each([
    ['is not there', () => join(folder, 'none'), 'not-a-file', /cannot be read: .*ENOENT/],
    ['is a folder', () => folder, 'not-a-file', /is not a file/],
    ['is not executable', () => file('plain', elf(62), 0o644), 'not-executable', /chmod \+x/],
    ['anybody can change', () => file('shared', elf(62), 0o757), 'not-private', /chmod o-w/],
    ['is text', () => file('text', 'hello'), 'not-a-program', /is not a program$/],
    [
      'is a component',
      () => file('wasm', '\0asm\x0d\0\x01\0'),
      'not-a-program',
      /WebAssembly: serve it as a component/,
    ],
    ['is for another machine', () => file('mips', elf(8)), 'wrong-architecture', /a program for mips; this machine is/],
    ['is a script that says nothing', () => file('mute', '#!/bin/sh\nexit 0\n'), 'ended', /exit\(0\)/],
    [
      'has an interpreter that is not there',
      () => file('lost', '#!/no/such\n'),
      'spawn',
      /cannot be started: .*ENOENT/,
    ],
  ])('that %s', async (_what, path, reason, message) => {
    const found = await refusal(path());
    expect(found.reason).toBe(reason);
    expect(found.message).toMatch(message);
  });

  it('is told apart by its header, whatever this machine is', () => {
    expect(headerFault(elf(183), 'linux', 'arm64')).toBeUndefined();
    expect(headerFault(elf(183), 'linux', 'x64')?.text).toContain('arm64');
    expect(headerFault(elf(62), 'darwin', 'x64')?.text).toBe('a program for ELF, not darwin');
    expect(headerFault(Buffer.from('cffaedfe0c000001', 'hex'), 'linux', 'arm64')?.text).toContain('macOS');
    expect(headerFault(Buffer.from('MZ'), 'linux', 'x64')?.text).toContain('Windows');
    expect(headerFault(Buffer.from('\x7fELF', 'latin1'), 'linux', 'x64')?.text).toContain('cut short');
  });
});

describe.skipIf(!hasGoPlugins)('a plugin in Go that misbehaves', () => {
  let program: Buffer;
  beforeAll(() => {
    program = readFileSync(goPlugin('misbehaves'));
  });
  const admit = (mode: string) => {
    const path = withMode(program, mode, join(folder, mode));
    return refusal(path).finally(() => rmSync(path));
  };

  it.each([
    ['cookie', 'magic-cookie', /BULKHEAD_PLUGIN=bulkhead\.process\.v1/],
    ['version', 'protocol-version', /plugin=7, host=1/],
    ['core', 'protocol-version', /of the handshake: plugin=2, host=1/],
    ['malformed', 'handshake-malformed', /"hello, I am a plugin"/],
    ['netrpc', 'handshake-malformed', /netrpc, not grpc/],
    ['elsewhere', 'handshake-malformed', /\/var\/run\/other\.sock is not in the folder/],
    ['foreign', 'handshake-malformed', /192\.0\.2\.1:80/],
    ['open-port', 'handshake-malformed', /without a certificate/],
    ['bad-certificate', 'handshake-malformed', /no valid certificate/],
    ['nobody', 'not-healthy', /health service does not answer/],
    ['silent', 'handshake-late', /within 3000 ms; it last wrote: waiting for the moon/],
    ['exits', 'ended', /exit\(3\); it last wrote: no licence found/],
    ['panics', 'ended', /panicked at .*main\.go:\d+: no place to be/],
    ['not-a-runner', 'not-a-runner', /does not serve bulkhead\.process\.v1\.RunnerPlugin/],
  ])('%s', async (mode, reason, message) => {
    const found = await admit(mode);
    expect(found.message).toMatch(message);
    expect(found.reason).toBe(reason);
  });

  it('serves on TCP where it encrypts', async () => {
    const plugin = await PluginUnderTest.admit(executor, withMode(program, 'tcp', join(folder, 'tcp')));
    const outcome = await plugin.instance('per-job').run(plugin.call('run', 'over tcp'));
    expect(outcome.ok && Buffer.from(outcome.output).toString()).toBe('over tcp');
  });

  it('is what was admitted, whatever becomes of its file', async () => {
    const path = join(folder, 'changing');
    copyFileSync(goPlugin('big-output'), path);
    const plugin = await PluginUnderTest.admit(executor, path);
    writeFileSync(path, 'something else');
    const outcome = await plugin.instance('per-job').run(plugin.call('run', '3'));
    expect(outcome.ok && Buffer.from(outcome.output).toString()).toBe('xxx');
  });
});
