/** `bulkhead config`: is the file right, and which settings hold. Neither starts anything. */
import { statSync } from 'node:fs';
import { Command } from 'commander';
import { type ConfigFile, readConfig, settingList } from '../../config/file.ts';
import { type Config, resolveConfig } from '../../config/resolve.ts';
import { BulkheadError } from '../../errors.ts';
import { CliError } from '../exit-codes.ts';
import { columns } from '../served-table.ts';
import { addSettingOptions, namedFile, settingsOf, usualFile } from '../settings-options.ts';

const checkHelp = `
Looks at FILE, at the file that BULKHEAD_CONFIG names, or at ${usualFile} in this folder: unknown keys, values that are
not allowed, and folders and files that it names and that are not there. Changes and starts nothing.

Examples:
  $ bulkhead config check
  $ bulkhead config check /etc/bulkhead/bulkhead.toml`;

const showHelp = `
What \`serve\` would run with, given the same options: an option beats the environment, the environment beats the file,
and the file beats the default.

Examples:
  $ bulkhead config show
  $ bulkhead config show --config bulkhead.toml --threads 4
  $ bulkhead config show --json  {"server.listen": {"value": "127.0.0.1:9000", "from": "default"}, …}`;

export function configCommand(): Command {
  const check = new Command('check')
    .description('check a configuration file')
    .argument('[FILE]', 'the file')
    .addHelpText('after', checkHelp)
    .action((path: string | undefined) => checkFile(path ?? namedFile(undefined) ?? usualFile));
  const show = addSettingOptions(
    new Command('show').description('show the settings that hold, and where they come from'),
  )
    .option('--json', 'print JSON')
    .addHelpText('after', showHelp)
    .action(async (options: { json?: true }, command: Command) => {
      const config = await settingsOf(command);
      process.stdout.write(`${options.json ? JSON.stringify(asJson(config)) : table(config)}\n`);
    });
  return new Command('config')
    .description('check the configuration of a server, and show what holds')
    .addCommand(check)
    .addCommand(show)
    .addHelpText('after', '\nExamples:\n  $ bulkhead config check\n  $ bulkhead config show');
}

async function checkFile(path: string): Promise<void> {
  const file = await readConfig(path);
  for (const folder of (file.get('plugins.folders') as string[] | undefined) ?? []) {
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
      throw file.problem('plugins.folders', `${folder} is no folder`, 'folders that are there');
  }
  const grants = file.get('plugins.grants') as string | undefined;
  if (grants !== undefined) await naming(file, grants);
  const { telemetryOptions } = await import('../telemetry-options.ts');
  telemetryOptions(resolveConfig({ flags: {}, environment: {}, file }).values);
  const count = settingList.filter(([key]) => file.get(key) !== undefined).length;
  process.stdout.write(`${path}: ok, ${count} settings\n`);
}

/** Says by which setting the file of grants was found. */
async function naming(file: ConfigFile, grants: string): Promise<void> {
  // Loaded now, so that other commands start without it.
  const { readGrants } = await import('../../app.ts');
  try {
    await readGrants(grants);
  } catch (thrown) {
    const error = BulkheadError.from(thrown);
    if (error.code !== 'config-invalid') throw error;
    throw new CliError('environment', `${error.message} (plugins.grants of ${file.path})`);
  }
}

function asJson({ values, origins }: Config): Record<string, { value: unknown; from: string }> {
  return Object.fromEntries(settingList.map(([key]) => [key, { value: values[key] ?? null, from: origins[key] }]));
}

function table({ values, origins }: Config): string {
  const rows = settingList.map(([key]) => [key, shown(values[key]), origins[key]]);
  return columns([['setting', 'value', 'from'], ...rows]).join('\n');
}

function shown(value: unknown): string {
  if (value === undefined) return '-';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
