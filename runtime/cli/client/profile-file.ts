/**
 * The user's profiles: how each server is reached, in `$XDG_CONFIG_HOME/bulkhead/profiles.toml`.
 *
 * Unknown keys are refused with their line, and so is a file that holds a token and that others may read:
 * what looks like a setting and is none, or like a secret and is none, is found out here and not later.
 */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { BulkheadError } from '../../errors.ts';
import { readSettings } from '../../toml/read.ts';
import type { Infer } from '../../toml/shape.ts';
import { CliError } from '../exit-codes.ts';
import { refuseOpenSecret } from './secrets.ts';

/** Paths are absolute: relative ones start from the file's folder. */
export interface Profile {
  readonly address?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  /** Name of the environment variable with the token. */
  readonly tokenEnv?: string;
  readonly plaintextToken?: boolean;
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly serverName?: string };
}

const path = (about: string) => ({ kind: 'text', about, pattern: '^.+$', expected: 'the path of a file' }) as const;
const name = { pattern: '^[\\w.-]{1,64}$', expected: 'a name of letters, digits, _, - and .' } as const;

const shape = {
  kind: 'table',
  about: 'Profiles of the command line.',
  required: [],
  fields: {
    default: { kind: 'text', about: 'The profile where none is named.', ...name },
    profile: {
      kind: 'map',
      about: 'Profiles by name.',
      keys: name.pattern,
      expected: name.expected,
      of: {
        kind: 'table',
        about: 'One server.',
        required: [],
        fields: {
          address: { kind: 'text', about: 'HOST:PORT.', pattern: '^\\S+:\\d+$', expected: 'HOST:PORT' },
          token_file: path('File with the token.'),
          token_env: {
            kind: 'text',
            about: 'Environment variable with the token.',
            pattern: '^[A-Za-z_]\\w*$',
            expected: 'the name of an environment variable',
          },
          token: { kind: 'text', about: 'The token itself.', pattern: '^.+$', expected: 'a token' },
          plaintext_token: { kind: 'flag', about: 'The token may be sent without TLS.' },
          tls: {
            kind: 'table',
            about: 'TLS; an empty table takes the authorities that Node knows.',
            required: [],
            fields: {
              ca: path('Authorities, PEM.'),
              cert: path("The client's certificate, PEM."),
              key: path("The certificate's key, PEM."),
              server_name: {
                kind: 'text',
                about: "The name in the server's certificate.",
                pattern: '^[\\w.:-]+$',
                expected: 'a host name',
              },
            },
          },
        },
      },
    },
  },
} as const;

type File = Infer<typeof shape>;
type Table = NonNullable<File['profile']>[string];

/** Where the profiles are. */
function profilesPath(): string {
  return join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'bulkhead', 'profiles.toml');
}

/** The profile of a name; the file's default where none is named. Throws where it is not there. */
export async function readProfile(wanted: string | undefined): Promise<Profile> {
  const file = profilesPath();
  if (!existsSync(file)) {
    if (wanted === undefined) return {};
    throw new CliError('usage', `profile '${wanted}': ${file} is not there; write one with: [profile.${wanted}]`);
  }
  const content = await readFile(file);
  const chosen = wanted ?? content.default;
  if (chosen === undefined) return {};
  const profiles = content.profile ?? {};
  const table = Object.hasOwn(profiles, chosen) ? profiles[chosen] : undefined;
  if (table) return profileOf(table, chosen, file);
  const known = Object.keys(profiles).join(', ') || 'none';
  throw new CliError('usage', `profile '${chosen}': ${file} has no such profile; it has: ${known}`);
}

/** The names of all profiles; none where the file is not there. */
export async function profileNames(): Promise<string[]> {
  const file = profilesPath();
  return existsSync(file) ? Object.keys((await readFile(file)).profile ?? {}) : [];
}

async function readFile(file: string): Promise<File> {
  const { content } = await readSettings(file, shape, 'config-invalid').catch((thrown: unknown) => {
    if (thrown instanceof BulkheadError) throw new CliError('usage', thrown.message);
    throw thrown;
  });
  const holder = Object.entries(content.profile ?? {}).find(([, { token }]) => token !== undefined)?.[0];
  if (holder !== undefined) refuseOpenSecret(file, `the token of profile '${holder}'`);
  return content;
}

function profileOf(table: Table, profile: string, file: string): Profile {
  const { address, token, token_file, token_env, plaintext_token, tls } = table;
  const sources = { token, token_file, token_env };
  const given = Object.entries(sources).filter(([, value]) => value !== undefined);
  if (given.length > 1) {
    const keys = given.map(([key]) => key).join(' and ');
    throw new CliError('usage', `${file}: profile '${profile}' has ${keys}; keep one of them`);
  }
  const absolute = (each: string): string => resolve(dirname(file), each);
  return {
    ...(address !== undefined && { address }),
    ...(token !== undefined && { token }),
    ...(token_file !== undefined && { tokenFile: absolute(token_file) }),
    ...(token_env !== undefined && { tokenEnv: token_env }),
    ...(plaintext_token !== undefined && { plaintextToken: plaintext_token }),
    ...(tls && {
      tls: {
        ...(tls.ca !== undefined && { ca: absolute(tls.ca) }),
        ...(tls.cert !== undefined && { cert: absolute(tls.cert) }),
        ...(tls.key !== undefined && { key: absolute(tls.key) }),
        ...(tls.server_name !== undefined && { serverName: tls.server_name }),
      },
    }),
  };
}
