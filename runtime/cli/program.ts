/** All commands, put together. What each does is in `commands/`. */
import { Command, CommanderError } from 'commander';
import { buildCommand } from './commands/build.ts';
import { channelCommand } from './commands/channel.ts';
import { completeCommand, completionCommand } from './commands/completion.ts';
import { configCommand } from './commands/config.ts';
import { doctorCommand } from './commands/doctor.ts';
import { inspectCommand } from './commands/inspect.ts';
import { jobCommand } from './commands/job.ts';
import { newCommand } from './commands/new.ts';
import { resultCommand } from './commands/result.ts';
import { runCommand } from './commands/run.ts';
import { runnerCommand } from './commands/runner.ts';
import { serveCommand } from './commands/serve.ts';
import { statusCommand } from './commands/status.ts';
import { workerCommand } from './commands/worker.ts';
import { describeError, exitCodes } from './exit-codes.ts';
import { version } from './version.ts';

const exitCodeHelp = Object.values(exitCodes)
  .map(({ code, meaning }) => `  ${String(code).padEnd(4)}${meaning}`)
  .join('\n');

const rootHelp = `
Exit codes:
${exitCodeHelp}

Examples:
  $ bulkhead new demo                          make a plugin
  $ bulkhead build demo                        compile it to a component
  $ bulkhead run demo --args '{"name":"you"}'  run one job
  $ bulkhead serve --plugins ./plugins         serve plugins over gRPC
  $ bulkhead job enqueue demo --args '{}'      run one job on a server

\`bulkhead help COMMAND\` says more about each.`;

/** Runs one command line. Errors become one line on stderr; answers the exit code. */
export async function runProgram(args: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(args, { from: 'user' });
    return exitCodes.ok.code;
  } catch (thrown) {
    // Commander has said what is wrong already.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exitCodes.ok.code : exitCodes.usage.code;
    return fail(thrown);
  }
}

/** Says what went wrong in one line on stderr; answers the exit code. */
export function fail(thrown: unknown): number {
  const { text, exitCode } = describeError(thrown);
  process.stderr.write(`bulkhead: ${text}\n`);
  return exitCode;
}

/** The whole command line. Errors of use are thrown as CommanderError after they were printed. */
export function createProgram(): Command {
  const program = new Command('bulkhead')
    .description('Runs plugins that nobody has to trust: Rust, compiled to WebAssembly components, served as jobs.')
    .version(version(), '-V, --version', 'print the version')
    .addHelpText('after', rootHelp);
  const commands = [
    newCommand(),
    buildCommand(),
    inspectCommand(),
    runCommand(),
    serveCommand(),
    configCommand(),
    doctorCommand(),
  ];
  for (const command of commands) program.addCommand(command);
  const clients = [jobCommand(), workerCommand(), runnerCommand(), channelCommand(), resultCommand(), statusCommand()];
  for (const command of clients) program.addCommand(command.helpGroup('Commands for a server that runs:'));
  program.addCommand(completionCommand()).addCommand(completeCommand(program), { hidden: true });
  configure(program, 'bulkhead');
  return program;
}

/** The same for every command. The same width everywhere, so that help is the same text wherever it is printed. */
function configure(command: Command, path: string): void {
  command
    .exitOverride()
    .showHelpAfterError(`(${path} --help says more)`)
    .helpOption('-h, --help', 'print help')
    .configureHelp({ helpWidth: 110 })
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'bulkhead: ')) });
  if (command.commands.length > 0) command.helpCommand('help [COMMAND]', 'print help for a command');
  for (const inside of command.commands) configure(inside, `${path} ${inside.name()}`);
}
