/** Requests for stored results, checked: which are meant, and which part of them. */
import { BulkheadError } from '../errors.ts';
import type { CountJobResultRequest, DeleteJobResultBulkRequest, WorkerId } from '../model/messages.gen.ts';
import { JobResultSortField } from '../model/messages.gen.ts';
import { pageOf } from '../model/page.ts';
import type { ResultFilter, ResultPage } from '../results/results.ts';

/** Rows of a list where the request sets no limit. */
const defaultLimit = 100;
const mostIds = 100;
const mostEnums = 10;
const longestRange = 365n * 24n * 60n * 60n * 1000n;
/** Results younger than this are not deleted in bulk, milliseconds: somebody may still wait for them. */
const youngest = 24n * 60n * 60n * 1000n;

/** The filter of FindListBy and CountBy. Throws `field-invalid`. */
export function filterOf(request: CountJobResultRequest): ResultFilter {
  checkRange('start_time', request.start_time_from, request.start_time_to);
  checkRange('end_time', request.end_time_from, request.end_time_to);
  return {
    ...idsAndStatuses(request),
    priorities: atMost('priorities', request.priorities, mostEnums),
    ...(request.uniq_key !== undefined && { uniqKey: request.uniq_key }),
    ...(request.start_time_from !== undefined && { startFrom: request.start_time_from }),
    ...(request.start_time_to !== undefined && { startTo: request.start_time_to }),
    ...(request.end_time_from !== undefined && { endFrom: request.end_time_from }),
    ...(request.end_time_to !== undefined && { endTo: request.end_time_to }),
  };
}

/** The filter of DeleteBulk: it has to name something, and nothing of the last day. Throws `field-invalid`. */
export function deleteFilter(request: DeleteJobResultBulkRequest, now: number): ResultFilter {
  const before = request.end_time_before;
  if (before === undefined && request.statuses.length === 0 && request.worker_ids.length === 0)
    throw new BulkheadError('field-missing', 'one of end_time_before, statuses, worker_ids is required', {
      details: { field: 'end_time_before' },
    });
  if (before !== undefined && (before < 0n || before > BigInt(now) - youngest))
    throw invalid('end_time_before', 'must be at least 24 hours ago, in milliseconds since 1970');
  return { ...idsAndStatuses(request), endBefore: before ?? BigInt(now) - youngest };
}

/** Order and part, newest end first where nothing else is said. Throws `field-invalid`. */
export function pageOfResults(request: {
  readonly limit?: number | undefined;
  readonly offset?: bigint | undefined;
  readonly sort_by?: JobResultSortField | undefined;
  readonly ascending?: boolean | undefined;
}): ResultPage {
  const { limit, offset } = pageOf(request.limit, request.offset, defaultLimit);
  const sortBy = request.sort_by ?? JobResultSortField.JOB_RESULT_SORT_FIELD_UNSPECIFIED;
  if (!Object.values(JobResultSortField).includes(sortBy)) throw invalid('sort_by', `has no value ${sortBy as number}`);
  return { limit, offset: BigInt(offset), sortBy, ascending: request.ascending ?? false };
}

function idsAndStatuses({
  worker_ids: ids,
  statuses,
}: {
  readonly worker_ids: readonly WorkerId[];
  readonly statuses: CountJobResultRequest['statuses'];
}): ResultFilter {
  return {
    workerIds: atMost('worker_ids', ids, mostIds).map(({ value }) => value),
    statuses: atMost('statuses', statuses, mostEnums),
  };
}

function atMost<T>(field: string, list: readonly T[], most: number): readonly T[] {
  if (list.length > most) throw invalid(field, `must have at most ${most} entries, has ${list.length}`);
  return list;
}

function checkRange(name: string, from: bigint | undefined, to: bigint | undefined): void {
  if (from !== undefined && from < 0n) throw invalid(`${name}_from`, 'must not be negative');
  if (to !== undefined && to < 0n) throw invalid(`${name}_to`, 'must not be negative');
  if (from === undefined || to === undefined) return;
  if (from > to) throw invalid(`${name}_from`, `must not be after ${name}_to`);
  if (to - from > longestRange) throw invalid(`${name}_to`, `must be within 365 days of ${name}_from`);
}

function invalid(field: string, why: string): BulkheadError {
  return new BulkheadError('field-invalid', `${field} ${why}`, { details: { field } });
}
