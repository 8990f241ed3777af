/** Reads tokens and other files that a connection needs. A secret that everybody may read is refused, not used. */
import { readFileSync, statSync } from 'node:fs';
import { CliError } from '../exit-codes.ts';

/** The largest file that is read, in bytes. */
const largestFile = 1 << 20;
/** Permission of those who are neither owner nor group. */
const worldReadable = 0o004;

/** Throws where others than owner and group may read the file. `what` is the secret in it. */
export function refuseOpenSecret(path: string, what: string): void {
  if (process.platform === 'win32' || (statSync(path).mode & worldReadable) === 0) return;
  throw new CliError('usage', `${path}: everybody on this machine may read ${what}; run: chmod 600 ${path}`);
}

/** The content of a file that an option or a profile names. `what` says what it is for. */
export function readSmallFile(path: string, what: string): Buffer {
  try {
    const { size } = statSync(path);
    if (size > largestFile) throw new Error(`it has ${size} bytes, at most ${largestFile} are read`);
    return readFileSync(path);
  } catch (error) {
    throw new CliError('usage', `${what}: ${path} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

/** The content of a file that nobody else should know. */
export function readSecretFile(path: string, what: string): Buffer {
  const content = readSmallFile(path, what);
  refuseOpenSecret(path, what);
  return content;
}

/** A token as it travels in a header. `source` says where it came from; the token itself is never shown. */
export function checkedToken(text: string, source: string): string {
  const token = text.trim();
  if (token === '') throw new CliError('usage', `${source}: the token is empty`);
  if (/^[!-~]+$/.test(token)) return token;
  throw new CliError('usage', `${source}: a token has printable ASCII characters only, and no spaces`);
}
