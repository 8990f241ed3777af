/** JobProcessingStatusService: where jobs are on their way. */
import type { Jobs, JobView, ViewFilter, Workers } from '../admission/admission.ts';
import { BulkheadError } from '../errors.ts';
import {
  CountJobProcessingStatusMode,
  type CountJobProcessingStatusRequest,
  JobProcessingStatus,
  type JobProcessingStatusDetailResponse,
  StreamingType,
} from '../model/messages.gen.ts';
import { mostRows, pageOf } from '../model/page.ts';
import type { Handlers } from './handlers.ts';
import { reachesWorker, within } from './reach.ts';

const hour = 60 * 60 * 1000;
/** Rows of FindByCondition where the request sets no limit. */
const defaultLimit = 100;
/** How long purged jobs are kept where the request does not say, in hours. */
const retentionHours = 24n;
/** The longest time that a request may name, in hours: a year. */
const mostHours = 8760n;

/** Statuses are always at hand, so the conditions of jobworkerp-rs's status index need no switch here. */
export function jobStatusService(
  jobs: Jobs,
  workers: Workers,
): Handlers<'jobworkerp.service.JobProcessingStatusService'> {
  return {
    Find: async ({ value }, { caller }) => {
      const view = await jobs.find(value);
      return view && reachesWorker(caller, workers, view.job.workerId) ? { status: view.status } : {};
    },
    FindAll: (_, { caller }) => everyStatus(jobs, within(caller, workers)),
    FindByCondition: async (request, { caller }) => {
      const { limit, offset } = pageOf(request.limit, BigInt(request.offset ?? 0), defaultLimit);
      const filter = { ...filterOf(request), ...within(caller, workers) };
      return (await jobs.list(filter, limit, offset, request.descending ?? true)).map(detail);
    },
    CountByCondition: async (request, { caller }) => {
      const filter = { ...filterOf(request), ...within(caller, workers) };
      const counts = [...(await jobs.count(filter))].sort(([a], [b]) => a - b);
      const grouped = request.mode === CountJobProcessingStatusMode.COUNT_JOB_PROCESSING_STATUS_MODE_GROUP_BY_STATUS;
      return {
        total: BigInt(counts.reduce((sum, [, count]) => sum + count, 0)),
        counts: grouped ? counts.map(([status, count]) => ({ status, count: BigInt(count) })) : [],
        mode: request.mode,
      };
    },
    Cleanup: async ({ retention_hours_override: override }) => {
      const hours = hoursOf('retention_hours_override', override ?? retentionHours);
      const deleted = await jobs.cleanUp(hours * hour);
      return {
        deleted_count: BigInt(deleted),
        cutoff_time: BigInt(Date.now() - hours * hour),
        message: `${deleted} jobs that were marked more than ${hours} hours ago were removed`,
      };
    },
    PurgeStaleJobs: async ({ stale_threshold_hours: threshold, orphaned_only: orphansOnly = false }) => {
      if (threshold === 0n && !orphansOnly) {
        throw new BulkheadError(
          'field-invalid',
          'stale_threshold_hours must be greater than 0 unless orphaned_only is set',
          { details: { field: 'stale_threshold_hours' } },
        );
      }
      const hours = hoursOf('stale_threshold_hours', threshold);
      const marked = await jobs.purgeStale(hours * hour, orphansOnly);
      return {
        marked_count: BigInt(marked),
        cutoff_time: BigInt(Date.now() - hours * hour),
        message: `${marked} jobs that were not touched for ${hours} hours were marked; they will not run`,
      };
    },
  };
}

/** All jobs, page by page, so that a long queue is never in memory at once. A job that moves meanwhile comes once. */
async function* everyStatus(
  jobs: Jobs,
  filter: ViewFilter,
): AsyncGenerator<{ id: { value: bigint }; status: JobProcessingStatus }> {
  const seen = new Set<bigint>();
  for (let offset = 0; ; offset += mostRows) {
    const views = await jobs.list(filter, mostRows, offset);
    for (const { job, status } of views) {
      if (seen.has(job.id)) continue;
      seen.add(job.id);
      yield { id: { value: job.id }, status };
    }
    if (views.length < mostRows) return;
  }
}

function filterOf(
  request: Pick<CountJobProcessingStatusRequest, 'status' | 'worker_id' | 'channel' | 'min_elapsed_time_ms'>,
): ViewFilter {
  const { status, worker_id: workerId, channel, min_elapsed_time_ms: elapsed } = request;
  if (status !== undefined && !Object.values(JobProcessingStatus).includes(status))
    throw new BulkheadError('field-invalid', `status has no value ${status as number}`, {
      details: { field: 'status' },
    });
  if (elapsed !== undefined && elapsed < 0n)
    throw new BulkheadError('field-invalid', 'min_elapsed_time_ms must not be negative', {
      details: { field: 'min_elapsed_time_ms' },
    });
  return {
    ...(status !== undefined && { status }),
    ...(workerId !== undefined && { workerId }),
    ...(channel !== undefined && { channel }),
    ...(elapsed !== undefined && { minElapsedMs: Number(elapsed) }),
  };
}

function detail({ job, status, startedAt, since }: JobView): JobProcessingStatusDetailResponse {
  return {
    id: { value: job.id },
    status,
    worker_id: job.workerId,
    channel: job.channel,
    priority: job.priority,
    enqueue_time: BigInt(job.enqueuedAt),
    ...(startedAt !== undefined && { start_time: BigInt(startedAt) }),
    ...(status === JobProcessingStatus.PENDING && { pending_time: BigInt(since) }),
    is_streamable: job.streaming !== StreamingType.STREAMING_TYPE_NONE,
    broadcast_results: job.broadcast,
    updated_at: BigInt(since),
  };
}

function hoursOf(field: string, hours: bigint): number {
  if (hours <= mostHours) return Number(hours);
  throw new BulkheadError('field-invalid', `${field} must be at most ${mostHours} (one year), got ${hours}`, {
    details: { field },
  });
}
