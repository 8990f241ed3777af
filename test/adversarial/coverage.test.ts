/** Every hostile plugin is used: one that no case names tests nothing. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../runtime/cli/toolbox/paths.mjs';
import { admissions } from './admission-cases.ts';
import { ends, escapes, feeds, floods, loops, waits } from './running-cases.ts';
import { smuggling } from './smuggling-cases.ts';

const folder = join(root, 'test', 'plugins', 'hostile');
const plugins = readdirSync(folder).filter(
  (name) => name !== 'support' && existsSync(join(folder, name, 'Cargo.toml')),
);
const cases = [loops, waits, floods, ends, escapes, feeds, admissions, smuggling].flat();

describe('the hostile plugins', () => {
  it('are at least 40', () => {
    expect(plugins.length).toBeGreaterThanOrEqual(40);
  });

  it('are each named by a case', () => {
    const named = new Set(cases.map(({ plugin }) => plugin));
    expect(plugins.filter((name) => !named.has(name))).toEqual([]);
  });
});
