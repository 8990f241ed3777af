/** `channel list|resize`. */
import { defaultChannel, displayName } from '../../model/channel.ts';
import type { ConnectionOptions } from './options.ts';
import { note, printJson, printTable } from './output.ts';
import { withSession } from './session.ts';

const channelService = 'bulkhead.admin.v1.ChannelService';

export async function list(options: ConnectionOptions): Promise<void> {
  await withSession(options, 'channels', async ({ client, question }) => {
    const { channels } = await client.unary(channelService, 'List', {}, question);
    if (options.json) {
      for (const { name, concurrency } of channels) await printJson({ name, concurrency });
      return;
    }
    await printTable(
      ['CHANNEL', 'CONCURRENCY'],
      channels.map(({ name, concurrency }) => [displayName(name), concurrency]),
    );
  });
}

export async function resize(shown: string, concurrency: number, options: ConnectionOptions): Promise<void> {
  const channel = shown === displayName(defaultChannel) ? defaultChannel : shown;
  await withSession(options, `channel '${shown}'`, async ({ client, question }) => {
    await client.unary(channelService, 'SetConcurrency', { channel, concurrency }, question);
    if (options.json) await printJson({ name: channel, concurrency });
    else note(`channel ${shown} runs ${concurrency} ${concurrency === 1 ? 'job' : 'jobs'} at a time`);
  });
}
