/** Hands the process over to another Node: same terminal, same signals, same exit code. */
import { spawn } from 'node:child_process';
import { nodeBinary, scriptEnvironment } from './paths.mjs';

const passedOn = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/**
 * Runs a script with the checkout's Node and ends this process as the script ended.
 * @param {readonly string[]} args the script and its arguments
 * @param {NodeJS.ProcessEnv} [env]
 */
export function handOver(args, env = scriptEnvironment()) {
  const child = spawn(nodeBinary, args, { stdio: 'inherit', env });
  // A terminal signals the whole group, so the script may see a signal twice; `serve` allows for it.
  for (const signal of passedOn) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`bulkhead: ${nodeBinary} could not be started: ${error.message}\n`);
    process.exit(3);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 70);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
