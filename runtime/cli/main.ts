/** The entry of the command `bulkhead`, on the Node that it needs. */
import { exitCodes } from './exit-codes.ts';
import { runProgram } from './program.ts';

// `bulkhead inspect … | head` is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.ok.code);
  throw error;
});
process.exitCode = await runProgram(process.argv.slice(2));
