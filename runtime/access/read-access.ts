/** From what an operator says of access to the {@link Access} that keeps it. */
import type { Access } from './access.ts';
import { openAccess } from './open-access.ts';
import { TokenAccess } from './token-access.ts';
import { checkTwins, type ReadTokens, readTokens, soleToken } from './tokens-file.ts';

/** Where tokens come from; both may be given. */
export interface AccessSources {
  /** TOML; see the README. */
  readonly tokensFile?: string;
  /** The secret of one admin with full reach. */
  readonly adminToken?: string;
}

/** Access as it was read. */
export interface ReadAccess {
  readonly access: Access;
  /** What the operator should know; a line each. */
  readonly notes: readonly string[];
  /**
   * Reads the same sources again, and from then on their tokens hold. Answers the notes. Throws `config-invalid`,
   * and then nothing has changed. Access that is open stays open.
   */
  reload(): Promise<readonly string[]>;
}

/** Reads the tokens. Without any source access is open. Throws `config-invalid`. */
export async function readAccess(sources: AccessSources): Promise<ReadAccess> {
  const read = await readAll(sources);
  if (!read) return { access: openAccess, notes: [], reload: async () => [] };
  const access = new TokenAccess(read.tokens);
  const reload = async (): Promise<readonly string[]> => {
    const again = await readAll(sources);
    if (again) access.replace(again.tokens);
    return again?.notes ?? [];
  };
  return { access, notes: read.notes, reload };
}

async function readAll({ tokensFile, adminToken }: AccessSources): Promise<ReadTokens | undefined> {
  const sole = adminToken === undefined ? undefined : soleToken(adminToken);
  const file = tokensFile === undefined ? undefined : await readTokens(tokensFile);
  if (!sole && !file) return undefined;
  const tokens = [...(sole?.tokens ?? []), ...(file?.tokens ?? [])];
  checkTwins(tokens);
  return { tokens, notes: [...(sole?.notes ?? []), ...(file?.notes ?? [])] };
}
