/** `job stream`: one job whose output comes piece by piece, and that may be fed meanwhile. */
import type { AnswerStream, DuplexStream, Init } from '../../api/client.ts';
import type { ClientStreamRequest, JobRequest, ResultOutputItem } from '../../model/messages.gen.ts';
import { CliError } from '../exit-codes.ts';
import { type Feed, type FeedFormat, openFeed } from './chunks.ts';
import { interruptible } from './interrupt.ts';
import { type JobOptions, type PreparedJob, prepareJob } from './job-request.ts';
import { note } from './output.ts';
import { type Session, withSession } from './session.ts';
import { printEvent, printStream } from './stream-output.ts';

const jobService = 'jobworkerp.service.JobService';

export interface StreamOptions extends JobOptions {
  /** File with the feed; `-` is stdin. */
  readonly feed?: string;
  readonly feedFormat: FeedFormat;
}

/** What is known of the job so far. */
interface Started {
  id: string;
}

/** Submits a job and prints what it yields. */
export async function stream(worker: string, options: StreamOptions): Promise<void> {
  if (options.feed === '-' && (options.args === '-' || options.argsFile === '-')) {
    throw new CliError('usage', '--feed - and the arguments both want stdin: give the arguments otherwise');
  }
  await withSession(options, `worker '${worker}'`, async (session) => {
    const job = await prepareJob(session, worker, options);
    checkFeed(job, options);
    const started: Started = { id: '' };
    await interruptible(
      (signal) => (options.feed === undefined ? plainStream : fedStream)({ session, job, options, started, signal }),
      () => farewell(started, options),
    );
  });
}

/** One call of the command, on its way. */
interface Run {
  readonly session: Session;
  readonly job: PreparedJob;
  readonly options: StreamOptions;
  readonly started: Started;
  readonly signal: AbortSignal;
}

async function plainStream(run: Run): Promise<void> {
  const { headers, request } = run.job;
  await follow(run, run.session.client.open(jobService, 'EnqueueForStream', request, { headers, signal: run.signal }));
}

/** The feed ends with the stream, and the stream with the feed where that cannot be read. */
async function fedStream(run: Run): Promise<void> {
  const { session, job, options, signal } = run;
  const call = session.client.duplex(jobService, 'EnqueueWithClientStream', { headers: job.headers, signal });
  const feed = openFeed(options.feed ?? '-', options.feedFormat, job.feed);
  const sending = send(call, feed, job.request);
  const sent = sending.catch(() => call.cancel());
  try {
    await follow(run, call);
  } catch (thrown) {
    feed.close();
    // Where the feed could not be read, that is the error to tell.
    await sending;
    throw thrown;
  }
  feed.close();
  await sent;
}

async function send(
  call: DuplexStream<Init<ClientStreamRequest>, ResultOutputItem>,
  feed: Feed,
  request: Init<JobRequest>,
): Promise<void> {
  let open = await call.send({ job_request: request });
  for await (const data of feed.chunks) {
    if (!open) return;
    open = await call.send({ feed_data: { data, is_final: false } });
  }
  if (open) await call.send({ feed_data: { data: new Uint8Array(), is_final: true } });
  call.end();
}

async function follow({ session, job, options, started }: Run, call: AnswerStream<ResultOutputItem>): Promise<void> {
  const id = session.client.jobId(await call.headers);
  if (id !== undefined) {
    started.id = String(id);
    if (options.json) await printEvent({ event: 'job', job_id: started.id, worker_name: job.request.worker_name });
    else note(`job ${id} of ${job.request.worker_name}`);
  }
  await printStream(session, call, job.target, job.result, options);
}

/** What the server would refuse, in the words of the command line. */
function checkFeed({ method, target }: PreparedJob, { feed }: StreamOptions): void {
  if (!method || !target) return;
  const name = `method '${method.name}' of ${target.runner.name}`;
  if (method.outputType === 'non-streaming') {
    throw new CliError('usage', `${name} does not stream: run it with \`bulkhead job enqueue\``);
  }
  // Of a static worker, the job can be fed by `bulkhead job feed`; the server knows whether its channel allows it.
  if (method.needFeed && feed === undefined && !target.worker.data.use_static) {
    throw new CliError('usage', `${name} reads a feed: give one with --feed FILE, or --feed - for stdin`);
  }
  if (!method.needFeed && feed !== undefined) throw new CliError('usage', `${name} reads no feed: leave --feed out`);
}

function farewell({ id }: Started, { cancelOnExit, feed }: StreamOptions): string {
  if (cancelOnExit || feed !== undefined) return `interrupted: the server cancels job ${id}`.trim();
  return id === ''
    ? 'interrupted before the server answered'
    : `interrupted: job ${id} goes on; end it with: bulkhead job cancel ${id}`;
}
