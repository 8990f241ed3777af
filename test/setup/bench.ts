/** `npm run bench`: builds the plugins that are measured, then measures. Arguments go to `bench/main.ts`. */
import { fail } from '../../runtime/cli/program.ts';
import { buildExamples, buildMeter } from '../../runtime/cli/toolbox/components.ts';

try {
  await buildMeter();
  await buildExamples();
  await import('../../bench/main.ts');
} catch (thrown) {
  process.exitCode = fail(thrown);
}
