/**
 * The settings that hold: an option of the command line before the environment before the file before the default,
 * setting by setting, each with where it came from.
 */
import { BulkheadError } from '../errors.ts';
import { check, FieldProblem, type Infer } from '../toml/shape.ts';
import { type ConfigFile, settingList } from './file.ts';
import { type Setting, type SettingKey, settings } from './settings.ts';
import { type Environment, type EnvSource, fieldValue } from './sources.ts';

type Shaped = typeof settings;
type Value<Key extends SettingKey> = Infer<Shaped[Key]['shape']>;

/** The value of each setting; one without a default may have none. */
export type Values = {
  readonly [Key in SettingKey]: Shaped[Key] extends { readonly fallback: unknown }
    ? Value<Key>
    : Value<Key> | undefined;
};

/** Where a value came from, in words: `--listen`, `GRPC_ADDR`, `bulkhead.toml`, `default`. */
type Origins = Readonly<Record<SettingKey, string>>;

/** What there is to choose from. */
export interface ConfigSources {
  /** Values of options that were given, checked by {@link flagValue}. */
  readonly flags: Readonly<Partial<Record<SettingKey, unknown>>>;
  readonly environment: Environment;
  readonly file?: ConfigFile;
}

export interface Config {
  readonly values: Values;
  readonly origins: Origins;
}

/** Throws `config-invalid` for a variable of the environment that says what its setting cannot be. */
export function resolveConfig(sources: ConfigSources): Config {
  const values: Partial<Record<SettingKey, unknown>> = {};
  const origins: Partial<Record<SettingKey, string>> = {};
  for (const [key, setting] of settingList) {
    const { value, origin } = choose(key, setting, sources);
    values[key] = value;
    origins[key] = origin;
  }
  return { values: values as Values, origins: origins as Origins };
}

interface Chosen {
  readonly value: unknown;
  readonly origin: string;
}

function choose(key: SettingKey, setting: Setting, { flags, environment, file }: ConfigSources): Chosen {
  if (flags[key] !== undefined) return { value: flags[key], origin: setting.flag?.split(' ')[0] ?? 'option' };
  for (const source of setting.env ?? []) {
    const value = fromEnvironment(source, setting, environment);
    if (value !== undefined) return { value, origin: source.names.join(', ') };
  }
  const filed = file?.get(key);
  if (file && filed !== undefined) return { value: filed, origin: file.path };
  return { value: setting.fallback, origin: setting.fallback === undefined ? '' : 'default' };
}

function fromEnvironment({ names, read }: EnvSource, setting: Setting, environment: Environment): unknown {
  const texts = names.map((name) => environment[name] ?? '');
  if (texts.every((text) => text === '')) return undefined;
  const name = names.join(', ');
  try {
    const value = read ? read(texts) : textValue(setting, texts[0] ?? '');
    check(value, setting.shape);
    return value;
  } catch (thrown) {
    if (!(thrown instanceof FieldProblem)) throw thrown;
    const { path, message, what, expected } = thrown;
    throw new BulkheadError(
      'config-invalid',
      `${name}: ${path.length > 0 ? message : `${what}; expected ${expected}`}`,
    );
  }
}

function textValue({ read, shape }: Setting, text: string): unknown {
  return read ? read(text) : fieldValue(text, shape);
}

/** The text of an option as its setting's value; of one that may be repeated, as one of them. Throws a FieldProblem. */
export function flagValue(key: SettingKey, text: string): unknown {
  const setting: Setting = settings[key];
  const value = setting.shape.kind === 'list' ? [text] : textValue(setting, text);
  check(value, setting.shape);
  return value;
}
