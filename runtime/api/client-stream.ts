/** The requests of EnqueueWithClientStream: first the job, then its feed. */
import type { AdmittedStream, Jobs } from '../admission/admission.ts';
import { BulkheadError } from '../errors.ts';
import type { ClientStreamRequest, JobRequest } from '../model/messages.gen.ts';

/** A job whose feed is being read. */
interface Fed {
  readonly admitted: AdmittedStream;
  /** Resolves when the whole feed has its place; rejects where the job refuses it. */
  readonly fed: Promise<void>;
}

/**
 * Submits the job and passes its feed on, at the pace at which the plugin takes it. A client that ends its side
 * without a last chunk ends the feed.
 */
export async function clientStream(
  requests: AsyncIterable<ClientStreamRequest>,
  submit: (request: JobRequest) => Promise<AdmittedStream>,
  jobs: Jobs,
): Promise<Fed> {
  const iterator = requests[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done || !first.value.job_request)
    throw invalid(first.done ? 'the stream ended without a job_request' : 'the first message must be job_request');
  const admitted = await submit(first.value.job_request);
  const fed = passOn(iterator, admitted.id, jobs);
  // Where nobody waits for the feed, its failure shows in the stream's end.
  fed.catch(() => jobs.cancel(admitted.id));
  return { admitted, fed };
}

async function passOn(iterator: AsyncIterator<ClientStreamRequest>, id: bigint, jobs: Jobs): Promise<void> {
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    const { feed_data: feed, job_request: second } = next.value;
    if (second) throw invalid('job_request is only allowed as the first message');
    if (!feed) continue;
    if (!(await push(jobs, id, feed.data, feed.is_final)) || feed.is_final) return;
  }
  await push(jobs, id, new Uint8Array(0), true);
}

/** False where the job takes no more: it has ended, or ended its feed; the submitter hears of that by the output. */
async function push(jobs: Jobs, id: bigint, chunk: Uint8Array, isFinal: boolean): Promise<boolean> {
  try {
    await jobs.feed(id, chunk, isFinal);
    return true;
  } catch (thrown) {
    if (BulkheadError.from(thrown).code === 'feed-refused') return false;
    throw thrown;
  }
}

function invalid(why: string): BulkheadError {
  return new BulkheadError('field-invalid', why, { details: { field: 'request' } });
}
