/** What a worker may be: names, runner, settings, channel, and the features of this version. */
import { BulkheadError } from '../errors.ts';
import { type ChannelPlan, defaultChannel, displayName } from '../model/channel.ts';
import { QueueType, ResponseType, type RetryPolicy, RetryType, type WorkerData } from '../model/messages.gen.ts';
import type { PluginCatalogue } from '../plugins/catalogue.ts';
import { invalid, missing } from './refusals.ts';

const maxName = 255;

/** Throws where the worker cannot be served; see `Workers.create` for the codes. */
export function checkWorker(data: WorkerData, plugins: PluginCatalogue, channels: readonly ChannelPlan[]): void {
  checkName(data.name);
  checkRules(data);
  checkChannel(data.channel ?? defaultChannel, channels);
  const runnerId = data.runner_id?.value;
  if (runnerId === undefined) throw missing('runner_id');
  const runner = plugins.byId(runnerId);
  if (!runner)
    throw new BulkheadError('runner-not-found', `there is no runner with id ${runnerId}`, {
      details: { id: String(runnerId) },
    });
  runner.schemas.checkSettings(data.runner_settings);
}

/** The most attempts that a policy may ask for. */
const mostRetries = 1000;

/** Throws `field-invalid` for a policy that makes no sense. */
export function checkRetryPolicy(field: string, policy: RetryPolicy | undefined): void {
  if (!policy || policy.type === RetryType.NONE) return;
  if (!Object.values(RetryType).includes(policy.type)) throw invalid(`${field}.type`, `has no value ${policy.type}`);
  if (policy.max_retry > mostRetries) throw invalid(`${field}.max_retry`, `must be at most ${mostRetries}`);
  if (policy.type !== RetryType.EXPONENTIAL) return;
  if (!Number.isFinite(policy.basis) || policy.basis < 0 || (policy.basis > 0 && policy.basis < 1))
    throw invalid(`${field}.basis`, `must be at least 1 (or 0, which means 2), got ${policy.basis}`);
}

/** Throws `field-invalid` where nobody could wait for the result of a job that is kept in the store only. */
export function checkQueueAndResponse(field: string, queueType: QueueType, responseType: ResponseType): void {
  if (queueType === QueueType.DB_ONLY && responseType === ResponseType.DIRECT)
    throw invalid(field, 'must not be DIRECT with queue_type DB_ONLY: use NO_RESULT, or another queue type');
}

/** Throws `field-invalid` where nobody could wait for the result of a job that comes back. */
export function checkPeriodAndResponse(field: string, periodMs: number, responseType: ResponseType): void {
  if (periodMs > 0 && responseType === ResponseType.DIRECT)
    throw invalid(field, 'must not be DIRECT with a periodic_interval: nobody waits for a periodic job');
}

/** Throws `field-invalid` for values that the enum does not have. */
export function checkResponseType(field: string, value: ResponseType): void {
  if (value !== ResponseType.NO_RESULT && value !== ResponseType.DIRECT)
    throw invalid(field, `has no value ${value as number}`);
}

function checkName(name: string): void {
  if (name === '') throw missing('name');
  if (name.length > maxName) throw invalid('name', `must have at most ${maxName} characters, has ${name.length}`);
  if (/\p{Cc}/u.test(name)) throw invalid('name', 'must not have control characters');
}

function checkRules(data: WorkerData): void {
  checkResponseType('response_type', data.response_type);
  checkRetryPolicy('retry_policy', data.retry_policy);
  if (!Object.values(QueueType).includes(data.queue_type))
    throw invalid('queue_type', `has no value ${data.queue_type as number}`);
  if (data.periodic_interval === 1) throw invalid('periodic_interval', 'must be 0 or greater than 1, in milliseconds');
  checkPeriodAndResponse('response_type', data.periodic_interval, data.response_type);
  checkQueueAndResponse('response_type', data.queue_type, data.response_type);
}

function checkChannel(channel: string, channels: readonly ChannelPlan[]): void {
  if (channels.some(({ name }) => name === channel)) return;
  const known = channels.map(({ name }) => displayName(name)).join(', ');
  throw invalid('channel', `'${displayName(channel)}' is not served here; there are: ${known}`);
}
