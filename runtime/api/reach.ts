/**
 * What of jobs and results is within a caller's reach: what belongs to a worker that is, by the name and the channel
 * that it has now. What a worker left behind that is gone, only callers see who reach everything.
 */
import type { Workers } from '../admission/admission.ts';
import { type Caller, checkReach, checkWorkerName, reaches, reachesAll } from '../model/caller.ts';
import type { WorkerId } from '../model/messages.gen.ts';
import type { WorkerRecord } from '../model/worker.ts';
import { missing, noWorker } from './refusals.ts';

/** Whether what belongs to that worker is. */
export function reachesWorker(caller: Caller, workers: Workers, id: bigint | undefined): boolean {
  if (reachesAll(caller)) return true;
  const worker = id === undefined ? undefined : workers.byId(id);
  return worker !== undefined && reaches(caller, worker.data);
}

/** For filters of lists and counts. */
export function within(caller: Caller, workers: Workers): { readonly within?: readonly bigint[] } {
  const ids = workers.idsWithin(caller);
  return ids ? { within: ids } : {};
}

/** The worker that a request names, by either. Throws `field-missing`, `permission-denied`, `worker-not-found`. */
export function namedWorker(
  caller: Caller,
  workers: Workers,
  id: WorkerId | undefined,
  name: string | undefined,
): WorkerRecord {
  if (id === undefined && !name) throw missing('worker_id or worker_name');
  if (id === undefined && name) checkWorkerName(caller, name);
  const worker = id === undefined ? workers.byName(name ?? '') : workers.byId(id.value);
  if (!worker) throw noWorker(id === undefined ? `called '${name}'` : `with id ${id.value}`);
  checkReach(caller, worker.data, id?.value);
  return worker;
}
