/**
 * The tools that Bulkhead needs from the machine, and how each is got where it is missing.
 *
 * A check answers a finding and changes nothing; set-up refuses to go on with a finding that is not ok, and
 * `bulkhead doctor` shows them all.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { neededNode, nodeBinary, root, toolEnvironment, wasmCargo, wasmTarget } from './paths.mjs';
import { capture } from './progress.mjs';

/**
 * @typedef {object} Finding
 * @property {string} tool What was looked for.
 * @property {boolean} ok
 * @property {string} found What is there: a version, or what is wrong.
 * @property {string} fix The command that gets it; empty where it is ok.
 * @property {boolean} automatic Set-up does it by itself.
 */

const getRust = 'curl --proto =https --tlsv1.2 -sSf https://sh.rustup.rs | sh';
const getNode = 'https://nodejs.org/en/download (any version from 20 on; Bulkhead brings its own newer one)';

/**
 * @param {string} tool
 * @param {string} found
 * @returns {Finding}
 */
function fine(tool, found) {
  return { tool, ok: true, found, fix: '', automatic: false };
}

/**
 * @param {string} tool
 * @param {string} found
 * @param {string} fix
 * @returns {Finding}
 */
function missing(tool, found, fix) {
  return { tool, ok: false, found, fix, automatic: false };
}

/**
 * The first line that a command answers, or why there is none.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<{ line: string } | { error: string }>}
 */
async function ask(command, args, env = toolEnvironment()) {
  try {
    return { line: (await capture(command, args, { env })).split('\n')[0] ?? '' };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * @param {string} version such as `v26.10.0` or `cargo 1.95.0 (…)`
 * @returns {[number, number]}
 */
function majorMinor(version) {
  const match = /(\d+)\.(\d+)/.exec(version);
  return [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0)];
}

/**
 * @param {string} version
 * @param {string} needed
 */
function isOlder(version, needed) {
  const [major, minor] = majorMinor(version);
  const [neededMajor, neededMinor] = majorMinor(needed);
  return major < neededMajor || (major === neededMajor && minor < neededMinor);
}

/** The oldest Rust that compiles the SDK: what its workspace says. */
function neededRust() {
  const manifest = join(root, 'sdk-rust', 'Cargo.toml');
  const text = existsSync(manifest) ? readFileSync(manifest, 'utf8') : '';
  return /^rust-version = "([\d.]+)"/m.exec(text)?.[1] ?? '1.95';
}

/** The Node that runs this very process: it only has to start npm and set-up. */
function checkStartingNode() {
  const ok = majorMinor(process.version)[0] >= 20;
  return ok ? fine('node', process.version) : missing('node', `${process.version} is too old`, getNode);
}

async function checkNpm() {
  const answer = await ask('npm', ['--version']);
  return 'line' in answer ? fine('npm', answer.line) : missing('npm', 'not found', getNode);
}

async function checkCargo() {
  const { command, env } = wasmCargo();
  const answer = await ask(command, ['--version'], env);
  if ('line' in answer) {
    if (isOlder(answer.line, neededRust())) {
      return missing('cargo', `${answer.line} is too old, ${neededRust()} is needed`, 'rustup update stable');
    }
    return fine('cargo', answer.line);
  }
  if (process.env.CARGO_WASM)
    return missing('cargo', `CARGO_WASM=${command} is no cargo that runs`, 'unset CARGO_WASM');
  const rustup = await ask('rustup', ['--version']);
  return 'line' in rustup
    ? missing('cargo', 'rustup has no toolchain', 'rustup default stable')
    : missing('cargo', 'not found', getRust);
}

/** Build scripts and procedural macros are linked for this machine. */
async function checkLinker() {
  if (process.platform === 'win32') return fine('linker', "the compiler's own");
  const answer = await ask('cc', ['--version']);
  if ('line' in answer) return fine('linker', answer.line);
  const fix =
    process.platform === 'darwin'
      ? 'xcode-select --install'
      : 'sudo apt-get install -y build-essential (or gcc of your distribution)';
  return missing('linker', 'cc not found', fix);
}

/**
 * Whether components can be compiled. Asks the compiler rather than rustup, which need not be there.
 * @returns {Promise<Finding>}
 */
export async function checkWasmTarget() {
  const { env } = wasmCargo();
  const sysroot = await ask('rustc', ['--print', 'sysroot'], env);
  if (!('line' in sysroot)) return missing(wasmTarget, 'no rustc', getRust);
  if (existsSync(join(sysroot.line, 'lib', 'rustlib', wasmTarget))) return fine(wasmTarget, 'installed');
  const rustup = await ask('rustup', ['--version']);
  if ('line' in rustup) {
    return { ...missing(wasmTarget, 'not installed', `rustup target add ${wasmTarget}`), automatic: true };
  }
  return missing(wasmTarget, 'not installed, and rustup is not there to add it', getRust);
}

/** @returns {Promise<Finding>} */
export async function checkOwnNode() {
  const answer = await ask(nodeBinary, ['--version']);
  const tool = `node ${neededNode}`;
  if ('line' in answer && !isOlder(answer.line, `${neededNode}.0`)) return fine(tool, answer.line);
  const found = 'line' in answer ? `${answer.line} is too old` : 'not installed';
  return { ...missing(tool, found, 'npm ci && npm rebuild node'), automatic: true };
}

/** What nobody but the machine's owner can install: to be checked before anything is done. */
export async function checkBasics({ rust = true } = {}) {
  const checks = [checkStartingNode(), checkNpm(), ...(rust ? [checkCargo(), checkLinker()] : [])];
  return Promise.all(checks);
}

/** Everything, for `bulkhead doctor`. */
export async function checkAll() {
  return [...(await checkBasics()), await checkWasmTarget(), await checkOwnNode()];
}

/**
 * One line for a finding that is not ok.
 * @param {Finding} finding
 */
export function complaint(finding) {
  return `${finding.tool}: ${finding.found}. Get it with: ${finding.fix}`;
}
