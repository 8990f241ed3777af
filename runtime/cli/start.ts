/** `npm start`: serves the example plugins. Further arguments go to `serve`, as in `npm start -- --threads 2`. */
import { fail, runProgram } from './program.ts';
import { buildExamples, buildMeter, examplePlugins } from './toolbox/components.ts';

async function start(args: readonly string[]): Promise<number> {
  try {
    await buildMeter();
    await buildExamples();
  } catch (thrown) {
    return fail(thrown);
  }
  return runProgram(['serve', '--plugins', examplePlugins, ...args]);
}

process.exitCode = await start(process.argv.slice(2));
