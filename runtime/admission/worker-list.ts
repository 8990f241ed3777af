/** Filters and sorts workers for FindList and CountBy. */
import {
  type CountWorkerRequest,
  type FindWorkerListRequest,
  RunnerType,
  WorkerSortField,
} from '../model/messages.gen.ts';
import { cutPage } from '../model/page.ts';
import type { WorkerRecord } from '../model/worker.ts';
import { invalid } from './refusals.ts';

const maxFilterIds = 100;
const maxFilterText = 255;

/** The workers that a request asks for, in its order. Throws `field-invalid`. */
export function selectWorkers(all: Iterable<WorkerRecord>, request: FindWorkerListRequest): WorkerRecord[] {
  const rows = filterWorkers(all, request);
  const compare = comparators[request.sort_by ?? 0] ?? byId;
  const direction = request.ascending ? 1 : -1;
  rows.sort((a, b) => direction * (compare(a, b) || byId(a, b)));
  return cutPage(rows, request.limit, request.offset);
}

/** The workers that pass a request's filters. All runners are plugins, so another runner type matches none. */
export function filterWorkers(all: Iterable<WorkerRecord>, request: CountWorkerRequest): WorkerRecord[] {
  checkFilters(request);
  const { runner_types: types, channel, name_filter: prefix, is_periodic: periodic, runner_ids: runners } = request;
  if (types.length > 0 && !types.includes(RunnerType.PLUGIN)) return [];
  return [...all].filter(
    ({ data }) =>
      (channel === undefined || (data.channel ?? '') === channel) &&
      (prefix === undefined || data.name.startsWith(prefix)) &&
      (periodic === undefined || data.periodic_interval > 0 === periodic) &&
      (runners.length === 0 || runners.some(({ value }) => value === data.runner_id?.value)),
  );
}

function checkFilters(request: CountWorkerRequest): void {
  if (request.runner_ids.length > maxFilterIds)
    throw invalid('runner_ids', `must have at most ${maxFilterIds} entries`);
  if (request.runner_types.length > maxFilterIds)
    throw invalid('runner_types', `must have at most ${maxFilterIds} entries`);
  for (const field of ['name_filter', 'channel'] as const) {
    if ((request[field]?.length ?? 0) > maxFilterText)
      throw invalid(field, `must have at most ${maxFilterText} characters`);
  }
}

type Compare = (a: WorkerRecord, b: WorkerRecord) => number;

const order = (a: bigint | number | string, b: bigint | number | string): number => (a < b ? -1 : a > b ? 1 : 0);
const byId: Compare = (a, b) => order(a.id, b.id);

const comparators: Readonly<Record<number, Compare>> = {
  [WorkerSortField.WORKER_SORT_FIELD_NAME]: (a, b) => order(a.data.name, b.data.name),
  [WorkerSortField.WORKER_SORT_FIELD_RUNNER_ID]: (a, b) =>
    order(a.data.runner_id?.value ?? 0n, b.data.runner_id?.value ?? 0n),
  [WorkerSortField.WORKER_SORT_FIELD_PERIODIC_INTERVAL]: (a, b) =>
    order(a.data.periodic_interval, b.data.periodic_interval),
  [WorkerSortField.WORKER_SORT_FIELD_CREATED_AT]: (a, b) => order(a.createdAt, b.createdAt),
};
