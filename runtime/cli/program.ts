/** All commands, put together. What each does is in `commands/`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { buildCommand } from './commands/build.ts';
import { doctorCommand } from './commands/doctor.ts';
import { inspectCommand } from './commands/inspect.ts';
import { newCommand } from './commands/new.ts';
import { runCommand } from './commands/run.ts';
import { serveCommand } from './commands/serve.ts';
import { exitCodes } from './exit-codes.ts';
import { root } from './toolbox/paths.mjs';

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

\`bulkhead help COMMAND\` says more about each.`;

function version(): string {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return manifest.version;
}

/** The whole command line. Errors of use are thrown as CommanderError after they were printed. */
export function createProgram(): Command {
  const program = new Command('bulkhead')
    .description('Runs plugins that nobody has to trust: Rust, compiled to WebAssembly components, served as jobs.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [COMMAND]', 'print help for a command')
    .addHelpText('after', rootHelp);
  const commands = [newCommand(), buildCommand(), inspectCommand(), runCommand(), serveCommand(), doctorCommand()];
  for (const command of commands) program.addCommand(command);
  // The same width everywhere, so that help is the same text wherever it is printed.
  for (const command of [program, ...commands]) {
    command.exitOverride().showHelpAfterError(`(${['bulkhead', command === program ? '' : command.name()].join(' ').trim()} --help says more)`);
    command.configureHelp({ helpWidth: 100 });
    command.configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'bulkhead: ')) });
  }
  return program;
}
