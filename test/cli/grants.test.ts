/** Manifest and grants through the commands: shown, kept, and refused. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testPlugin } from '../support/artifacts.ts';
import { bulkhead, ended, launcher, lineOf, startNode } from '../support/cli.ts';

describe('manifest and grants', () => {
  let folder: string;
  let component: string;
  let grants: string;
  const text = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bulkhead-grants-cli-'));
    mkdirSync(join(folder, 'plugins'));
    mkdirSync(join(folder, 'data'));
    text('data/file', 'content');
    component = join(folder, 'plugins', 'wants.wasm');
    copyFileSync(testPlugin('wants-env'), component);
    text(
      'plugins/wants.plugin.toml',
      `schema_version = 1
name = "WantsEnv"
version = "2.0.0"
[permissions]
env = ["TOKEN", "HOME"]
[[permissions.filesystem]]
guest = "/data"
access = "read-write"
[[permissions.sockets]]
protocol = "udp"
host = "127.0.0.1"
port = 53
[[permissions.listen]]
address = "0.0.0.0"
port = 8080
last_port = 8089
[limits]
cpu_ms = 1000
`,
    );
    grants = text(
      'grants.toml',
      `[plugin.WantsEnv]
clock = "fine"
env = { TOKEN = "hidden-value" }
[[plugin.WantsEnv.filesystem]]
guest = "/data"
host = "data"
access = "read-only"
max_bytes = 1000
[[plugin.WantsEnv.sockets]]
protocol = "udp"
host = "127.0.0.1"
port = 53
private_addresses = true
[[plugin.WantsEnv.listen]]
address = "127.0.0.1"
port = 8085
last_port = 9000
[worker."night batch".limits]
cpu_ms = 2000
[worker.plain.limits]
cpu_ms = 1000
`,
    );
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('are shown by inspect: asked, granted, effective, and never a value', async () => {
    const { code, stdout } = await bulkhead(['inspect', component, '--grants', grants]);
    expect(code).toBe(0);
    expect(stdout).toContain(`
asked
  env TOKEN
  env HOME
  filesystem /data, read-write
  sockets udp 127.0.0.1:53
  listen 0.0.0.0:8080-8089
granted
  env TOKEN
  clock fine
  filesystem /data = ${join(folder, 'data')}, read-only, at most 1000 bytes
  sockets udp 127.0.0.1:53, also at private addresses
  listen 127.0.0.1:8085-9000
effective
  env TOKEN
  filesystem /data = ${join(folder, 'data')}, read-only, at most 1000 bytes and 10000 files
  sockets udp 127.0.0.1:53
  listen 127.0.0.1:8085-8089
limits
  cpu_ms 1000
limits of worker "night batch"
  cpu_ms 2000
limits of worker "plain" the same
`);
    expect(stdout).toMatch(/^manifest {2}\S+wants\.plugin\.toml \(version 2\.0\.0\)$/m);
    expect(stdout).toMatch(/^isolation reset: /m);
    expect(stdout).not.toContain('hidden-value');
  });

  it('are the same as JSON, and nothing where there is no file of grants', async () => {
    const { stdout } = await bulkhead(['inspect', component, '--json', '--grants', grants]);
    expect(stdout).not.toContain('hidden-value');
    expect(JSON.parse(stdout)).toMatchObject({
      version: '2.0.0',
      isolation: { mode: 'reset', because: [] },
      permissions: {
        asked: { env: ['TOKEN', 'HOME'] },
        granted: { clock: 'fine' },
        effective: { env: ['TOKEN'], filesystem: [{ guest: '/data', access: 'read-only', maxFiles: 10_000 }] },
        limits: {
          asked: { cpuMs: 1000 },
          effective: { cpuMs: 1000 },
          workers: { 'night batch': { cpuMs: 2000, handles: 1024 } },
        },
      },
    });
    const without = JSON.parse((await bulkhead(['inspect', component, '--json'])).stdout) as Record<string, unknown>;
    expect(without).toMatchObject({ permissions: { granted: {}, effective: {} } });
  });

  it('hold for a job of run', async () => {
    const args = ['--args', '"/data/file"'];
    const granted = await bulkhead(['run', component, '--grants', grants, ...args]);
    expect(granted.stdout).toMatch(/env=TOKEN:hidden-value\\n.*file=content\\n/);
    const without = await bulkhead(['run', component, ...args], { env: { BULKHEAD_GRANTS: undefined } });
    expect(without.stdout).toMatch(/env=\\n.*file!/);
    const named = await bulkhead(['run', component, ...args], { env: { BULKHEAD_GRANTS: grants } });
    expect(named.stdout).toBe(granted.stdout.replace(/clock=\d+/, /clock=\d+/.exec(named.stdout)?.[0] ?? ''));
  });

  it('are told of by serve: what is asked for in vain, and who is granted what but is not there', async () => {
    copyFileSync(testPlugin('echo'), join(folder, 'plugins', 'echo.wasm'));
    text('plugins/echo.plugin.toml', 'schema_version = 1\nname = "Echo"\nversion = "1.0.0"\npermisions = {}\n');
    text('plugins/nobody.plugin.toml', '');
    const more = text('more.toml', '[plugin.WantsEnv]\n[plugin.Nobody]\n');
    const where = ['--listen', '127.0.0.1:0', '--database', ':memory:', '--plugins', join(folder, 'plugins')];
    const args = [...where, '--log-format', 'text'];
    const server = startNode([launcher, 'serve', ...args, '--grants', more]);
    const end = ended(server);
    await lineOf(server, /bulkhead listens on/);
    server.kill('SIGTERM');
    const { code, stdout, stderr } = await end;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^served +WantsEnv/m);
    expect(stdout).toMatch(
      /^refused +\S+echo\.wasm: echo\.plugin\.toml:4: permisions: an unknown field \(did you mean permissions\?\); expected one of/m,
    );
    expect(stdout).toMatch(/^refused +\S+nobody\.plugin\.toml: there is no component beside it/m);
    expect(stderr).toMatch(
      /^warn +WantsEnv asks for what it is not granted: env TOKEN, env HOME, filesystem \/data, sockets udp 127\.0\.0\.1:53, listen 0\.0\.0\.0:8080-8089$/m,
    );
    expect(stderr).toMatch(/^warn +grants are there for "Nobody", which is not served$/m);
  });

  it.each([
    ['serve', ['--plugins', '.', '--database', ':memory:', '--listen', '127.0.0.1:0']],
    ['run', ['COMPONENT']],
    ['inspect', ['COMPONENT']],
  ])('stop %s before anything runs, with exit code 3, where the grants are wrong', async (command, args) => {
    const wrong = text('wrong.toml', '[plugin.WantsEnv]\nfilesytem = []\n');
    const { code, stderr } = await bulkhead([
      command,
      ...args.map((each) => (each === 'COMPONENT' ? component : each)),
      '--grants',
      wrong,
    ]);
    expect(code).toBe(3);
    expect(stderr).toMatch(
      /^bulkhead: \S+wrong\.toml:2: plugin\.WantsEnv\.filesytem: an unknown field.*\[config-invalid\]\n$/,
    );
  });

  it('refuse a component that is not the one they are for', async () => {
    const pinned = text('pinned.toml', `[plugin.WantsEnv]\ndigest = "${'0'.repeat(64)}"\n`);
    const { code, stderr } = await bulkhead(['inspect', component, '--grants', pinned]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/are for another file: its digest is [\da-f]{64}, theirs 0{64} \[plugin-refused\]\n$/);
  });
});
