/**
 * The certificates of a `ca_file`. They are read and looked at when the server starts, and travel with each job of the
 * plugin: so they are few.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { Authorities } from '../model/grant.ts';

/** The largest file that is read, in bytes: some thirty certificates. */
const largestFile = 64 * 1024;

const block = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** Reads the file; answers what is wrong with it where it cannot be used. */
export function readAuthorities(file: string): Authorities | string {
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) return 'is not there';
  if (size > largestFile) return `has ${size} bytes; at most ${largestFile} are read`;
  try {
    const blocks = readFileSync(file, 'utf8').match(block) ?? [];
    if (blocks.length === 0) return 'holds no certificate';
    // Also a server's own may be trusted, where it has signed itself: whatever is one will do.
    for (const text of blocks) new X509Certificate(text);
    return { file, certificates: blocks.join('\n') };
  } catch (error) {
    return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}
