/** The entry of the command: parses the command line, and turns errors into one line and an exit code. */
import { CommanderError } from 'commander';
import { describeError, exitCodes } from './exit-codes.ts';
import { createProgram } from './program.ts';

async function main(args: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(args, { from: 'user' });
    return exitCodes.ok.code;
  } catch (thrown) {
    // Commander has said what is wrong already.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exitCodes.ok.code : exitCodes.usage.code;
    const { text, exitCode } = describeError(thrown);
    process.stderr.write(`bulkhead: ${text}\n`);
    return exitCode;
  }
}

// `bulkhead inspect … | head` is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.ok.code);
  throw error;
});
process.exitCode = await main(process.argv.slice(2));
