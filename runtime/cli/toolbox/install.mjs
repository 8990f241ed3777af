/**
 * Brings a checkout to where its scripts run: npm's packages, the Node that they bring, the Rust target.
 *
 * Every step looks first and does nothing where nothing is missing, so that it may run before every script.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { binFolder, root, toolEnvironment, wasmTarget } from './paths.mjs';
import { CommandFailed, commandStep } from './progress.mjs';
import { checkBasics, checkOwnNode, checkWasmTarget, complaint } from './tools.mjs';

/** Something is missing on this machine. Each line names one thing and how to get it. */
export class SetupError extends Error {
  /** @param {readonly string[]} lines */
  constructor(lines) {
    super(lines.join('\n'));
    this.name = 'SetupError';
    this.lines = lines;
  }
}

/**
 * Throws {@link SetupError}.
 * @param {{ rust?: boolean }} [options] whether Rust is needed; it is unless said otherwise
 */
export async function install({ rust = true } = {}) {
  const lacking = (await checkBasics({ rust })).filter((finding) => !finding.ok);
  if (lacking.length > 0) throw new SetupError(lacking.map(complaint));
  await installPackages();
  await installNode();
  if (rust) await installTarget();
}

/** Packages as package-lock.json has them; npm's own record of what it installed is compared with it. */
async function installPackages() {
  if (packagesAreInstalled()) return;
  await attempt('installing npm packages', 'npm', ['ci', '--include=dev', '--no-audit', '--no-fund']);
}

function packagesAreInstalled() {
  const record = join(root, 'node_modules', '.package-lock.json');
  // npm leaves neither behind when it is interrupted.
  if (!existsSync(record) || !existsSync(binFolder)) return false;
  const installed = packagesOf(record);
  return Object.entries(packagesOf(join(root, 'package-lock.json'))).every(([path, wanted]) => {
    const there = installed[path];
    // Optional ones are for other platforms where they are not there.
    return path === '' || (there ? there.version === wanted.version : wanted.optional === true);
  });
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }>}
 */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
  } catch (error) {
    throw new SetupError([
      `${file} cannot be read: ${error instanceof Error ? error.message : error}. Restore it with: git checkout package-lock.json && npm ci`,
    ]);
  }
}

/** The package `node` fetches its binary in an install script, which some npm configurations skip. */
async function installNode() {
  if ((await checkOwnNode()).ok) return;
  await attempt('fetching Node', 'npm', ['rebuild', 'node', '--foreground-scripts', '--ignore-scripts=false']);
  const finding = await checkOwnNode();
  if (!finding.ok) throw new SetupError([complaint(finding)]);
}

async function installTarget() {
  const finding = await checkWasmTarget();
  if (finding.ok) return;
  if (!finding.automatic) throw new SetupError([complaint(finding)]);
  await attempt(`adding the Rust target ${wasmTarget}`, 'rustup', ['target', 'add', wasmTarget]);
}

/**
 * @param {string} label
 * @param {string} command
 * @param {readonly string[]} args
 */
async function attempt(label, command, args) {
  try {
    await commandStep(label, command, args, { cwd: root, env: toolEnvironment() });
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    throw new SetupError([
      `${label} failed: ${error.message}. What it said is above; try again with: ${[command, ...args].join(' ')}`,
    ]);
  }
}
