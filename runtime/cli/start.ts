/** `npm start`: serves the example plugins. Further arguments go to `serve`, as in `npm start -- --listen :9001`. */
import { describeError } from './exit-codes.ts';
import { createProgram } from './program.ts';
import { buildExamples, examplePlugins } from './toolbox/components.ts';

try {
  await buildExamples();
  await createProgram().parseAsync(['serve', '--plugins', examplePlugins, ...process.argv.slice(2)], { from: 'user' });
} catch (thrown) {
  const { text, exitCode } = describeError(thrown);
  process.stderr.write(`bulkhead: ${text}\n`);
  process.exitCode = exitCode;
}
