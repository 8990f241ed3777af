#!/usr/bin/env node
/**
 * The command `bulkhead`, started by whatever Node there is (>= 20): it installs the npm packages where they are
 * not there yet, and goes on with the Node that they bring.
 *
 * Most of the time of a short command is compiling, so compiled code is kept, beside the transpiled components and
 * of the user's own as they are: what is in that folder runs.
 */
import { existsSync, mkdirSync } from 'node:fs';
import nodeModule from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { handOver } from './toolbox/hand-over.mjs';
import { install, SetupError } from './toolbox/install.mjs';
import { neededNode, nodeBinary, root } from './toolbox/paths.mjs';

const main = new URL('./main.ts', import.meta.url);
const installed = existsSync(join(root, 'node_modules', 'commander')) && existsSync(nodeBinary);

try {
  if (!installed) await install({ rust: false });
  const cache = compileCache();
  if (Number.parseInt(process.versions.node, 10) >= neededNode) {
    if (cache !== undefined) nodeModule.enableCompileCache(cache);
    await import(main.href);
  } else {
    const env = cache === undefined ? process.env : { NODE_COMPILE_CACHE: cache, ...process.env };
    handOver([fileURLToPath(main), ...process.argv.slice(2)], env);
  }
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  for (const line of error.lines) process.stderr.write(`bulkhead: ${line}\n`);
  process.exit(3);
}

/** The folder for compiled code; undefined where the home cannot be written, and every start compiles. */
function compileCache() {
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'bulkhead', 'node');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  } catch {
    return undefined;
  }
}
