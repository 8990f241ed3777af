/** `bulkhead new`: a plugin crate that builds and runs at once. Its files are in `template/`. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { CliError } from '../exit-codes.ts';
import { root } from '../toolbox/paths.mjs';

const help = `
NAME is the folder, too; it may have folders before it. From a checkout of Bulkhead the crate depends on the SDK
there, otherwise on its published version.

Examples:
  $ bulkhead new demo
  $ bulkhead build demo
  $ bulkhead run demo --args '{"name":"you"}'`;

const template = fileURLToPath(new URL('../template/', import.meta.url));

export function newCommand(): Command {
  return new Command('new')
    .description('make a plugin crate')
    .argument('<NAME>', 'name of the crate and its folder')
    .addHelpText('after', help)
    .action((folder: string) => {
      createCrate(folder);
      // As it was called itself, so that the lines can be copied.
      const bulkhead = process.env.npm_lifecycle_event === 'npx' ? 'npx bulkhead' : 'bulkhead';
      const next = [`${bulkhead} build ${folder}`, `${bulkhead} run ${folder} --args '{"name":"you"}'`];
      process.stdout.write(`${folder}: made. Next:\n${next.map((line) => `  ${line}\n`).join('')}`);
    });
}

/** Cargo takes more names; these work as a crate, a Rust identifier, a proto package and a file everywhere. */
function checkName(name: string): void {
  if (!/^[a-z][a-z\d]*(?:[-_][a-z\d]+)*$/.test(name) || name.length > 64) {
    throw new CliError(
      'usage',
      `${name}: no name for a crate; take lower-case letters, digits, - and _, beginning with a letter`,
    );
  }
  if (reserved.has(name))
    throw new CliError(
      'usage',
      `${name}: means something to Rust or is what the crate depends on; choose another name`,
    );
}

/** Keywords, names of built-in crates, and of what the template depends on. */
const reserved: ReadonlySet<string> = new Set(
  (
    'abstract alloc anyhow as async await become box break build bulkhead-build bulkhead-plugin const continue core crate do dyn else enum ' +
    'extern false final fn for gen if impl in let loop macro match mod move mut override priv proc-macro prost pub ref return self static ' +
    'std struct super test trait true try type typeof unsafe unsized use virtual where while yield'
  ).split(' '),
);

function createCrate(folder: string): void {
  const name = basename(resolve(folder));
  checkName(name);
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new CliError('usage', `${folder}: exists and is not empty; choose another name`);
  const values = valuesFor(name);
  for (const file of readdirSync(template, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const source = join(file.parentPath, file.name);
    // Under their own names, cargo and git would take the template's files for a crate and its rules.
    const place = join(folder, relative(template, source))
      .replace(/\.template$/, '')
      .replace(/_gitignore$/, '.gitignore');
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, fill(readFileSync(source, 'utf8'), values));
  }
}

function valuesFor(name: string): Readonly<Record<string, string>> {
  const words = name.split(/[-_]/);
  const type = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return { name, type, package: words.join('_'), plugin: dependency('plugin'), build: dependency('build') };
}

/** How the crate names a crate of the SDK. */
function dependency(crate: 'plugin' | 'build'): string {
  const folder = join(root, 'sdk-rust', crate);
  if (existsSync(join(folder, 'Cargo.toml'))) return `{ path = ${JSON.stringify(folder)} }`;
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return JSON.stringify(version);
}

function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (whole, key: string) => values[key] ?? whole);
}
