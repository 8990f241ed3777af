/** `bulkhead worker`: the workers of a server. */
import { Command, Option } from 'commander';
import { type ConnectionOptions, connected } from '../client/options.ts';
import type { WorkerListOptions, WorkerOptions } from '../client/workers.ts';
import { count, json } from '../values.ts';

export function workerCommand(): Command {
  const command = new Command('worker').description('create, change and show workers');
  for (const each of [create(), upsert(), list(), show(), remove()]) command.addCommand(each);
  return command.addHelpText(
    'after',
    '\nExamples:\n  $ bulkhead worker create greeter --runner Hello --response direct',
  );
}

/** What a worker is. */
function withWorkerOptions(command: Command): Command {
  return command
    .argument('[NAME]', 'name of the worker; may be left out where --from has it')
    .option('--runner <RUNNER>', 'name or id of its runner')
    .option('-s, --settings <JSON>', "the runner's settings, by its own schema", json)
    .option('--description <TEXT>', 'for people')
    .option('--channel <CHANNEL>', 'the queue of its jobs')
    .addOption(new Option('--response <TYPE>', 'what submitters wait for').choices(['direct', 'no-result']))
    .addOption(
      new Option('--queue <TYPE>', 'how its queued jobs are kept').choices(['normal', 'with-backup', 'db-only']),
    )
    .option('--periodic <MS>', 'run by itself every so many milliseconds', count)
    .option('--retry <JSON>', 'when failed jobs are tried again (RetryPolicy)', json)
    .option('--store-success', 'keep the results of jobs that succeeded')
    .addOption(new Option('--no-store-success').hideHelp())
    .option('--store-failure', 'keep the results of jobs that failed')
    .addOption(new Option('--no-store-failure').hideHelp())
    .option('--static', 'keep plugin instances between jobs, with their state')
    .addOption(new Option('--no-static').hideHelp())
    .option('--broadcast', 'results go to listeners, too')
    .addOption(new Option('--no-broadcast').hideHelp())
    .option(
      '--from <JSON>',
      'a worker as `show --json` prints it, to start from; --no-static and the like take away',
      json,
    );
}

function create(): Command {
  const command = withWorkerOptions(new Command('create').description('create a worker; print its id'));
  const help = `
Examples:
  $ bulkhead worker create greeter --runner Hello --response direct --settings '{"greeting_word":"Ahoy"}'
  $ bulkhead worker create poller --runner Poll --periodic 60000 --store-failure \\
      --retry '{"type":"EXPONENTIAL","interval":1000,"max_interval":60000,"max_retry":5,"basis":2}'`;
  return connected(command, help).action(async (name: string | undefined, options: WorkerOptions) =>
    (await import('../client/workers.ts')).save(name, false, options),
  );
}

function upsert(): Command {
  const command = withWorkerOptions(
    new Command('upsert').description('create a worker, or change the one of that name; print its id'),
  );
  const help = `
What is not said gets its default, also where the worker was there; --from starts from what was there.

Examples:
  $ bulkhead worker upsert greeter --runner Hello --response direct
  $ bulkhead worker show greeter --json | bulkhead worker upsert --from - --static`;
  return connected(command, help).action(async (name: string | undefined, options: WorkerOptions) =>
    (await import('../client/workers.ts')).save(name, true, options),
  );
}

function list(): Command {
  const command = new Command('list')
    .description('list workers by name')
    .option('--name <PREFIX>', 'names that begin so')
    .option('--runner <RUNNER>', 'of this runner')
    .option('--channel <CHANNEL>', 'of this channel')
    .option('--periodic', 'those that run by themselves')
    .option('--no-periodic', 'those that do not')
    .option('--limit <N>', 'so many at most', count, 100);
  const help = `
Examples:
  $ bulkhead worker list
  $ bulkhead worker list --runner Hello --json | jq -r .name`;
  return connected(command, help).action(async (options: WorkerListOptions) =>
    (await import('../client/workers.ts')).list(options),
  );
}

function show(): Command {
  const command = new Command('show')
    .description('show a worker and its settings')
    .argument('<WORKER>', 'name or id of the worker');
  const help = `
Examples:
  $ bulkhead worker show greeter
  $ bulkhead worker show greeter --json | jq .settings`;
  return connected(command, help).action(async (worker: string, options: ConnectionOptions) =>
    (await import('../client/workers.ts')).show(worker, options),
  );
}

function remove(): Command {
  const command = new Command('delete')
    .description('delete workers')
    .argument('<WORKER...>', 'names or ids of the workers');
  const help = `
Examples:
  $ bulkhead worker delete greeter`;
  return connected(command, help).action(async (workers: string[], options: ConnectionOptions) =>
    (await import('../client/workers.ts')).remove(workers, options),
  );
}
