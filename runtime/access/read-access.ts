/** From what an operator says of access to the {@link Access} that keeps it. */
import type { Access } from './access.ts';
import { openAccess } from './open-access.ts';
import { TokenAccess } from './token-access.ts';
import { checkTwins, readTokens, soleToken } from './tokens-file.ts';

/** Where tokens come from; both may be given. */
export interface AccessSources {
  /** TOML; see the README. */
  readonly tokensFile?: string;
  /** The secret of one admin with full reach. */
  readonly adminToken?: string;
}

/** Reads the tokens. Without any source access is open. Throws `config-invalid`. */
export async function readAccess({ tokensFile, adminToken }: AccessSources): Promise<{
  readonly access: Access;
  /** What the operator should know; a line each. */
  readonly notes: readonly string[];
}> {
  const sole = adminToken === undefined ? undefined : soleToken(adminToken);
  const file = tokensFile === undefined ? undefined : await readTokens(tokensFile);
  if (!sole && !file) return { access: openAccess, notes: [] };
  const tokens = [...(sole?.tokens ?? []), ...(file?.tokens ?? [])];
  checkTwins(tokens);
  return { access: new TokenAccess(tokens), notes: [...(sole?.notes ?? []), ...(file?.notes ?? [])] };
}
