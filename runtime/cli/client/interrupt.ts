/** Ctrl-C, as a way to leave a call and not as a way to die: the server learns of it, and the user what goes on there. */
import { CliError, exitCodes } from '../exit-codes.ts';

/** One keypress may arrive twice, from the terminal and passed on by a parent; see `commands/serve.ts`. Milliseconds. */
const sameSignalMs = 1000;

/**
 * Does `work` with a signal that SIGINT and SIGTERM abort; a second one later ends the process at once.
 * `farewell` is what the user is told; the exit code is 130.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>, farewell: () => string): Promise<T> {
  const controller = new AbortController();
  let first: number | undefined;
  const onSignal = (): void => {
    if (first === undefined) {
      first = performance.now();
      controller.abort();
    } else if (performance.now() - first > sameSignalMs) process.exit(exitCodes.interrupted.code);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    return await work(controller.signal);
  } catch (thrown) {
    throw controller.signal.aborted ? new CliError('interrupted', farewell()) : thrown;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}
