/**
 * Tokens as an operator gives them: the file of `--tokens`, and the one secret of `AUTH_TOKEN`.
 *
 * The file is checked as a whole at the start, and closed: every token says its role, its workers and its channels,
 * all of them (`["*"]`) included, because what is left out would have to mean something.
 */
import { dirname, resolve } from 'node:path';
import { BulkheadError } from '../errors.ts';
import { NameList } from '../model/name-list.ts';
import { camelKeys } from '../toml/case.ts';
import { readSettings, type SettingsFile } from '../toml/read.ts';
import type { Infer } from '../toml/shape.ts';
import { readPrivateFile } from './private-file.ts';
import { digestOf, type Token } from './token-access.ts';
import { mostTokens, shortestSecret, tokensShape } from './tokens-shape.ts';

/** Tokens, and what the operator should know of them. */
export interface ReadTokens {
  readonly tokens: readonly Token[];
  readonly notes: readonly string[];
}

type File = SettingsFile<Infer<typeof tokensShape>>;
type TokenTable = File['content']['token'][string];

const secretExpected = `${shortestSecret} to 1024 printable ASCII characters, such as \`openssl rand -hex 32\` makes`;

/** Throws `config-invalid`, in one line without any secret. */
export async function readTokens(path: string): Promise<ReadTokens> {
  const { notes } = await readPrivateFile('the tokens file', path);
  const file = await readSettings(path, tokensShape, 'config-invalid');
  const entries = Object.entries(file.content.token);
  if (entries.length === 0) throw file.problem(['token'], 'it has no tokens', 'one at least');
  if (entries.length > mostTokens)
    throw file.problem(['token'], `it has ${entries.length} tokens`, `at most ${mostTokens}`);
  const read: ReadTokens[] = [];
  for (const [name, table] of entries) read.push(await readToken(file, name, table));
  const tokens = read.flatMap((each) => each.tokens);
  checkTwins(tokens);
  return { tokens, notes: [...notes, ...read.flatMap((each) => each.notes)] };
}

/** `AUTH_TOKEN`: one admin with full reach. Throws `config-invalid`. */
export function soleToken(secret: string): ReadTokens {
  if (secret === '') {
    throw new BulkheadError('config-invalid', 'AUTH_TOKEN is set and empty: give it a value, or unset it');
  }
  if (!isHeaderValue(secret)) {
    throw new BulkheadError('config-invalid', 'AUTH_TOKEN has to be printable ASCII without blanks at its ends');
  }
  const everything = new NameList(['*']);
  const caller = { name: 'AUTH_TOKEN', role: 'admin', workers: everything, channels: everything } as const;
  const notes =
    secret.length < shortestSecret
      ? [`AUTH_TOKEN has ${secret.length} characters and can be guessed; \`openssl rand -hex 32\` makes a better one`]
      : [];
  return { tokens: [{ caller, digest: digestOf(secret), limits: {} }], notes };
}

/** Throws `config-invalid` where two tokens have one secret: nobody could say who calls. */
export function checkTwins(tokens: readonly Token[]): void {
  const names = new Map<string, string>();
  for (const { caller, digest } of tokens) {
    const key = Buffer.from(digest).toString('hex');
    const twin = names.get(key);
    if (twin !== undefined) {
      throw new BulkheadError('config-invalid', `the tokens '${twin}' and '${caller.name}' have the same secret`);
    }
    names.set(key, caller.name);
  }
}

async function readToken(file: File, name: string, table: TokenTable): Promise<ReadTokens> {
  const { role, workers, channels, limits = {} } = table;
  const { digest, notes } = await readSecret(file, name, table);
  if (limits.burst !== undefined && limits.calls_per_second === undefined)
    throw file.problem(['token', name, 'limits', 'burst'], 'it has no rate', 'calls_per_second beside it');
  const caller = { name, role, workers: new NameList(workers), channels: new NameList(channels) };
  return { tokens: [{ caller, digest, limits: camelKeys(limits) }], notes };
}

async function readSecret(
  file: File,
  name: string,
  table: TokenTable,
): Promise<{ digest: Uint8Array; notes: readonly string[] }> {
  const { secret, secret_file: secretFile, sha256 } = table;
  const at = ['token', name];
  if ([secret, secretFile, sha256].filter((each) => each !== undefined).length !== 1)
    throw file.problem(at, 'whose secret is not clear', 'one of secret, secret_file and sha256');
  if (sha256 !== undefined) return { digest: Buffer.from(sha256, 'hex'), notes: [] };
  if (secret !== undefined) {
    if (!isSecret(secret)) throw file.problem([...at, 'secret'], 'it does not fit', secretExpected);
    return { digest: digestOf(secret), notes: [] };
  }
  const path = resolve(dirname(file.path), secretFile ?? '');
  const { text, notes } = await readPrivateFile(`the secret of token '${name}'`, path);
  const line = text.replace(/\r?\n$/, '');
  if (!isSecret(line)) throw file.problem([...at, 'secret_file'], `what is in ${path} does not fit`, secretExpected);
  return { digest: digestOf(line), notes };
}

function isSecret(text: string): boolean {
  return text.length >= shortestSecret && isHeaderValue(text);
}

/** Whether a request header can carry it as it is. */
function isHeaderValue(text: string): boolean {
  return text.length <= 1024 && /^[!-~](?:[ -~]*[!-~])?$/.test(text);
}
