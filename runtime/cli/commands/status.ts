/** `bulkhead status`: whether a server serves, and what it has to do. */
import { Command } from 'commander';
import { type ConnectionOptions, connected } from '../client/options.ts';

const help = `
Exit code 0: the server serves; 4: it cannot be reached, or does not serve. Numbers that a server does not offer, or
that the token may not see, are left out (null).

Examples:
  $ bulkhead status
  $ bulkhead status --profile production --json | jq .jobs`;

export function statusCommand(): Command {
  const command = new Command('status').description('say whether a server serves, and what it has to do');
  return connected(command, help).action(async (options: ConnectionOptions) =>
    (await import('../client/server-status.ts')).serverStatus(options),
  );
}
