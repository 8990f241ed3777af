/** FunctionService: runners and workers for callers who speak JSON. */

import type { Jobs } from '../admission/admission.ts';
import type { FunctionSets, Functions, MadeWorker } from '../admission/functions.ts';
import { BulkheadError } from '../errors.ts';
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
    FindList: ({ exclude_runner: noRunners, exclude_worker: noWorkers }) =>
      functions.list({ runners: !noRunners, workers: !noWorkers }),
    FindListBySet: async ({ name }) => functions.ofTargets((await functionSets.byName(name))?.data?.targets ?? []),
    Call: async (request, call) => {
      const cancels = cancelsOnDisconnect(call.metadata);
      const called = await functions.call(request);
      call.sendMetadata(jobIdHeaders(encodeId({ value: called.id })));
      call.onGone(() => {
        called.output?.close();
        if (cancels) void jobs.cancel(called.id);
      });
      return functionResults(called);
    },
    Find: async (which) => optional(functions.find(which)),
    FindByName: async (request) => optional(named(functions, request)),
    CreateWorker: async (request) => made(await functions.createWorker(request)),
    UpsertWorker: async (request) => made(await functions.upsertWorker(request)),
  };
}

function named(functions: Functions, request: FindFunctionByNameRequest): FunctionSpecs | undefined {
  const { runner_name: runner, worker_name: worker } = request;
  if (!(runner || worker))
    throw new BulkheadError('field-missing', 'runner_name or worker_name is required', { details: { field: 'name' } });
  return runner ? functions.byRunnerName(runner) : functions.byWorkerName(worker ?? '');
}

function optional(data: FunctionSpecs | undefined): { data?: FunctionSpecs } {
  return data ? { data } : {};
}

function made({ id, name }: MadeWorker): FunctionCreateWorkerResponse {
  return { worker_id: { value: id }, worker_name: name };
}
