/** `bulkhead channel`: how many jobs of each channel run at a time. */
import { Command } from 'commander';
import { type ConnectionOptions, connected } from '../client/options.ts';
import { count } from '../values.ts';

export function channelCommand(): Command {
  const command = new Command('channel').description('show and resize the channels of a server');
  for (const each of [list(), resize()]) command.addCommand(each);
  return command.addHelpText('after', '\nExamples:\n  $ bulkhead channel list');
}

function list(): Command {
  const command = new Command('list').description('list channels, and how many jobs of each run at a time');
  const help = `
Examples:
  $ bulkhead channel list
  $ bulkhead channel list --json | jq .concurrency`;
  return connected(command, help).action(async (options: ConnectionOptions) =>
    (await import('../client/channels.ts')).list(options),
  );
}

function resize(): Command {
  const command = new Command('resize')
    .description('have so many jobs of a channel run at a time, from now on')
    .argument('<CHANNEL>', 'name of the channel; [default] for that of workers without one')
    .argument('<CONCURRENCY>', 'jobs at a time', count);
  const help = `
Where more jobs run, none is ended: those above the number end first. The server's next start takes what is configured
([jobs.channels] in bulkhead.toml).

Examples:
  $ bulkhead channel resize [default] 32
  $ bulkhead channel resize gpu 1`;
  return connected(command, help).action(async (channel: string, concurrency: number, options: ConnectionOptions) =>
    (await import('../client/channels.ts')).resize(channel, concurrency, options),
  );
}
