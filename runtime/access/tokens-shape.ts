/** What the tokens file may say, as data; see `toml/shape.ts`. */
import { roles } from '../model/caller.ts';
import type { Shape } from '../toml/shape.ts';

/** Every call is compared with every token, so that there cannot be any number of them. */
export const mostTokens = 256;
/** The shortest secret, in characters: what is shorter can be guessed. */
export const shortestSecret = 16;

function whole(about: string, most: number) {
  return { kind: 'whole', about, least: 1, most } as const;
}

function names(about: string, expected: string) {
  return {
    kind: 'list',
    about,
    most: 256,
    of: { kind: 'text', about: 'A name; `*` stands for any characters.', pattern: '^.{1,255}$', expected },
  } as const;
}

/** The file of `--tokens`. */
export const tokensShape = {
  kind: 'table',
  about: 'Who may call a Bulkhead server, and what.',
  required: ['token'],
  fields: {
    token: {
      kind: 'map',
      about: 'Tokens by name.',
      keys: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$',
      expected: 'a name of 1 to 64 letters, digits, `_`, `.` and `-`',
      of: {
        kind: 'table',
        about: 'One token. Its secret is one of secret, secret_file and sha256.',
        required: ['role', 'workers', 'channels'],
        fields: {
          role: { kind: 'choice', about: 'What its holder may do.', of: roles },
          workers: names('The workers within reach.', 'the name of a worker, or a pattern such as build-*'),
          channels: names(
            'The channels within reach; the default one is `[default]`.',
            'the name of a channel, `[default]`, or a pattern such as batch-*',
          ),
          secret: { kind: 'text', about: 'The secret itself.', expected: 'text on one line', secret: true },
          secret_file: {
            kind: 'text',
            about: 'A file with the secret on its only line; a relative path begins where this file is.',
            pattern: '^.+$',
            expected: 'the path of a file',
          },
          sha256: {
            kind: 'text',
            about: "The secret's SHA-256, in hex.",
            pattern: '^[0-9a-f]{64}$',
            expected: '64 hexadecimal digits in lower case, as `printf %s SECRET | sha256sum` prints them',
            secret: true,
          },
          limits: {
            kind: 'table',
            about: "What the token's holder may use up.",
            required: [],
            fields: {
              calls_per_second: whole('Calls in a second.', 1_000_000),
              burst: whole('Calls at once after a pause; as many as in a second where it is left out.', 1_000_000),
              calls_at_once: whole('Calls under way at a time, streams included.', 1_000_000),
              message_bytes: whole('Bytes of a request message.', 2 ** 31),
            },
          },
        },
      },
    },
  },
} as const satisfies Shape;
