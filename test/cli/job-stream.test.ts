import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ResponseType } from '../../runtime/model/messages.gen.ts';
import { component, testPlugin } from '../support/artifacts.ts';
import { ended, lineOf } from '../support/cli.ts';
import { type ClientTest, jsonLines, startClientTest, until } from './client.ts';

/** A feed of two windows of four bytes, and a rest. */
const feedLines = '{"pcm":"AQIDBAUG"}\n\n{"pcm":"BwgJ"}';
const feedPeaks = '{"peak":4,"bytes":4}\n{"peak":8,"bytes":4}\n{"peak":9,"bytes":1}\n';

describe('streams on the command line', () => {
  let test: ClientTest;
  beforeAll(async () => {
    const plugins = [component('guide-feed'), component('panics'), testPlugin('echo')];
    test = await startClientTest(plugins, { channels: [{ name: 'one', concurrency: 1 }] });
    const { worker } = test.runtime;
    await worker('Echo', { name: 'echo', store_failure: true });
    await worker('Echo', { name: 'loud', response_type: ResponseType.NO_RESULT, broadcast_results: true });
    await worker('Panics', { name: 'panics' });
    await worker('MyFeedPlugin', { name: 'feed' });
    await worker('MyFeedPlugin', { name: 'guide', use_static: true, channel: 'one' });
  });
  afterAll(() => test.stop());

  const echo = (args: object, ...more: string[]): string[] => {
    const json = JSON.stringify({ text: 'x', ...args });
    return ['job', 'stream', 'echo', '--method', 'stream', '--args', json, ...more];
  };
  const running = () => until(async () => (await test.json(['job', 'list', '--status', 'running'])).at(0));
  const gone = () => until(async () => ((await test.json(['job', 'list'])).length === 0 ? true : undefined));

  describe('bulkhead job stream', () => {
    it('prints a line for each chunk, and nothing else', async () => {
      expect(await test.run(echo({ chunks: 3 }))).toEqual({
        code: 0,
        stdout: '{"text":"x","calls":1}\n{"text":"x","calls":2}\n{"text":"x","calls":3}\n',
        stderr: '',
      });
    });

    it('prints an event for everything with --json', async () => {
      expect(await test.json(echo({ chunks: 1 }))).toEqual([
        { event: 'job', job_id: expect.stringMatching(/^\d+$/), worker_name: 'echo' },
        { event: 'data', output: { text: 'x', calls: 1 } },
        { event: 'end', metadata: expect.objectContaining({ 'bulkhead-cpu-ms': expect.any(String) }) },
      ]);
    });

    it('prints the whole once more where it is collected', async () => {
      const events = (await test.json(echo({ chunks: 2 }, '--collect'))).map(({ event }) => event);
      expect(events).toEqual(['job', 'data', 'data', 'final', 'end']);
    });

    it('passes bytes through with --raw', async () => {
      const file = join(test.folder, 'stream-args.bin');
      writeFileSync(file, Buffer.from('0a0178' + '1002', 'hex')); // StreamArgs { text: "x", chunks: 2 }
      const args = ['job', 'stream', 'echo', '--method', 'stream', '--raw', '--args-file', file];
      expect((await test.run(args)).stdout).toBe('\n\x01x\x10\x01\n\x01x\x10\x02');
    });

    it('gives the chunks that came before a failure, then one line of it', async () => {
      const args = '{"where":"receive_stream","how":"error","message":"boom","chunks":3,"at_chunk":2}';
      const { code, stdout, stderr } = await test.run(['job', 'stream', 'panics', '--args', args]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '{"message":"boom"}\n'.repeat(2) });
      expect(stderr).toMatch(/^bulkhead: job \d+ of worker 'panics': .*boom.* \[FATAL_ERROR\]\n$/);
      const json = await test.run(['job', 'stream', 'panics', '--args', args, '--json']);
      expect(jsonLines(json.stdout).at(-1)).toMatchObject({ event: 'failed', result: { status: 'FATAL_ERROR' } });
    });

    it('leaves the job alone when it is interrupted', async () => {
      const command = test.start(echo({ chunks: 10_000, interval: 20 }));
      const end = ended(command);
      await lineOf(command, /"calls":1}\n/);
      command.kill('SIGINT');
      const { code, stderr } = await end;
      expect(code).toBe(130);
      const [, id] =
        /^bulkhead: interrupted: job (\d+) goes on; end it with: bulkhead job cancel \1\n$/.exec(stderr) ?? [];
      expect((await running()).job_id).toBe(id);
      await test.run(['job', 'cancel', String(id)]);
      await gone();
    });

    it('cancels the job when it is interrupted, where that was asked for', async () => {
      const command = test.start(echo({ chunks: 10_000, interval: 20 }, '--cancel-on-exit'));
      const end = ended(command);
      await lineOf(command, /"calls":1}\n/);
      command.kill('SIGINT');
      expect(await end).toMatchObject({ code: 130, stderr: expect.stringMatching(/the server cancels job \d+\n$/) });
      await gone();
    });

    it('ends with its reader, as any command in a pipe', async () => {
      const command = test.start(echo({ chunks: 100_000 }, '--cancel-on-exit'));
      const end = ended(command);
      await lineOf(command, /"calls":1}\n/);
      command.stdout?.destroy();
      expect(await end).toMatchObject({ code: 0, stderr: '' });
      await gone();
    });

    it.each([
      ['a method that does not stream', ['echo', '--method', 'run'], /'run' of Echo does not stream: .*job enqueue/],
      ['a feed for a method without one', ['panics', '--feed', '-'], /'run' of Panics reads no feed: leave --feed out/],
      ['a method that reads a feed without one', ['feed'], /reads a feed: give one with --feed FILE/],
      ['stdin for two things', ['feed', '--feed', '-', '--args', '-'], /both want stdin/],
      ['a feed that is not there', ['feed', '--feed', '/nowhere'], /\/nowhere cannot be read/],
    ])('refuses %s', async (_, args, message) => {
      const { code, stdout, stderr } = await test.run(['job', 'stream', ...args]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(message);
    });
  });

  describe('bulkhead job stream --feed', () => {
    it('feeds lines of JSON by the plugin’s schema', async () => {
      const ended = await test.run(['job', 'stream', 'feed', '--feed', '-'], { stdin: feedLines });
      expect(ended).toEqual({ code: 0, stdout: feedPeaks, stderr: '' });
    });

    it('feeds a file as bytes', async () => {
      const file = join(test.folder, 'feed.bin');
      writeFileSync(file, Buffer.from('0a050102030405', 'hex')); // AudioChunk { pcm: 1 2 3 4 5 }
      const { code, stdout } = await test.run(['job', 'stream', 'feed', '--feed', file, '--feed-format', 'bytes']);
      expect({ code, stdout }).toEqual({ code: 0, stdout: '{"peak":4,"bytes":4}\n{"peak":5,"bytes":1}\n' });
    });

    it('answers while the feed goes on', async () => {
      const command = test.start(['job', 'stream', 'feed', '--feed', '-']);
      const answered = lineOf(command, /"peak":4/);
      command.stdin?.write('{"pcm":"AQIDBA=="}\n');
      await answered;
      const end = new Promise((resolve) => command.once('close', resolve));
      command.stdin?.end();
      expect(await end).toBe(0);
    });

    it('says which line is wrong, and ends the job', async () => {
      const { code, stderr } = await test.run(['job', 'stream', 'feed', '--feed', '-'], {
        stdin: '{"pcm":"AQID"}\n{"pmc":"AQID"}\n',
      });
      expect(code).toBe(2);
      expect(stderr).toMatch(/^bulkhead: stdin, line 2: no my_feed\.AudioChunk: pmc: .*it has: pcm\n$/);
      await gone();
    });

    it('ends with its job, whatever is left of the feed', async () => {
      const command = test.start(['job', 'stream', 'feed', '--feed', '-']);
      let stderr = '';
      command.stderr?.on('data', (text) => {
        stderr += text;
      });
      const close = new Promise((resolve) => command.once('close', resolve));
      await test.run(['job', 'cancel', String((await running()).job_id)]);
      expect(await close).toBe(1);
      expect(stderr).toMatch(/^bulkhead: job \d+ of worker 'feed': .*\[CANCELLED\]\n$/);
      await gone();
    });

    it('ends the job when it is interrupted', async () => {
      const command = test.start(['job', 'stream', 'feed', '--feed', '-']);
      let stderr = '';
      command.stderr?.on('data', (text) => {
        stderr += text;
      });
      const close = new Promise((resolve) => command.once('close', resolve));
      await running();
      command.kill('SIGINT');
      expect(await close).toBe(130);
      expect(stderr).toMatch(/interrupted: the server cancels job \d+\n$/);
      await gone();
    });
  });

  describe('bulkhead job feed', () => {
    it('feeds a job that another command started', async () => {
      const command = test.start(['job', 'stream', 'guide']);
      const end = ended(command);
      const id = String((await running()).job_id);
      const first = await test.json(['job', 'feed', id, '--keep-open'], { stdin: feedLines });
      expect(first).toEqual([{ job_id: id, chunks: 2, final: false }]);
      const second = await test.run(['job', 'feed', id], { stdin: '' });
      expect(second).toEqual({ code: 0, stdout: '', stderr: '' });
      expect(await end).toEqual({ code: 0, stdout: feedPeaks, stderr: '' });
    });

    it('is refused by a job that takes none, with the reason', async () => {
      const command = test.start(echo({ chunks: 10_000, interval: 20 }, '--cancel-on-exit'));
      const end = ended(command);
      const id = String((await running()).job_id);
      const raw = await test.run(['job', 'feed', id, '--format', 'lines'], { stdin: 'x\n' });
      expect(raw.code).toBe(5);
      expect(raw.stderr).toMatch(/^bulkhead: job \d+: .*\[FAILED_PRECONDITION feed-refused\]; feed a job that/);
      const json = await test.run(['job', 'feed', id], { stdin: '{}\n' });
      expect(json).toMatchObject({ code: 2, stderr: expect.stringContaining("'stream' of Echo reads no feed") });
      command.kill('SIGINT');
      await end;
      await gone();
    });

    it('names a job that is not there', async () => {
      const { code, stderr } = await test.run(['job', 'feed', '17'], { stdin: '' });
      expect(code).toBe(5);
      expect(stderr).toMatch(/^bulkhead: job 17: the server does not say whose it is.*--worker\n$/);
    });
  });

  describe('bulkhead job listen --stream', () => {
    it('follows the output of a job that somebody else started, to its end', async () => {
      const args = '{"text":"x","chunks":100000,"interval":20}';
      await test.run(['job', 'stream', 'loud', '--method', 'stream', '--args', args]);
      const id = String((await running()).job_id);
      const command = test.start(['job', 'listen', id, '--stream']);
      const end = ended(command);
      await lineOf(command, /^\{"text":"x","calls":\d+\}\n/m);
      await test.run(['job', 'cancel', id]);
      const { code, stderr } = await end;
      expect(code).toBe(1);
      expect(stderr).toMatch(/^bulkhead: job \d+: .*\[CANCELLED\]\n$/);
    });
  });
});
