/**
 * Where things are in a checkout, and the environment that its commands run in.
 *
 * The files of this folder are plain JavaScript without dependencies and run on Node 20: they are what there is
 * before anything is installed. Their types are checked (`checkJs`).
 */
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the checkout. */
export const root = fileURLToPath(new URL('../../../', import.meta.url)).replace(/[\\/]$/, '');
/** Where npm links commands. */
export const binFolder = join(root, 'node_modules', '.bin');
/** The Node that everything but set-up runs on. */
export const nodeBinary = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
/** The one cargo target folder of the checkout, so that its workspaces compile each dependency once. */
export const targetFolder = join(root, 'target');
/** What plugins are compiled for. */
export const wasmTarget = 'wasm32-wasip2';
/** The oldest Node that the runtime runs on. */
export const neededNode = 26;

/** The folders of PATH without the checkout's own commands. */
function outerPath() {
  return (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== binFolder);
}

/** `~/.cargo/bin` is where rustup puts its tools; a shell that was open before does not know it yet. */
function cargoHomeBin() {
  return join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'bin');
}

/**
 * The environment for tools that are not ours: npm, cargo, rustup. Without the checkout's own Node, which npm
 * may be about to replace, and with the tools of a rustup that was installed a moment ago.
 * @returns {NodeJS.ProcessEnv}
 */
export function toolEnvironment() {
  const folders = outerPath();
  if (!folders.includes(cargoHomeBin())) folders.push(cargoHomeBin());
  return { ...process.env, PATH: folders.join(delimiter) };
}

/**
 * The environment for scripts of ours: the checkout's Node comes first, cargo builds into {@link targetFolder}.
 * @returns {NodeJS.ProcessEnv}
 */
export function scriptEnvironment() {
  const env = toolEnvironment();
  return { ...env, PATH: [binFolder, env.PATH].join(delimiter), CARGO_TARGET_DIR: targetFolder };
}

/**
 * The environment and command for building components: `CARGO_WASM` names a cargo that can; the compiler
 * beside it is used with it.
 * @returns {{ command: string, env: NodeJS.ProcessEnv }}
 */
export function wasmCargo() {
  const env = toolEnvironment();
  const named = process.env.CARGO_WASM;
  if (!named) return { command: 'cargo', env };
  return { command: named, env: { ...env, PATH: [dirname(named), env.PATH].join(delimiter) } };
}
