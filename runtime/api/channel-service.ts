/** ChannelService: how many jobs of each channel run at a time. */
import type { Dispatcher } from '../dispatch/dispatch.ts';
import { BulkheadError } from '../errors.ts';
import type { Handlers } from './handlers.ts';
import { channelsWithin } from './worker-service.ts';

/** As in the configuration. */
const mostConcurrency = 1_000_000;

export function channelService(dispatcher: Dispatcher): Handlers<'bulkhead.admin.v1.ChannelService'> {
  return {
    List: async (_, { caller }) => ({ channels: channelsWithin(caller, dispatcher) }),
    SetConcurrency: async ({ channel, concurrency }) => {
      if (concurrency < 1 || concurrency > mostConcurrency) {
        const details = { field: 'concurrency' };
        const range = `must be from 1 to ${mostConcurrency}, got ${concurrency}`;
        throw new BulkheadError('field-invalid', `concurrency ${range}`, { details });
      }
      dispatcher.resize(channel, concurrency);
      return {};
    },
  };
}
