/**
 * wasi:cli, with nothing of the host in it: no arguments, no working directory, a closed stdin, no terminals, and of
 * the environment the granted variables with the values that the operator gave them, never the host's own. What the plugin prints becomes log lines, so that `println!` helps its author.
 */
import type { Capability, InstanceContext, LogLevel } from './capability.ts';

/** A line longer than this many bytes is cut into several. */
const longestLine = 8192;

/** Thrown through the guest when it calls `exit`. A RuntimeError, so that the glue marks the instance trapped. */
export class GuestExit extends WebAssembly.RuntimeError {
  /** 0 or 1: wasi:cli/exit tells success from failure and no more. */
  readonly code: number;

  constructor(code: number) {
    super(`the plugin called exit(${code})`);
    this.code = code;
  }
}

/** Cuts a byte stream into lines, each handed on as text when its end is seen. */
function lineWriter(context: InstanceContext, target: string, level: LogLevel): (chunk: Uint8Array) => void {
  const decoder = new TextDecoder();
  let pending = '';
  const send = (message: string) => context.log({ level, target, message, fields: [] });
  const flush = () => {
    pending += decoder.decode();
    if (pending !== '') send(pending);
    pending = '';
  };
  // What one job left unfinished must not begin a line of the next.
  context.onJobEnd(flush);
  context.onDispose(flush);
  return (chunk) => {
    const lines = (pending + decoder.decode(chunk, { stream: true })).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) send(line.slice(0, longestLine));
    while (pending.length > longestLine) {
      send(pending.slice(0, longestLine));
      pending = pending.slice(longestLine);
    }
  };
}

export const cli: Capability = {
  name: 'cli',
  interfaces: [
    'wasi:cli/environment',
    'wasi:cli/exit',
    'wasi:cli/stdin',
    'wasi:cli/stdout',
    'wasi:cli/stderr',
    'wasi:cli/terminal-input',
    'wasi:cli/terminal-output',
    'wasi:cli/terminal-stdin',
    'wasi:cli/terminal-stdout',
    'wasi:cli/terminal-stderr',
  ],
  create(context, io) {
    const stdout = lineWriter(context, 'stdout', 'info');
    const stderr = lineWriter(context, 'stderr', 'warn');
    return {
      'wasi:cli/environment': {
        getEnvironment: () => Object.entries(context.grants.env ?? {}),
        getArguments: () => [],
        initialCwd: () => undefined,
      },
      'wasi:cli/exit': {
        exit: (status: { tag: 'ok' | 'err' }) => {
          throw new GuestExit(status.tag === 'ok' ? 0 : 1);
        },
        exitWithCode: (code: number) => {
          throw new GuestExit(code);
        },
      },
      'wasi:cli/stdin': { getStdin: () => io.closedInput() },
      'wasi:cli/stdout': { getStdout: () => io.output(stdout) },
      'wasi:cli/stderr': { getStderr: () => io.output(stderr) },
      'wasi:cli/terminal-input': { TerminalInput: class TerminalInput {} },
      'wasi:cli/terminal-output': { TerminalOutput: class TerminalOutput {} },
      'wasi:cli/terminal-stdin': { getTerminalStdin: () => undefined },
      'wasi:cli/terminal-stdout': { getTerminalStdout: () => undefined },
      'wasi:cli/terminal-stderr': { getTerminalStderr: () => undefined },
    };
  },
};
