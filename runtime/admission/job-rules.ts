/** What a job request may be, and which method of the runner it means. */
import { BulkheadError } from '../errors.ts';
import { type JobRequest, Priority } from '../model/messages.gen.ts';
import type { MethodDescription } from '../model/method.ts';
import type { RunnerPlugin } from '../plugins/catalogue.ts';
import { invalid, notYet } from './refusals.ts';
import { checkResponseType, checkRetryPolicy } from './worker-rules.ts';

/** Throws for values that are not allowed, and for what this version does not do yet. */
export function checkJobRequest(request: JobRequest, now: number): void {
  const { priority, run_after_time: runAfter, overrides } = request;
  if (
    priority !== undefined &&
    priority !== Priority.PRIORITY_MEDIUM &&
    priority !== Priority.PRIORITY_LOW &&
    priority !== Priority.PRIORITY_HIGH
  ) {
    throw invalid('priority', `has no value ${priority as number}`);
  }
  if (runAfter !== undefined && runAfter < 0n) throw invalid('run_after_time', 'must not be negative');
  if (runAfter !== undefined && runAfter > now) throw notYet('run_after_time', 'running a job later');
  if (request.uniq_key) throw notYet('uniq_key', 'refusing jobs with the same key');
  if (!overrides) return;
  if (overrides.response_type !== undefined) checkResponseType('overrides.response_type', overrides.response_type);
  if (overrides.broadcast_results) throw notYet('overrides.broadcast_results', 'listening for results');
  checkRetryPolicy('overrides.retry_policy', overrides.retry_policy);
}

/**
 * The method to run: the one that is named, or the only one. Throws `method-required`,
 * `method-not-found`, and `method-not-runnable` for methods that only stream, read a feed, or never run.
 */
export function resolveMethod(runner: RunnerPlugin, using: string | undefined): MethodDescription {
  const { methods, name } = runner.plugin.runner;
  const method = using ? methods.find((each) => each.name === using) : methods.length === 1 ? methods[0] : undefined;
  if (!method) {
    const known = methods.map((each) => each.name).join(', ');
    if (!using)
      throw new BulkheadError(
        'method-required',
        `runner '${name}' has several methods, so using is required: ${known}`,
        { details: { runner: name } },
      );
    throw new BulkheadError('method-not-found', `runner '${name}' has no method '${using}'; it has: ${known}`, {
      details: { runner: name, method: using },
    });
  }
  const obstacle = obstacleOf(method);
  if (obstacle)
    throw new BulkheadError('method-not-runnable', `method '${method.name}' of runner '${name}' ${obstacle}`, {
      details: { runner: name, method: method.name },
    });
  return method;
}

function obstacleOf(method: MethodDescription): string | undefined {
  if (method.outputType === 'none') return 'is listed only and never runs';
  if (method.outputType === 'streaming') return 'only streams its output; Enqueue answers one result';
  if (method.needFeed) return 'reads a feed, which Enqueue does not have';
  return undefined;
}
