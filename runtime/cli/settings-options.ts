/** The server's settings as options of a command, and the settings that hold, from all places that may say them. */
import { existsSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type ConfigFile, readConfig, settingList } from '../config/file.ts';
import { type Config, flagValue, resolveConfig } from '../config/resolve.ts';
import type { Setting, SettingKey } from '../config/settings.ts';
import { FieldProblem } from '../toml/shape.ts';
import { collect } from './values.ts';

/** The name of the file where none is named. */
export const usualFile = 'bulkhead.toml';
const fileVariable = 'BULKHEAD_CONFIG';

/** Adds `--config` and an option for every setting that has one. */
export function addSettingOptions(command: Command): Command {
  command.addOption(new Option('--config <FILE>', `TOML file with settings (env: ${fileVariable})`));
  for (const [key, setting] of settingList) {
    if (setting.flag === undefined) continue;
    command.addOption(new Option(setting.flag, described(key, setting)).argParser<unknown>(reader(key, setting)));
  }
  return command;
}

/** `address; port 0 is a free one (default: 127.0.0.1:9000, env: GRPC_ADDR, file: server.listen)` */
function described(key: SettingKey, setting: Setting): string {
  const { about } = setting.shape;
  const text = /^[A-Z][a-z]/.test(about) ? `${about[0]?.toLowerCase()}${about.slice(1)}` : about;
  const repeated = setting.shape.kind === 'list' ? '; may be repeated' : '';
  const facts = [
    setting.fallback === undefined ? [] : [`default: ${setting.shown ?? String(setting.fallback)}`],
    (setting.env ?? []).slice(0, 1).map(({ names }) => `env: ${names.join(', ')}`),
    [`file: ${key}`],
  ];
  return `${text.replace(/\.$/, '')}${repeated} (${facts.flat().join(', ')})`;
}

function reader(key: SettingKey, { shape }: Setting): (text: string, before: unknown) => unknown {
  return (text, before) => {
    try {
      const value = flagValue(key, text);
      return shape.kind === 'list' ? collect(text, before as string[] | undefined) : value;
    } catch (thrown) {
      if (!(thrown instanceof FieldProblem)) throw thrown;
      throw new InvalidArgumentError(`It has to be ${thrown.expected}.`);
    }
  };
}

/** The file that an option or the environment names. */
export function namedFile(option: string | undefined): string | undefined {
  return option ?? (process.env[fileVariable] || undefined);
}

/** Settings by the options that were given, the environment and the file. Throws `config-invalid`. */
export async function settingsOf(command: Command): Promise<Config & { readonly file?: ConfigFile }> {
  const options: Readonly<Record<string, unknown>> = command.opts();
  const path = namedFile(options['config'] as string | undefined);
  const file = path === undefined ? undefined : await readConfig(path);
  const given = settingList.flatMap(([key, { flag }]) =>
    flag === undefined ? [] : [[key, options[new Option(flag).attributeName()]] as const],
  );
  const sources = { flags: Object.fromEntries(given), environment: process.env };
  return file ? { ...resolveConfig({ ...sources, file }), file } : resolveConfig(sources);
}

/** A hint for whoever has a file here that nothing names: it is not read by itself. */
export function unreadFile(file: ConfigFile | undefined): string {
  return file || !existsSync(usualFile) ? '' : `; ${usualFile} in this folder is read only with --config ${usualFile}`;
}
