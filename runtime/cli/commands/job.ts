/** `bulkhead job`: submitting jobs to a server, and what becomes of them. */
import { Command, Option } from 'commander';
import type { FeedOptions } from '../client/job-feed.ts';
import type { ListenOptions } from '../client/job-listen.ts';
import type { JobListOptions } from '../client/job-manage.ts';
import type { JobOptions } from '../client/job-request.ts';
import type { StreamOptions } from '../client/job-stream.ts';
import { type ConnectionOptions, connected } from '../client/options.ts';
import { count, inFuture, json, pair } from '../values.ts';

const rules = `
JSON is read and written by the plugin's own schemas, as in \`bulkhead run\`. The output goes to stdout and nothing
else does, so it can be piped; with --raw the plugin's bytes go in and out as they are. A job that failed is exit
code 1, and its reason one line on stderr.`;

export function jobCommand(): Command {
  const command = new Command('job').description('submit jobs, follow them, cancel them');
  for (const each of [enqueue(), stream(), feed(), listen(), cancel(), list(), status()]) command.addCommand(each);
  return command.addHelpText('after', `\nExamples:\n  $ bulkhead job enqueue greeter --args '{"name":"Ann"}'`);
}

/** What `enqueue` and `stream` may tell a job. */
function withJobOptions(command: Command): Command {
  return command
    .addOption(methodOption())
    .option('-a, --args <JSON>', 'the arguments; @FILE reads them from a file, - from stdin')
    .option('--args-file <FILE>', 'file with the arguments; - is stdin')
    .option('--raw', "bytes in and out, without the plugin's schemas")
    .option('--metadata <KEY=VALUE>', 'metadata for the plugin; may be repeated', pair)
    .option('--timeout <MS>', 'end the job after so many milliseconds', count)
    .addOption(new Option('--priority <LEVEL>', 'place in the queue').choices(['high', 'medium', 'low']))
    .option('--run-after <TIME>', 'not before then: 90s, 10m, 2h, 1d, or a date of ISO 8601', inFuture)
    .option('--uniq-key <KEY>', 'no two jobs with this key are in the queue at once')
    .option('--overrides <JSON>', 'what this job does differently from its worker (JobExecutionOverrides)', json)
    .option('--cancel-on-exit', 'ask the server to cancel the job if this command is interrupted');
}

function methodOption(): Option {
  return new Option('--using, --method <METHOD>', 'the method; may be left out where there is only one');
}

function enqueue(): Command {
  const command = new Command('enqueue')
    .description('submit a job; print its result, or its id where the worker answers NO_RESULT')
    .argument('<WORKER>', 'name or id of the worker');
  const help = `${rules}
--json prints {"job_id", "worker_name", "result"}; the result is null where nobody waits for it.

Examples:
  $ bulkhead job enqueue greeter --args '{"name":"Ann"}'
  $ bulkhead job enqueue nightly --args @args.json --run-after 2h --uniq-key report
  $ bulkhead job enqueue resize --raw --args-file photo.jpg > small.jpg`;
  return connected(withJobOptions(command), help).action(async (worker: string, options: JobOptions) =>
    (await import('../client/job-enqueue.ts')).enqueue(worker, options),
  );
}

function stream(): Command {
  const command = withJobOptions(
    new Command('stream')
      .description('submit a job and print its output as it comes')
      .argument('<WORKER>', 'name or id of the worker'),
  )
    .option('--collect', 'print the whole output once more at its end, as the plugin collects it')
    .option('--feed <FILE>', 'feed the job from a file while it runs; - is stdin')
    .addOption(formatOption('--feed-format <FORMAT>'));
  const help = `${rules}
Ctrl-C leaves the stream; a job with a feed ends with it. --json prints a line for each event: {"event": …} with job,
data, final, end or failed.

Examples:
  $ bulkhead job stream tail --args '{"lines":10}'
  $ mic | bulkhead job stream listener --feed - --feed-format bytes`;
  return connected(command, help).action(async (worker: string, options: StreamOptions) =>
    (await import('../client/job-stream.ts')).stream(worker, options),
  );
}

function formatOption(flags: string): Option {
  return new Option(flags, 'each line is JSON, each line is a chunk as it is, or bytes as they come')
    .choices(['json', 'lines', 'bytes'])
    .default('json');
}

function feed(): Command {
  const command = new Command('feed')
    .description('feed a job that runs and streams')
    .argument('<JOB>', 'id of the job')
    .argument('[FILE]', 'file with the feed; - is stdin', '-')
    .addOption(formatOption('--format <FORMAT>'))
    .option('--worker <WORKER>', "the job's worker, where the server does not tell")
    .addOption(methodOption())
    .option('--keep-open', 'do not end the feed: more follows with another call');
  const help = `
The job needs a worker with use_static in a channel of concurrency 1; \`bulkhead job stream --feed\` has no such needs.
Each chunk waits until the server has taken the one before.

Examples:
  $ bulkhead job feed 1965349870712651776 < chunks.ndjson
  $ bulkhead job feed 1965349870712651776 sound.pcm --format bytes`;
  return connected(command, help).action(async (job: string, file: string, options: FeedOptions) =>
    (await import('../client/job-feed.ts')).feed(job, file, options),
  );
}

function listen(): Command {
  const command = new Command('listen')
    .description('wait for the result of a job, or for every result of a worker')
    .argument('[JOB]', 'id of the job; left out: all jobs of --worker')
    .option('--worker <WORKER>', "the job's worker; it has to broadcast its results")
    .addOption(methodOption())
    .option('--stream', 'print the output of a job that streams, as it comes')
    .option('--raw', "bytes out, without the plugin's schemas")
    .option('--timeout <MS>', 'give up after so many milliseconds', count);
  const help = `
Ctrl-C leaves; the jobs go on.

Examples:
  $ bulkhead job listen 1965349870712651776
  $ bulkhead job listen --worker greeter --json | jq .output`;
  return connected(command, help).action(async (job: string | undefined, options: ListenOptions) =>
    (await import('../client/job-listen.ts')).listen(job, options),
  );
}

function cancel(): Command {
  const command = new Command('cancel')
    .description('take jobs out of the queue, or end them')
    .argument('<JOB...>', 'ids of the jobs');
  const help = `
Examples:
  $ bulkhead job cancel 1965349870712651776`;
  return connected(command, help).action(async (jobs: string[], options: ConnectionOptions) =>
    (await import('../client/job-manage.ts')).cancel(jobs, options),
  );
}

function list(): Command {
  const command = new Command('list')
    .description('list jobs that have not ended, the newest first')
    .option('--worker <WORKER>', 'of this worker')
    .option('--channel <CHANNEL>', 'in this channel')
    .option('--status <STATUS>', 'PENDING, RUNNING, WAIT_RESULT or CANCELLING')
    .option('--limit <N>', 'so many at most', count, 100);
  const help = `
Examples:
  $ bulkhead job list --status running
  $ bulkhead job list --json | jq -r .job_id`;
  return connected(command, help).action(async (options: JobListOptions) =>
    (await import('../client/job-manage.ts')).list(options),
  );
}

function status(): Command {
  const command = new Command('status')
    .description('say where a job is, or how it ended')
    .argument('<JOB>', 'id of the job');
  const help = `
A job that ended is known by its stored result; the worker says whether results are stored.

Examples:
  $ bulkhead job status 1965349870712651776`;
  return connected(command, help).action(async (job: string, options: ConnectionOptions) =>
    (await import('../client/job-manage.ts')).status(job, options),
  );
}
