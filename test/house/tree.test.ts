/** What the repository holds: a short top level, and nothing that was built. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { root } from '../../runtime/cli/toolbox/paths.mjs';
import { missingEntries } from '../setup/complete-lock.ts';

/** Everything that a newcomer sees first. A new entry has to be worth a place here. */
const topLevel = new Set([
  ...['runtime', 'sdk-rust', 'wit', 'proto', 'examples', 'test', 'bench', '.ci'],
  ...['README.md', 'CHANGELOG.md', 'LICENSE', 'package.json', 'package-lock.json', 'tsconfig.json', '.gitignore'],
]);

/** Files that git has or would take. */
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '');

describe('the repository', () => {
  it('has nothing at its top level that does not belong there', () => {
    const found = new Set(files.map((file) => file.split('/')[0] as string));
    expect([...found].filter((entry) => !topLevel.has(entry))).toEqual([]);
  });

  it('has no binaries: plugins for tests are built from their sources', () => {
    expect(files.filter((file) => /\.(wasm|so|dylib|dll|exe|node|zip|gz)$/.test(file))).toEqual([]);
  });

  it('has a lock that npm ci takes on every platform', () => {
    expect(Object.keys(missingEntries()), 'run: node test/setup/complete-lock.ts').toEqual([]);
  });
});
