/** `job enqueue`: one job, its id or its result. */
import { waiting } from '../toolbox/progress.mjs';
import { interruptible } from './interrupt.ts';
import { type JobOptions, prepareJob } from './job-request.ts';
import { note, print, printJson } from './output.ts';
import { printResult } from './results.ts';
import { withSession } from './session.ts';

/** Submits a job. A worker that answers DIRECT is waited for. */
export async function enqueue(worker: string, options: JobOptions): Promise<void> {
  const subject = `worker '${worker}'`;
  await withSession(options, subject, async (session) => {
    const job = await prepareJob(session, worker, options);
    const name = job.request.worker_name;
    const { id, result } = await interruptible(
      (signal) =>
        waiting(`job of ${name}`, () =>
          session.client.unary('jobworkerp.service.JobService', 'Enqueue', job.request, {
            headers: job.headers,
            signal,
          }),
        ),
      () => farewell(options),
    );
    const jobId = String(id?.value ?? '');
    if (result) {
      const shape = (json: unknown) => ({ job_id: jobId, worker_name: name, result: json });
      return await printResult(session, result, job.target, options, shape);
    }
    if (options.json) await printJson({ job_id: jobId, worker_name: name, result: null });
    else await print(`${jobId}\n`);
    note(`queued; see: bulkhead job status ${jobId}`);
  });
}

function farewell({ cancelOnExit }: JobOptions): string {
  return cancelOnExit
    ? 'interrupted: the server cancels the job'
    : 'interrupted: the job goes on; --cancel-on-exit would have cancelled it';
}
