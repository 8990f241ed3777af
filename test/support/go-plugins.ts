/**
 * The plugins in Go, which tests of plugin processes need: built with the machine's own Go into `target/go-plugins`. Where
 * there is none, or it cannot get the modules, one line says so, and only their tests are left out.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, targetFolder, toolEnvironment } from '../../runtime/cli/toolbox/paths.mjs';
import { commandStep } from '../../runtime/cli/toolbox/progress.mjs';

const source = join(root, 'test', 'plugins-go');
const built = join(targetFolder, 'go-plugins');

/** Whether they are there; for tests, which run after the build. */
export const hasGoPlugins: boolean = existsSync(built);

/** Builds them. Throws with the compiler's output. */
export async function buildGoPlugins(): Promise<void> {
  rmSync(built, { recursive: true, force: true });
  const missing = whatIsMissing();
  if (missing !== undefined) {
    process.stderr.write(`bulkhead: go: ${missing}: the tests of plugins in Go are left out\n`);
    return;
  }
  const folders = readdirSync(source).filter((name) => existsSync(join(source, name, 'main.go')));
  const args = ['build', '-trimpath', '-ldflags=-s', '-o', `${built}/`, ...folders.map((name) => `./${name}`)];
  const env = { ...toolEnvironment(), GOFLAGS: '-mod=readonly -buildvcs=false' };
  await commandStep('building the plugins in Go', 'go', args, { cwd: source, env });
}

/** What this machine lacks to build them; the modules come from the network, or from Go's cache. */
function whatIsMissing(): string | undefined {
  const go = (...args: string[]) => spawnSync('go', args, { cwd: source, env: toolEnvironment(), encoding: 'utf8' });
  if (go('version').status !== 0) return 'not found (get it: https://go.dev/dl)';
  const { status, stderr } = go('mod', 'download');
  return status === 0
    ? undefined
    : `the modules of test/plugins-go cannot be had (${stderr.trim().split('\n').at(-1)})`;
}

/** The program of `test/plugins-go/<name>`. Throws where it is not built. */
export function goPlugin(name: string): string {
  const path = join(built, name);
  if (existsSync(path)) return path;
  throw new Error(`test/plugins-go/${name} is not built (${path}): run npm test, which builds it first`);
}

/** Writes a copy of a program that reads its mode from its own end. */
export function withMode(program: Buffer, mode: string, path: string): string {
  writeFileSync(path, Buffer.concat([program, Buffer.from(`\0mode=${mode}`)]), { mode: 0o755 });
  return path;
}
