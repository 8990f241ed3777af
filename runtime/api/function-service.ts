/** FunctionService: runners and workers for callers who speak JSON. */

import type { Jobs } from '../admission/admission.ts';
import type { FunctionSets, Functions, MadeWorker } from '../admission/functions.ts';
import { BulkheadError } from '../errors.ts';
import type { Caller } from '../model/caller.ts';
import type { FindFunctionByNameRequest, FunctionCreateWorkerResponse, FunctionSpecs } from '../model/messages.gen.ts';
import { functionResults } from './function-result.ts';
import type { Handlers } from './handlers.ts';
import { cancelsOnDisconnect, jobIdHeaders } from './job-metadata.ts';
import type { WireSchema } from './schema.ts';

/** What FunctionService works with. */
export interface FunctionParts {
  readonly functions: Functions;
  readonly functionSets: FunctionSets;
  readonly jobs: Jobs;
}

/** Finding nothing is an answer without data; a job that failed is an answer as well, with its status. */
export function functionService(
  { functions, functionSets, jobs }: FunctionParts,
  schema: WireSchema,
): Handlers<'jobworkerp.function.service.FunctionService'> {
  const { encode: encodeId } = schema.codec('jobworkerp.data.JobId');
  return {
    FindList: ({ exclude_runner: noRunners, exclude_worker: noWorkers }, { caller }) =>
      functions.list({ runners: !noRunners, workers: !noWorkers }, caller),
    FindListBySet: async ({ name }, { caller }) =>
      functions.ofTargets((await functionSets.byName(name))?.data?.targets ?? [], caller),
    Call: async (request, call) => {
      const cancels = cancelsOnDisconnect(call.metadata);
      const called = await functions.call(request, call.caller);
      call.sendMetadata(jobIdHeaders(encodeId({ value: called.id })));
      call.onGone(() => {
        called.output?.close();
        if (cancels) void jobs.cancel(called.id);
      });
      return functionResults(called);
    },
    Find: async (which, { caller }) => optional(functions.find(which, caller)),
    FindByName: async (request, { caller }) => optional(named(functions, request, caller)),
    CreateWorker: async (request, { caller }) => made(await functions.createWorker(request, caller)),
    UpsertWorker: async (request, { caller }) => made(await functions.upsertWorker(request, caller)),
  };
}

function named(functions: Functions, request: FindFunctionByNameRequest, caller: Caller): FunctionSpecs | undefined {
  const { runner_name: runner, worker_name: worker } = request;
  if (!(runner || worker))
    throw new BulkheadError('field-missing', 'runner_name or worker_name is required', { details: { field: 'name' } });
  return runner ? functions.byRunnerName(runner) : functions.byWorkerName(worker ?? '', caller);
}

function optional(data: FunctionSpecs | undefined): { data?: FunctionSpecs } {
  return data ? { data } : {};
}

function made({ id, name }: MadeWorker): FunctionCreateWorkerResponse {
  return { worker_id: { value: id }, worker_name: name };
}
