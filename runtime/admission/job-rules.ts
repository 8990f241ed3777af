/** What a job request may be, and which method of the runner it means. */
import { BulkheadError } from '../errors.ts';
import { type JobRequest, Priority } from '../model/messages.gen.ts';
import { type MethodDescription, methodFor } from '../model/method.ts';
import type { RunnerPlugin } from '../plugins/catalogue.ts';
import { invalid } from './refusals.ts';
import { checkResponseType, checkRetryPolicy } from './worker-rules.ts';

/** How a job is to give its output and get its input. */
export type JobMode =
  /** One result. */
  | 'once'
  /** Chunks. */
  | 'stream'
  /** Chunks, and the submitter feeds it in the same call. */
  | 'fed'
  /** Chunks, and whoever has its id may feed it: the guide's way, for workers that meet its preconditions. */
  | 'feedable';

/** The longest unique key, in characters. */
const longestKey = 255;

/** Throws for values that are not allowed. */
export function checkJobRequest(request: JobRequest): void {
  const { priority, run_after_time: runAfter, uniq_key: uniqKey, timeout, overrides } = request;
  if (
    priority !== undefined &&
    priority !== Priority.PRIORITY_MEDIUM &&
    priority !== Priority.PRIORITY_LOW &&
    priority !== Priority.PRIORITY_HIGH
  ) {
    throw invalid('priority', `has no value ${priority as number}`);
  }
  if (runAfter !== undefined && (runAfter < 0n || runAfter > BigInt(Number.MAX_SAFE_INTEGER)))
    throw invalid('run_after_time', 'must be milliseconds since 1970, not negative');
  if (uniqKey !== undefined && uniqKey.length > longestKey)
    throw invalid('uniq_key', `must have at most ${longestKey} characters, has ${uniqKey.length}`);
  if (timeout !== undefined && timeout > BigInt(Number.MAX_SAFE_INTEGER))
    throw invalid('timeout', `must be at most ${Number.MAX_SAFE_INTEGER} milliseconds`);
  if (!overrides) return;
  if (overrides.response_type !== undefined) checkResponseType('overrides.response_type', overrides.response_type);
  checkRetryPolicy('overrides.retry_policy', overrides.retry_policy);
}

/**
 * The method to run: the one that is named, the only one, or `run`, as in jobworkerp-rs. Throws `method-required`,
 * `method-not-found`, and `method-not-runnable` for methods that do not run in that mode.
 */
export function resolveMethod(runner: RunnerPlugin, using: string | undefined, mode: JobMode): MethodDescription {
  const method = methodFor(runner.plugin.runner.methods, using) ?? findMethod(runner, using);
  const obstacle = obstacleOf(method, mode);
  if (!obstacle) return method;
  const { name } = runner.plugin.runner;
  throw new BulkheadError('method-not-runnable', `method '${method.name}' of runner '${name}' ${obstacle}`, {
    details: { runner: name, method: method.name },
  });
}

/** The method that is named, or the only one. Throws `method-required`, `method-not-found`. */
export function findMethod(runner: RunnerPlugin, using: string | undefined): MethodDescription {
  const { methods, name } = runner.plugin.runner;
  const method = using ? methods.find((each) => each.name === using) : methods.length === 1 ? methods[0] : undefined;
  if (method) return method;
  const known = methods.map((each) => each.name).join(', ');
  if (!using)
    throw new BulkheadError('method-required', `runner '${name}' has several methods, so using is required: ${known}`, {
      details: { runner: name },
    });
  throw new BulkheadError('method-not-found', `runner '${name}' has no method '${using}'; it has: ${known}`, {
    details: { runner: name, method: using },
  });
}

function obstacleOf({ outputType, needFeed }: MethodDescription, mode: JobMode): string | undefined {
  if (outputType === 'none') return 'is listed only and never runs';
  if (mode === 'once') {
    if (outputType === 'streaming') return 'only streams its output; Enqueue answers one result: use EnqueueForStream';
    return needFeed ? 'reads a feed, which Enqueue does not have: use EnqueueWithClientStream' : undefined;
  }
  if (outputType === 'non-streaming') return 'does not stream its output: use Enqueue';
  if (mode === 'fed' && !needFeed) return 'reads no feed: use EnqueueForStream';
  if (mode === 'stream' && needFeed)
    return 'reads a feed: use EnqueueWithClientStream, or a worker with use_static in a channel with concurrency 1 and FeedToStream';
  return undefined;
}
