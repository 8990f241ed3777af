/** `bulkhead runner`: the plugins that a server serves. */
import { Command } from 'commander';
import { type ConnectionOptions, connected } from '../client/options.ts';
import type { InstallOptions } from '../client/runner-install.ts';
import type { RunnerListOptions } from '../client/runners.ts';
import { cacheOption, count } from '../values.ts';

export function runnerCommand(): Command {
  const command = new Command('runner').description('show, install and remove the plugins of a server');
  for (const each of [list(), show(), install(), remove()]) command.addCommand(each);
  return command.addHelpText('after', '\nExamples:\n  $ bulkhead runner show Hello');
}

function list(): Command {
  const command = new Command('list')
    .description('list runners by name')
    .option('--name <PREFIX>', 'names that begin so')
    .option('--uploads', 'what was uploaded instead, also where it is not served')
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
    .description("bring a plugin to the server, which serves it from then on; print the runner's name")
    .argument('<FILE>', 'component, or folder of a plugin crate')
    .option('--name <NAME>', 'what the plugin calls itself; left out: it is asked, here')
    .option('--replace', 'replace what was uploaded under that name before')
    .option('--on-server', "FILE is a path in the server's own plugin folders")
    .addOption(cacheOption());
  const help = `
The manifest beside the component (NAME.plugin.toml, of a crate plugin.toml) goes with it; what it asks for it gets only
where the grants of the server's operator say so. Jobs that run end on the plugin that they began with.

Examples:
  $ bulkhead runner install hello.wasm
  $ bulkhead runner install ./demo --replace              builds ./demo first
  $ bulkhead runner install hello.wasm --on-server --name Hello`;
  return connected(command, help).action(async (file: string, options: InstallOptions) =>
    (await import('../client/runner-install.ts')).install(file, options),
  );
}

function remove(): Command {
  const command = new Command('remove')
    .description('have the server serve a runner no longer')
    .argument('<RUNNER>', 'name or id of the runner');
  const help = `
An uploaded plugin is deleted on the server; another one is served again after its next start. Workers stay, and their
jobs are refused.

Examples:
  $ bulkhead runner remove Hello`;
  return connected(command, help).action(async (runner: string, options: ConnectionOptions) =>
    (await import('../client/runner-install.ts')).remove(runner, options),
  );
}
