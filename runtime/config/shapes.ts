/** The kinds of values that only the server's own settings have. */

/** A number from 1 up to 2^53, unless said otherwise. */
export function whole(about: string, least = 1, most: number = Number.MAX_SAFE_INTEGER) {
  return { kind: 'whole', about, least, most } as const;
}

export function addressShape(about: string) {
  return {
    kind: 'text',
    about,
    pattern:
      '^(?:\\[[0-9a-fA-F:.]+\\]|[^:\\s\\[\\]]*):(?:\\d{1,4}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])$',
    expected: 'HOST:PORT, such as 127.0.0.1:9000 or [::1]:9000',
  } as const;
}

export function pathShape(about: string) {
  return { kind: 'text', about, pattern: '^.+$', expected: 'a path' } as const;
}

export const folderShape = {
  kind: 'text',
  about: 'Folder.',
  pattern: '^.+$',
  expected: 'the path of a folder',
} as const;

export const originShape = {
  kind: 'text',
  about: 'Origin.',
  pattern: '^https?://[^\\s/*?#]+$',
  expected: 'scheme and host, and the port where it is not the usual one, such as https://app.example.com',
} as const;

export const endpointShape = {
  kind: 'text',
  about: 'Where spans are sent, by OTLP over HTTP: the whole URL, such as http://127.0.0.1:4318/v1/traces.',
  pattern: '^https?://[^\\s/?#]+(?:/[^\\s?#]*)?$',
  expected: 'a URL that begins with http:// or https://',
} as const;

/** Commas would make a name two names in WORKER_CHANNELS. */
export const channelsShape = {
  kind: 'map',
  about: 'Further channels: jobs at a time by name.',
  keys: '^[^,]{1,255}$',
  expected: 'a name of 1 to 255 characters without commas',
  of: whole('Jobs at a time.', 1, 1_000_000),
} as const;
