/**
 * `npm run check`: everything that is looked at without running the product. All checks run, also after one
 * failed; exit code 1 where one did, and 3 where a tool is missing.
 *
 * `npm run check -- NAME…` runs only the checks whose label contains one of the names.
 */
import { join } from 'node:path';
import { buildExamples } from '../../runtime/cli/toolbox/components.ts';
import { binFolder, root, scriptEnvironment, wasmTarget } from '../../runtime/cli/toolbox/paths.mjs';
import { CommandFailed, capture, commandStep } from '../../runtime/cli/toolbox/progress.mjs';
import { checkWasmTarget } from '../../runtime/cli/toolbox/tools.mjs';
import { biomeArguments, rustWorkspaces } from './workspaces.ts';

interface Check {
  readonly label: string;
  run(label: string): Promise<unknown>;
}

function command(label: string, program: string, args: readonly string[], folder = ''): Check {
  const options = { cwd: join(root, folder), env: scriptEnvironment() };
  return { label, run: (shown) => commandStep(shown, program, args, options) };
}

const own = (name: string): string => join(binFolder, name);
const denyWarnings = ['--', '-D', 'warnings'];

function rustChecks(workspace: string): Check[] {
  return [
    command(`rustfmt ${workspace}`, 'cargo', ['fmt', '--all', '--check'], workspace),
    command(`clippy ${workspace}`, 'cargo', ['clippy', '--workspace', '--all-targets', ...denyWarnings], workspace),
    // Half of the SDK is compiled for components only.
    command(
      `clippy ${workspace} for ${wasmTarget}`,
      'cargo',
      ['clippy', '--workspace', '--release', '--target', wasmTarget, ...denyWarnings],
      workspace,
    ),
  ];
}

const checks: readonly Check[] = [
  command('format and lint', own('biome'), [
    'check',
    '--error-on-warnings',
    '--diagnostic-level=warn',
    ...biomeArguments,
  ]),
  command('types', own('tsc'), ['--project', '.']),
  command('import map and house rules', own('vitest'), [
    'run',
    '--config',
    'test/setup/vitest.config.ts',
    'test/house',
  ]),
  command('dead exports', own('knip'), ['--no-progress']),
  ...rustWorkspaces.flatMap(rustChecks),
  { label: 'example builds', run: () => buildExamples() },
];

/** rustfmt and clippy are not part of every Rust installation. */
async function lintToolsAreThere(): Promise<boolean> {
  let there = true;
  for (const tool of ['fmt', 'clippy']) {
    await capture('cargo', [tool, '--version'], { env: scriptEnvironment() }).catch(() => {
      there = false;
      const name = tool === 'fmt' ? 'rustfmt' : tool;
      process.stderr.write(`bulkhead: ${name}: not found. Get it with: rustup component add ${name}\n`);
    });
  }
  const target = await checkWasmTarget();
  if (target.ok) return there;
  process.stderr.write(`bulkhead: ${target.tool}: ${target.found}. Get it with: ${target.fix}\n`);
  return false;
}

async function main(names: readonly string[]): Promise<number> {
  if (!(await lintToolsAreThere())) return 3;
  const chosen = checks.filter(({ label }) => names.length === 0 || names.some((name) => label.includes(name)));
  const failed: string[] = [];
  for (const { label, run } of chosen) {
    await run(label).catch((error: unknown) => {
      if (!(error instanceof CommandFailed))
        process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
      failed.push(label);
    });
  }
  process.stdout.write(failed.length === 0 ? `${chosen.length} checks passed\n` : `failed: ${failed.join(', ')}\n`);
  return failed.length === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
