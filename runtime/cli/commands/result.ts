/** `bulkhead result`: the results that a server stored. */
import { Command } from 'commander';
import { type ConnectionOptions, connected } from '../client/options.ts';
import type { ResultDeleteOptions, ResultListOptions } from '../client/result-manage.ts';
import { collect, count, inPast } from '../values.ts';

export function resultCommand(): Command {
  const command = new Command('result').description('show and delete stored results');
  for (const each of [list(), show(), remove()]) command.addCommand(each);
  return command.addHelpText('after', '\nExamples:\n  $ bulkhead result list --status FATAL_ERROR --since 1h');
}

const statuses = 'SUCCESS, ERROR_AND_RETRY, FATAL_ERROR, ABORT, MAX_RETRY, OTHER_ERROR, CANCELLED; may be repeated';

function list(): Command {
  const command = new Command('list')
    .description('list results, the newest first')
    .option('--job <JOB>', 'of this job')
    .option('--worker <WORKER>', 'of this worker; may be repeated', collect)
    .option('--status <STATUS>', statuses, collect)
    .option('--since <TIME>', 'ended since: 90s, 10m, 2h, 1d ago, or a date of ISO 8601', inPast)
    .option('--until <TIME>', 'ended until then', inPast)
    .option('--uniq-key <KEY>', 'of jobs with this key')
    .option('--oldest-first', 'the other way round')
    .option('--limit <N>', 'so many at most', count, 100);
  const help = `
Examples:
  $ bulkhead result list --worker greeter --since 1h
  $ bulkhead result list --job 1965349870712651776 --json | jq .output`;
  return connected(command, help).action(async (options: ResultListOptions) =>
    (await import('../client/result-manage.ts')).list(options),
  );
}

function show(): Command {
  const command = new Command('show').description('show a result').argument('<RESULT>', 'id of the result');
  const help = `
Examples:
  $ bulkhead result show 1965349870712651777 --json`;
  return connected(command, help).action(async (result: string, options: ConnectionOptions) =>
    (await import('../client/result-manage.ts')).show(result, options),
  );
}

function remove(): Command {
  const command = new Command('delete')
    .description('delete results: by id, or all that the options mean together')
    .argument('[RESULT...]', 'ids of the results')
    .option('--before <TIME>', 'ended before: 90s, 10m, 2h, 1d ago, or a date of ISO 8601', inPast)
    .option('--worker <WORKER>', 'of this worker; may be repeated', collect)
    .option('--status <STATUS>', statuses, collect);
  const help = `
Servers keep what ended less than 24 hours ago, unless it is named by id.

Examples:
  $ bulkhead result delete 1965349870712651777
  $ bulkhead result delete --before 30d --status SUCCESS`;
  return connected(command, help).action(async (results: string[], options: ResultDeleteOptions) =>
    (await import('../client/result-manage.ts')).remove(results, options),
  );
}
