/** What a worker may be: names, runner, settings, channel, and the features of this version. */
import { BulkheadError } from '../errors.ts';
import { type ChannelPlan, defaultChannel, displayName } from '../model/channel.ts';
import { QueueType, ResponseType, type RetryPolicy, RetryType, type WorkerData } from '../model/messages.gen.ts';
import type { PluginCatalogue } from '../plugins/catalogue.ts';
import { invalid, missing, notYet } from './refusals.ts';

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

/** Throws `unimplemented` for policies that would try again, `field-invalid` for nonsense. */
export function checkRetryPolicy(field: string, policy: RetryPolicy | undefined): void {
  if (!policy || policy.type === RetryType.NONE) return;
  if (!Object.values(RetryType).includes(policy.type)) throw invalid(`${field}.type`, `has no value ${policy.type}`);
  throw notYet(`${field}.type`, 'trying jobs again');
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
  if (data.periodic_interval > 0 && data.response_type === ResponseType.DIRECT) {
    throw invalid('periodic_interval', 'must be 0 with response_type DIRECT: nobody waits for a periodic job');
  }
  if (data.queue_type === QueueType.DB_ONLY && data.response_type === ResponseType.DIRECT) {
    throw invalid('queue_type', 'must not be DB_ONLY with response_type DIRECT');
  }
  if (data.queue_type === QueueType.WITH_BACKUP) throw notYet('queue_type', 'WITH_BACKUP');
  if (data.queue_type === QueueType.DB_ONLY) throw notYet('queue_type', 'DB_ONLY');
  if (data.periodic_interval > 0) throw notYet('periodic_interval', 'running jobs periodically');
  if (data.broadcast_results) throw notYet('broadcast_results', 'listening for results');
}

function checkChannel(channel: string, channels: readonly ChannelPlan[]): void {
  if (channels.some(({ name }) => name === channel)) return;
  const known = channels.map(({ name }) => displayName(name)).join(', ');
  throw invalid('channel', `'${displayName(channel)}' is not served here; there are: ${known}`);
}
