/** `bulkhead runner`: the plugins that a server serves. */
import { Command } from 'commander';
import { type ConnectionOptions, connected } from '../client/options.ts';
import type { InstallOptions, RunnerListOptions } from '../client/runners.ts';
import { count } from '../values.ts';

export function runnerCommand(): Command {
  const command = new Command('runner').description('show, install and remove the plugins of a server');
  for (const each of [list(), show(), install(), remove()]) command.addCommand(each);
  return command.addHelpText('after', '\nExamples:\n  $ bulkhead runner show Hello');
}

function list(): Command {
  const command = new Command('list')
    .description('list runners by name')
    .option('--name <PREFIX>', 'names that begin so')
    .option('--limit <N>', 'so many at most', count, 100);
  const help = `
Examples:
  $ bulkhead runner list
  $ bulkhead runner list --json | jq -r .name`;
  return connected(command, help).action(async (options: RunnerListOptions) =>
    (await import('../client/runners.ts')).list(options),
  );
}

function show(): Command {
  const command = new Command('show')
    .description('show a runner, and the schemas of its settings and methods')
    .argument('<RUNNER>', 'name or id of the runner');
  const help = `
Examples:
  $ bulkhead runner show Hello
  $ bulkhead runner show Hello --json | jq -r '.methods[].args_proto'`;
  return connected(command, help).action(async (runner: string, options: ConnectionOptions) =>
    (await import('../client/runners.ts')).show(runner, options),
  );
}

function install(): Command {
  const command = new Command('install')
    .description("have the server serve a file of its plugin folders; print the runner's name")
    .argument('<FILE>', "path of the file in the server's plugin folders")
    .option('--name <NAME>', "the runner's name; has to be the plugin's own")
    .option('--description <TEXT>', 'for people');
  const help = `
Examples:
  $ bulkhead runner install hello.wasm`;
  return connected(command, help).action(async (file: string, options: InstallOptions) =>
    (await import('../client/runners.ts')).install(file, options),
  );
}

function remove(): Command {
  const command = new Command('remove')
    .description('have the server serve a runner no longer')
    .argument('<RUNNER>', 'name or id of the runner');
  const help = `
Examples:
  $ bulkhead runner remove Hello`;
  return connected(command, help).action(async (runner: string, options: ConnectionOptions) =>
    (await import('../client/runners.ts')).remove(runner, options),
  );
}
