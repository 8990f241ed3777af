/** Assembles the text format. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { cargo, target } from './rewriter.ts';

cargo('-p', 'bulkhead-meter', '--example', 'assemble');

/** The module of a text. */
export function assemble(text: string): Uint8Array {
  return execFileSync(join(target, 'release/examples/assemble'), { input: text, maxBuffer: 64 << 20 });
}
