/** ChannelService: jobs at a time, changed while the server runs. */
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { type Engine, startEngine } from './engine.ts';
import { ok, describe as runner } from './fake-executor.ts';

const ChannelService = 'bulkhead.admin.v1.ChannelService';

describe('channels', () => {
  let engine: Engine;
  let running: number;
  let letGo: () => void;
  const start = async (): Promise<void> => {
    running = 0;
    const gate = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    engine = await startEngine({
      runners: [runner('echo')],
      channels: [
        { name: '', concurrency: 1 },
        { name: 'images', concurrency: 2 },
      ],
      body: async () => {
        running++;
        await gate;
        running--;
        return ok(new Uint8Array());
      },
    });
    const worker = { name: 'w', runner_id: { value: 2n ** 60n + 1n } };
    await engine.client.unary('jobworkerp.service.WorkerService', 'Create', worker);
  };
  afterEach(() => engine.stop());

  const submit = () => engine.client.unary('jobworkerp.service.JobService', 'Enqueue', { worker_name: 'w' });
  const set = (channel: string, concurrency: number) =>
    engine.client.unary(ChannelService, 'SetConcurrency', { channel, concurrency });
  const list = async () => (await engine.client.unary(ChannelService, 'List', {})).channels;

  it('run as many jobs at a time as they are told, from then on', async () => {
    await start();
    for (let i = 0; i < 5; i++) await submit();
    await expect.poll(() => running).toBe(1);
    await set('', 3);
    await expect.poll(() => running).toBe(3);
    expect(await list()).toEqual([
      { name: '', concurrency: 3 },
      { name: 'images', concurrency: 2 },
    ]);
    await set('', 1);
    expect(running).toBe(3);
    letGo();
    await expect.poll(() => running).toBe(0);
  });

  it.each([
    ['no job at a time', '', 0, /^concurrency must be from 1 to 1000000, got 0$/],
    ['more than there may be', '', 1_000_001, /^concurrency must be from 1 to 1000000, got 1000001$/],
    ['a channel that is not served', 'films', 1, /^channel 'films' is not served here$/],
  ])('refuse %s', async (_what, channel, concurrency, details) => {
    await start();
    await expect(set(channel, concurrency)).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringMatching(details) as string,
    });
    expect(await list()).toContainEqual({ name: '', concurrency: 1 });
  });
});
