/** The specification's test suite computes the same with and without metering. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { corpus, loadRewriter } from './rewriter.ts';
import { runScript, type Tally, tally } from './script.ts';

const directory = join(corpus(), 'spec');
const rewrite = await loadRewriter();
/** The only reasons to refuse what V8 accepts. */
const allowed = /is shared, which is not supported|the limit is/;

function runSuite(suite: string): Tally {
  const sum = tally();
  for (const file of readdirSync(join(directory, suite)).filter((name) => name.endsWith('.json'))) {
    runScript(`${suite}/${file}`, JSON.parse(readFileSync(join(directory, suite, file), 'utf8')), rewrite, sum);
  }
  return sum;
}

test.each(readdirSync(directory))(
  '%s',
  (suite) => {
    const sum = runSuite(suite);
    const { compared, returned, failed, modules, invalid, skipped, refused, differences } = sum;
    console.log(
      `${suite}: ${compared} compared (${returned} calls returned, ${failed} failed) in ${modules} modules, ` +
        `${invalid} invalid ones stay so, V8 skips ${skipped}, refused ${refused.length}`,
    );
    expect(differences).toEqual([]);
    expect(refused.filter((reason) => !allowed.test(reason))).toEqual([]);
  },
  60_000,
);
