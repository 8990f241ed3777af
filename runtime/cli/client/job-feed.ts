/** `job feed`: chunks for a job under way that somebody else started. */
import type { MessageCodec } from '../../plugins/schemas.ts';
import { chooseMethod } from '../choose-method.ts';
import { CliError } from '../exit-codes.ts';
import { type FeedFormat, openFeed } from './chunks.ts';
import { interruptible } from './interrupt.ts';
import { targetOfJob } from './jobs.ts';
import { needId } from './lookup.ts';
import type { ConnectionOptions } from './options.ts';
import { note, printJson } from './output.ts';
import { type Session, withSession } from './session.ts';

export interface FeedOptions extends ConnectionOptions {
  readonly format: FeedFormat;
  readonly worker?: string;
  readonly method?: string;
  /** More will be fed by another call. */
  readonly keepOpen?: true;
}

/** Feeds stdin, or a file, chunk by chunk; each waits until the server has taken the one before. */
export async function feed(job: string, path: string, options: FeedOptions): Promise<void> {
  const id = needId('job', job);
  await withSession(options, `job ${id}`, async (session) => {
    const codec = options.format === 'json' ? await feedCodec(session, id, options) : undefined;
    const source = openFeed(path, options.format, codec);
    let fed = 0;
    await interruptible(
      async (signal) => {
        signal.addEventListener('abort', () => source.close());
        for await (const data of source.chunks) {
          await feedOne(session, id, data, false, signal);
          fed++;
        }
        signal.throwIfAborted();
        if (!options.keepOpen) await feedOne(session, id, new Uint8Array(), true, signal);
      },
      () => `interrupted: job ${id} took ${fed} chunks and waits for more`,
    ).finally(() => source.close());
    if (options.json) await printJson({ job_id: String(id), chunks: fed, final: !options.keepOpen });
    else note(`job ${id} took ${fed} chunks${options.keepOpen ? ' and waits for more' : ', the last one among them'}`);
  });
}

async function feedOne(
  { client }: Session,
  id: bigint,
  data: Uint8Array,
  isFinal: boolean,
  signal: AbortSignal,
): Promise<void> {
  const request = { job_id: { value: id }, data, is_final: isFinal };
  const { accepted } = await client.unary('jobworkerp.service.JobService', 'FeedToStream', request, { signal });
  if (!accepted) throw new CliError('failed', `job ${id}: it takes no more; it may have ended`);
}

/** The schema of the feed, found by the job, or by the worker that was named. */
async function feedCodec(session: Session, id: bigint, options: FeedOptions): Promise<MessageCodec | undefined> {
  const { target, using } = await targetOfJob(session, id, options);
  const method = chooseMethod(target.runner, using ?? onlyFed(target.runner.methods));
  if (!method.needFeed) throw new CliError('usage', `method '${method.name}' of ${target.runner.name} reads no feed`);
  return target.schemas.method(method.name).feed;
}

function onlyFed(methods: readonly { readonly name: string; readonly needFeed: boolean }[]): string | undefined {
  const fed = methods.filter(({ needFeed }) => needFeed);
  return fed.length === 1 ? fed[0]?.name : undefined;
}
