/** `job listen`: the result of one job, its output as it comes, or every result of a worker. */
import type { JobResult } from '../../model/messages.gen.ts';
import { chooseMethod } from '../choose-method.ts';
import { CliError } from '../exit-codes.ts';
import { waiting } from '../toolbox/progress.mjs';
import { statusName } from './failures.ts';
import { interruptible } from './interrupt.ts';
import { targetOfJob } from './jobs.ts';
import { findTarget, needId, type Target } from './lookup.ts';
import type { ConnectionOptions } from './options.ts';
import { note, print, printJson } from './output.ts';
import { type OutputOptions, printResult, resultJson } from './results.ts';
import { type Session, withSession } from './session.ts';
import { printStream } from './stream-output.ts';
import { jsonText, visible } from './text.ts';

/** The response header that says how many chunks came too early for this listener. */
const skippedHeader = 'bulkhead-skipped-chunks';
const resultService = 'jobworkerp.service.JobResultService';

export interface ListenOptions extends ConnectionOptions, OutputOptions {
  readonly json?: true;
  readonly worker?: string;
  readonly method?: string;
  readonly stream?: true;
  /** Milliseconds. */
  readonly timeout?: number;
}

/** Waits for a job, or without one for all jobs of a worker. */
export async function listen(job: string | undefined, options: ListenOptions): Promise<void> {
  if (job === undefined) return await listenToWorker(options);
  const id = needId('job', job);
  await withSession(options, `job ${id}`, async (session) => {
    const { target, using } = await targetOfJob(session, id, options);
    const request = {
      job_id: { value: id },
      worker_id: target.worker.id,
      ...(options.timeout !== undefined && { timeout: BigInt(options.timeout) }),
      ...(using !== undefined && { using }),
    };
    await interruptible(
      async (signal) => {
        if (options.stream) {
          const method = chooseMethod(target.runner, using);
          const call = session.client.open(resultService, 'ListenStream', request, { signal });
          const skipped = (await call.headers).get(skippedHeader)[0];
          if (skipped !== undefined) note(`${skipped} chunks came before, and are not kept any more`);
          return await printStream(session, call, target, target.schemas.method(method.name).result, options);
        }
        const wait = () => session.client.unary(resultService, 'Listen', request, { signal });
        await printResult(session, await waiting(`job ${id} of ${target.worker.data.name}`, wait), target, options);
      },
      () => `interrupted: job ${id} goes on; listen again with: bulkhead job listen ${id}`,
    );
  });
}

async function listenToWorker(options: ListenOptions): Promise<void> {
  const { worker } = options;
  if (worker === undefined) throw new CliError('usage', 'name a job, or with --worker a worker, to listen to');
  if (options.stream) throw new CliError('usage', '--stream follows one job: name it');
  await withSession(options, `worker '${worker}'`, async (session) => {
    const target = await findTarget(session, worker);
    const request = { worker_id: target.worker.id };
    await interruptible(
      async (signal) => {
        const call = session.client.open(resultService, 'ListenByWorker', request, { signal });
        for await (const result of call) await printLine(session, result, target, options);
      },
      () => `interrupted: worker '${worker}' goes on`,
    );
  });
}

/** One result of many: a failed job is a line and no error. */
async function printLine(session: Session, result: JobResult, target: Target, { json }: OutputOptions): Promise<void> {
  const shown = resultJson(session, result, target);
  if (json) return await printJson(shown);
  const time = new Date(Number(result.data?.end_time ?? 0n)).toISOString();
  const text = 'output' in shown ? jsonText(shown.output) : visible(String(shown.error));
  await print(`${time}  ${shown.job_id}  ${statusName(result.data?.status ?? -1)}  ${text}\n`);
}
