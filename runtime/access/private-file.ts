/**
 * Files with secrets: read only where nobody else can read or change them.
 *
 * Refused: files that others may read or write, that their group may write, or that belong to another user than the
 * server's or root. A file that its group may read is taken, with a note, because container platforms mount secrets
 * so. Where the system has no such permissions (Windows) nothing is checked.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { BulkheadError } from '../errors.ts';

/** The largest file, in bytes. */
const largestFile = 64 * 1024;

/** What was read. */
export interface PrivateFile {
  readonly text: string;
  /** What the operator should know; a line each. */
  readonly notes: readonly string[];
}

/**
 * `what` names the file's role in messages: `the tokens file`. With `lenient` open permissions are no more than a
 * note. Throws `config-invalid`.
 */
export async function readPrivateFile(what: string, path: string, lenient = false): Promise<PrivateFile> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    // The opened file is looked at, so that it cannot be another one than is read.
    const { mode, uid, size } = await file.stat();
    if ((mode & 0o170000) !== 0o100000) throw refusal(what, path, 'it is no file');
    if (size > largestFile) throw refusal(what, path, `it has ${size} bytes, and at most ${largestFile} are read`);
    const { refused, noted } = exposure(mode, uid, process.getuid?.());
    if (refused !== undefined && !lenient) throw refusal(what, path, refused);
    const remark = refused ?? noted;
    return { text: await file.readFile('utf8'), notes: remark === undefined ? [] : [`${what} ${path}: ${remark}`] };
  } catch (error) {
    if (error instanceof BulkheadError) throw error;
    throw refusal(what, path, error instanceof Error ? error.message : String(error), error);
  } finally {
    await file?.close();
  }
}

/** Who else can get at a file of that mode and owner, for the user `self`; nothing is known where there are no users. */
export function exposure(
  mode: number,
  owner: number,
  self: number | undefined,
): { readonly refused?: string; readonly noted?: string } {
  if (self === undefined) return {};
  if (owner !== self && owner !== 0) return { refused: `it belongs to user ${owner}, who can change it` };
  const octal = (mode & 0o777).toString(8).padStart(4, '0');
  if ((mode & 0o007) !== 0) return { refused: `every user of this machine can reach it (mode ${octal}): chmod 600` };
  if ((mode & 0o020) !== 0) return { refused: `its group can change it (mode ${octal}): chmod 600` };
  return (mode & 0o040) === 0 ? {} : { noted: `its group can read it (mode ${octal})` };
}

function refusal(what: string, path: string, why: string, cause?: unknown): BulkheadError {
  return new BulkheadError('config-invalid', `${what} ${path} is not used: ${why}`, { details: { path }, cause });
}
