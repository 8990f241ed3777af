/** Filters of results as conditions of SQL. */
import { JobResultSortField } from '../model/messages.gen.ts';
import type { ResultFilter, ResultPage } from './store.ts';

/** A condition for WHERE, and the values of its question marks. */
export interface Condition {
  readonly where: string;
  readonly values: readonly (bigint | number | string)[];
}

export function conditionOf(filter: ResultFilter): Condition {
  const parts: string[] = ['1'];
  const values: (bigint | number | string)[] = [];
  const oneOf = (column: string, list: readonly (bigint | number)[] = []): void => {
    if (list.length === 0) return;
    parts.push(`${column} IN (${list.map(() => '?').join(', ')})`);
    values.push(...list);
  };
  const compare = (text: string, value: bigint | string | undefined): void => {
    if (value === undefined) return;
    parts.push(text);
    values.push(value);
  };
  oneOf('worker_id', filter.workerIds);
  compare(isAmong('worker_id'), filter.within && `[${filter.within.join()}]`);
  oneOf('status', filter.statuses);
  oneOf('priority', filter.priorities);
  compare('uniq_key = ?', filter.uniqKey);
  compare('start_time >= ?', filter.startFrom);
  compare('start_time <= ?', filter.startTo);
  compare('end_time >= ?', filter.endFrom);
  compare('end_time <= ?', filter.endTo);
  compare('end_time < ?', filter.endBefore);
  return { where: parts.join(' AND '), values };
}

/** A condition for any number of ids, which come as the text of one JSON array. */
export function isAmong(column: string): string {
  return `${column} IN (SELECT value FROM json_each(?))`;
}

const sortColumns: Readonly<Record<JobResultSortField, string>> = {
  [JobResultSortField.JOB_RESULT_SORT_FIELD_UNSPECIFIED]: 'end_time',
  [JobResultSortField.JOB_RESULT_SORT_FIELD_ID]: 'id',
  [JobResultSortField.JOB_RESULT_SORT_FIELD_START_TIME]: 'start_time',
  [JobResultSortField.JOB_RESULT_SORT_FIELD_END_TIME]: 'end_time',
  [JobResultSortField.JOB_RESULT_SORT_FIELD_STATUS]: 'status',
};

/** What follows WHERE: order, with the id to make it total, and part. */
export function orderOf({ sortBy, ascending }: ResultPage): string {
  const direction = ascending ? 'ASC' : 'DESC';
  return `ORDER BY ${sortColumns[sortBy]} ${direction}, id ${direction} LIMIT ? OFFSET ?`;
}
