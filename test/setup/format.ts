/** `npm run fmt`: brings every file into the house's form, TypeScript by biome, Rust by rustfmt. */
import { join } from 'node:path';
import { binFolder, root } from '../../runtime/cli/toolbox/paths.mjs';
import { CommandFailed, commandStep } from '../../runtime/cli/toolbox/progress.mjs';
import { biomeArguments, rustWorkspaces } from './workspaces.ts';

try {
  // Format and order of imports, not the lint's fixes: they may change what code does.
  await commandStep(
    'TypeScript',
    join(binFolder, 'biome'),
    ['check', '--write', '--linter-enabled=false', ...biomeArguments],
    { cwd: root },
  );
  for (const workspace of rustWorkspaces)
    await commandStep(workspace, 'cargo', ['fmt', '--all'], { cwd: join(root, workspace) });
} catch (error) {
  if (!(error instanceof CommandFailed)) throw error;
  process.exitCode = 1;
}
