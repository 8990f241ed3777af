/** From what the user named, a component file or the folder of a crate, to a component file. */
import { existsSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { CliError } from './exit-codes.ts';
import { cargoBuild } from './toolbox/cargo-build.ts';
import { root, wasmTarget } from './toolbox/paths.mjs';
import { step } from './toolbox/progress.mjs';
import { checkBasics, checkWasmTarget, complaint } from './toolbox/tools.mjs';

/** The component that `path` is, or that the crate in the folder `path` compiles to. */
export async function componentFile(path: string): Promise<string> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new CliError('usage', `${path}: there is no such file or folder`);
  if (!found.isDirectory()) return resolve(path);
  const components = await buildComponents(path);
  const [component, other] = components;
  if (component === undefined || other !== undefined) {
    const names = components.map((each) => relative('', each)).join(', ');
    throw new CliError(
      'usage',
      `${path} is a workspace that gives several components (${names}): name one of its crates`,
    );
  }
  return component;
}

/** Builds the crate or workspace in a folder. Throws with a line that says what is wrong and what to do. */
export async function buildComponents(folder: string): Promise<string[]> {
  if (!existsSync(join(folder, 'Cargo.toml'))) {
    throw new CliError('usage', `${join(folder, 'Cargo.toml')}: not found; make a plugin with: bulkhead new NAME`);
  }
  await checkCompiler();
  // Crates inside the checkout share its target folder: their dependencies are compiled there already.
  const inCheckout = !relative(root, resolve(folder)).startsWith('..');
  const shareTarget = inCheckout && process.env.CARGO_TARGET_DIR === undefined;
  const built = await step(`building ${folder}`, async (say) => {
    const answer = await cargoBuild({ folder, shareTarget, onProgress: say });
    if (!answer.ok) throw new CliError('failed', `${folder} does not compile:\n${answer.output}`);
    return answer;
  });
  if (built.components.length > 0) return built.components.map((component) => component.path);
  throw new CliError('usage', `${join(folder, 'Cargo.toml')}: no cdylib; add to it: [lib] crate-type = ["cdylib"]`);
}

async function checkCompiler(): Promise<void> {
  const findings = [...(await checkBasics()), await checkWasmTarget()];
  const lacking = findings.filter(({ ok, tool }) => !ok && ['cargo', 'linker', wasmTarget].includes(tool));
  if (lacking.length > 0) throw new CliError('environment', lacking.map(complaint).join('\nbulkhead: '));
}
