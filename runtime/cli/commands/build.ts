/** `bulkhead build`: from a crate to a component. */
import { statSync } from 'node:fs';
import { relative } from 'node:path';
import { Command } from 'commander';
import { buildComponents } from '../component-file.ts';

const help = `
Compiles for release, for the target wasm32-wasip2. CARGO_WASM names another cargo to do it with.

Examples:
  $ bulkhead build              the crate in this folder
  $ bulkhead build demo         the crate in ./demo
  $ bulkhead build demo --json  [{"path": "/…/demo.wasm", "bytes": 81234}]`;

export function buildCommand(): Command {
  return new Command('build')
    .description('compile a plugin crate to a component')
    .argument('[DIR]', 'folder with a Cargo.toml', '.')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async (folder: string, options: { json?: true }) => {
      const built = (await buildComponents(folder)).map((path) => ({ path, bytes: statSync(path).size }));
      if (options.json) process.stdout.write(`${JSON.stringify(built)}\n`);
      else for (const { path, bytes } of built) process.stdout.write(`${relative('', path)}  ${sizeText(bytes)}\n`);
    });
}

/** `81 KB`, `2.4 MB`: thousands, as file managers count. */
export function sizeText(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
