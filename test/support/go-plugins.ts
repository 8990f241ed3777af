/**
 * The plugins in Go, which tests of plugin processes need: built with the machine's own Go into `target/go-plugins`. Where
 * there is none, one line says so, and only their tests are left out.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, targetFolder, toolEnvironment } from '../../runtime/cli/toolbox/paths.mjs';
import { commandStep } from '../../runtime/cli/toolbox/progress.mjs';

const source = join(root, 'test', 'plugins-go');
const built = join(targetFolder, 'go-plugins');

/** Whether this machine can build them. */
export const hasGo: boolean = spawnSync('go', ['version'], { env: toolEnvironment() }).status === 0;

/** Builds them. Throws with the compiler's output. */
export async function buildGoPlugins(): Promise<void> {
  if (!hasGo) {
    process.stderr.write(
      'bulkhead: go: not found: the tests of plugins in Go are left out. Get it: https://go.dev/dl\n',
    );
    return;
  }
  const folders = readdirSync(source).filter((name) => existsSync(join(source, name, 'main.go')));
  const args = ['build', '-trimpath', '-ldflags=-s', '-o', `${built}/`, ...folders.map((name) => `./${name}`)];
  const env = { ...toolEnvironment(), GOFLAGS: '-mod=readonly -buildvcs=false' };
  await commandStep('building the plugins in Go', 'go', args, { cwd: source, env });
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
