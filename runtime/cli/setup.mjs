#!/usr/bin/env node
/**
 * Set-up: `node setup.mjs [--no-rust] SCRIPT ARGS…` brings the checkout to where SCRIPT runs, then runs it with
 * the checkout's own Node. Every npm script starts here, so each works as the first command in a clean clone.
 *
 * Plain JavaScript for Node 20, because it runs before anything is installed. Exit code 3: a tool is missing,
 * named in one line on stderr; otherwise the script's.
 */
import { handOver } from './toolbox/hand-over.mjs';
import { install, SetupError } from './toolbox/install.mjs';

const rust = process.argv[2] !== '--no-rust';
const script = process.argv.slice(rust ? 2 : 3);

try {
  await install({ rust });
  if (script.length > 0) handOver(script);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  for (const line of error.lines) process.stderr.write(`bulkhead: ${line}\n`);
  process.exit(3);
}
