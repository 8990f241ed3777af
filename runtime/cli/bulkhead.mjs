#!/usr/bin/env node
/**
 * The command `bulkhead`, started by whatever Node there is (>= 20): it installs the npm packages where they are
 * not there yet, and goes on with the Node that they bring.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { handOver } from './toolbox/hand-over.mjs';
import { install, SetupError } from './toolbox/install.mjs';
import { neededNode, nodeBinary, root } from './toolbox/paths.mjs';

const main = new URL('./main.ts', import.meta.url);
const installed = existsSync(join(root, 'node_modules', 'commander')) && existsSync(nodeBinary);

try {
  if (!installed) await install({ rust: false });
  if (Number.parseInt(process.versions.node, 10) >= neededNode) await import(main.href);
  else handOver([fileURLToPath(main), ...process.argv.slice(2)], process.env);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  for (const line of error.lines) process.stderr.write(`bulkhead: ${line}\n`);
  process.exit(3);
}
