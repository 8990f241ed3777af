import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { component, testPlugin } from '../support/artifacts.ts';
import { type ClientTest, startClientTest } from './client.ts';

describe('a server on the command line', () => {
  let test: ClientTest;
  beforeAll(async () => {
    test = await startClientTest([component('hello'), component('guide-feed'), testPlugin('echo')], {
      channels: [{ name: 'one', concurrency: 1 }],
    });
    await test.runtime.worker('Hello', { name: 'greeter', store_success: true });
    await test.run(['job', 'enqueue', 'greeter', '--args', '{"name":"Ann"}']);
    await test.run([
      'job',
      'enqueue',
      'greeter',
      '--args',
      '{}',
      '--run-after',
      '1h',
      '--overrides',
      '{"response_type":"NO_RESULT"}',
    ]);
  });
  afterAll(() => test.stop());

  describe('bulkhead status', () => {
    it('says whether it serves, and what it has to do', async () => {
      const { code, stdout } = await test.run(['status']);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^health +SERVING$/m);
      expect(stdout).toMatch(/^jobs +1 pending$/m);
      expect(stdout).toMatch(/^CHANNEL +CONCURRENCY +WORKERS\n\[default\] +16 +1\none +1 +0\n/m);
    });

    it('says the same as JSON', async () => {
      expect(await test.json(['status'])).toEqual([
        {
          address: test.address,
          health: 'SERVING',
          runners: 3,
          workers: 1,
          jobs: { PENDING: 1 },
          results: 1,
          channels: expect.arrayContaining([{ name: 'one', concurrency: 1, workers: 0 }]),
        },
      ]);
    });

    it('ends with 4 where nobody is there, and says what to do', async () => {
      const { code, stdout, stderr } = await test.run(['status', '--address', '127.0.0.1:1']);
      expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
      expect(stderr).toMatch(
        /^bulkhead: server 127\.0\.0\.1:1: connect ECONNREFUSED \S+ \[UNAVAILABLE\]; .*--address.*\n$/,
      );
    });
  });

  describe('bulkhead channel', () => {
    it('lists channels and resizes one', async () => {
      expect(await test.run(['channel', 'resize', 'one', '3'])).toEqual({ code: 0, stdout: '', stderr: '' });
      expect(await test.json(['channel', 'list'])).toEqual([
        { name: '', concurrency: 16 },
        { name: 'one', concurrency: 3 },
      ]);
      expect((await test.run(['channel', 'list'])).stdout).toBe(
        'CHANNEL    CONCURRENCY\n[default]           16\none                  3\n',
      );
      expect(await test.json(['channel', 'resize', '[default]', '16'])).toEqual([{ name: '', concurrency: 16 }]);
    });

    it('refuses a channel that is not served, and a number that is none', async () => {
      const unknown = await test.run(['channel', 'resize', 'two', '3']);
      expect(unknown.code).not.toBe(0);
      expect(unknown.stderr).toMatch(/channel 'two'.*not served here/s);
      const { code, stderr } = await test.run(['channel', 'resize', 'one', '0']);
      expect(code).toBe(2);
      expect(stderr).toMatch(/whole number from 1 on/);
    });
  });

  describe('bulkhead runner', () => {
    it('lists runners by name', async () => {
      const { stdout } = await test.run(['runner', 'list']);
      expect(stdout).toMatch(/^RUNNER +TYPE +METHODS +ID\nEcho +PLUGIN +fail, job, .*\nHello +PLUGIN +run +\d+\n/);
      const named = await test.json(['runner', 'list', '--name', 'He']);
      expect(named).toMatchObject([{ name: 'Hello', methods: [{ name: 'run', output_type: 'non-streaming' }] }]);
    });

    it('shows a runner and its schemas, by name or id', async () => {
      const { stdout } = await test.run(['runner', 'show', 'MyFeedPlugin']);
      expect(stdout).toMatch(/^method run +streaming, reads a feed, Feed-capable streaming method$/m);
      expect(stdout).toMatch(/^ {2}feed\n.*message AudioChunk \{$/ms);
      const [json] = await test.json(['runner', 'show', 'Hello']);
      expect(json).toMatchObject({
        runner_type: 'PLUGIN',
        settings_proto: expect.stringContaining('message HelloSettings'),
        methods: [{ args_proto: expect.stringContaining('message HelloArgs'), need_feed: false }],
      });
      expect(await test.json(['runner', 'show', String(json?.id)])).toEqual([json]);
    });

    it('names one that is not there', async () => {
      const { code, stderr } = await test.run(['runner', 'show', 'Nobody']);
      expect(code).toBe(5);
      expect(stderr).toMatch(/^bulkhead: runner 'Nobody': .*\[NOT_FOUND runner-not-found\]; .*runner list\n$/);
    });
  });
});
