/** The version of this checkout. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './toolbox/paths.mjs';

export function version(): string {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return manifest.version;
}
