import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ResponseType } from '../../runtime/model/messages.gen.ts';
import { testPlugin } from '../support/artifacts.ts';
import { ended, lineOf } from '../support/cli.ts';
import { type ClientTest, startClientTest, until } from './client.ts';

describe('jobs that were submitted', () => {
  let test: ClientTest;
  beforeAll(async () => {
    test = await startClientTest([testPlugin('echo')]);
    const { worker } = test.runtime;
    await worker('Echo', { name: 'echo', store_success: true, store_failure: true });
    await worker('Echo', { name: 'later', response_type: ResponseType.NO_RESULT, broadcast_results: true });
  });
  afterAll(() => test.stop());

  /** Submits a job that runs in an hour. */
  const park = async (): Promise<string> => {
    const job = ['job', 'enqueue', 'later', '--method', 'run', '--args', '{"text":"x"}', '--run-after', '1h'];
    return (await test.run(job)).stdout.trim();
  };
  const listed = async (...filter: string[]) => (await test.json(['job', 'list', ...filter])).map((job) => job.job_id);

  it('are listed, found by filters, and cancelled', async () => {
    const id = await park();
    expect(await listed()).toEqual([id]);
    expect(await listed('--worker', 'later', '--status', 'pending')).toEqual([id]);
    expect(await listed('--worker', 'echo')).toEqual([]);
    const table = await test.run(['job', 'list']);
    expect(table.stdout).toMatch(
      /^JOB +STATUS +WORKER +CHANNEL +PRIORITY +AGE\n\d+ +PENDING +later +\[default\] +medium +\d+ s\n$/,
    );
    expect(await test.run(['job', 'cancel', id])).toEqual({ code: 0, stdout: `${id}\n`, stderr: '' });
    expect(await listed()).toEqual([]);
  });

  it('that are not there are named, after all others were cancelled', async () => {
    const id = await park();
    const { code, stdout, stderr } = await test.run(['job', 'cancel', '17', id]);
    expect({ code, stdout }).toEqual({ code: 5, stdout: `${id}\n` });
    expect(stderr).toMatch(/^bulkhead: not cancelled: job 17; it ended already, or never was\n$/);
  });

  it('tell where they are, and how they ended', async () => {
    const id = await park();
    expect((await test.run(['job', 'status', id])).stdout).toMatch(
      /^job id +\d+\nstatus +PENDING\nworker name +later\nusing +run\n/,
    );
    await test.run(['job', 'cancel', id]);
    const [job] = await test.json(['job', 'enqueue', 'echo', '--method', 'run', '--args', '{"text":"x"}']);
    const [status] = await test.json(['job', 'status', String(job?.job_id)]);
    expect(status).toMatchObject({ job_id: job?.job_id, status: 'SUCCESS', output: { text: 'x' } });
    const { code, stderr } = await test.run(['job', 'status', '17']);
    expect(code).toBe(5);
    expect(stderr).toMatch(/^bulkhead: job 17: .*\[NOT_FOUND job-not-found\]; .*bulkhead result list\n$/);
  });

  it.each([
    ['an id that is none', ['job', 'status', 'x1'], /job 'x1': an id is a whole number/],
    ['an id that is too large', ['job', 'cancel', '9223372036854775808'], /an id is a whole number/],
    ['a status that is none', ['job', 'list', '--status', 'tired'], /--status tired: it has to be one of .*RUNNING/],
  ])('refuse %s', async (_, args, message) => {
    const { code, stderr } = await test.run(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  describe('and whose command is interrupted', () => {
    const slow = ['job', 'enqueue', 'echo', '--method', 'slow', '--args', '{"text":"x","millis":600000}'];
    const running = () => until(async () => (await listed('--status', 'running', '--worker', 'echo')).at(0));
    const gone = () => until(async () => ((await listed('--worker', 'echo')).length === 0 ? true : undefined));

    it('go on', async () => {
      const command = test.start(slow);
      const end = ended(command);
      const id = String(await running());
      command.kill('SIGINT');
      expect(await end).toEqual({
        code: 130,
        stdout: '',
        stderr: 'bulkhead: interrupted: the job goes on; --cancel-on-exit would have cancelled it\n',
      });
      expect(await listed('--status', 'running', '--worker', 'echo')).toEqual([id]);
      expect((await test.run(['job', 'cancel', id])).code).toBe(0);
      await gone();
    });

    it('are cancelled where that was asked for', async () => {
      const command = test.start([...slow, '--cancel-on-exit']);
      const end = ended(command);
      const id = String(await running());
      command.kill('SIGINT');
      expect((await end).code).toBe(130);
      await gone();
      const [status] = await test.json(['job', 'status', id]);
      expect(status).toMatchObject({ status: 'CANCELLED', worker_name: 'echo' });
    });
  });

  describe('and are listened for', () => {
    it('give their result to who waits', async () => {
      const id = await submit('{"text":"heard","millis":300}');
      const { code, stdout } = await test.run(['job', 'listen', id, '--worker', 'later']);
      expect({ code, stdout }).toEqual({ code: 0, stdout: '{"text":"heard","calls":1}\n' });
    });

    it('are known by their id alone while they run', async () => {
      const id = await submit('{"text":"heard","millis":60000}');
      const { code, stderr } = await test.run(['job', 'listen', id, '--timeout', '50']);
      expect(code).toBe(4);
      expect(stderr).toMatch(/^bulkhead: job \d+: .*\[DEADLINE_EXCEEDED listen-timeout\]; listen again/);
      await test.run(['job', 'cancel', id]);
    });

    it('give every result of a worker, a line each, until Ctrl-C', async () => {
      const command = test.start(['job', 'listen', '--worker', 'later']);
      const end = ended(command);
      const heard = lineOf(command, /^\S+Z {2}\d+ {2}(SUCCESS|FATAL_ERROR) {2}(.*)$/m);
      // Nothing says when it listens, so there is a job from time to time.
      let over = false;
      const feeding = (async () => {
        while (!over) await submit('{"text":"again"}');
      })();
      const [, status, output] = await heard;
      over = true;
      await feeding;
      command.kill('SIGINT');
      expect({ status, output }).toEqual({ status: 'SUCCESS', output: '{"text":"again","calls":1}' });
      expect((await end).code).toBe(130);
    });

    it('need a worker that broadcasts', async () => {
      const command = test.start(['job', 'enqueue', 'echo', '--method', 'slow', '--args', '{"millis":600000}']);
      const end = ended(command);
      const id = String(await until(async () => (await listed('--status', 'running', '--worker', 'echo')).at(0)));
      const { code, stderr } = await test.run(['job', 'listen', id]);
      expect(code).toBe(2);
      expect(stderr).toMatch(/\[INVALID_ARGUMENT not-broadcast\]; .*--broadcast .*\n$/);
      await test.run(['job', 'cancel', id]);
      expect((await end).code).toBe(1);
    });

    const submit = async (args: string): Promise<string> =>
      (await test.run(['job', 'enqueue', 'later', '--method', 'slow', '--args', args])).stdout.trim();
  });
});
