import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { component, testPlugin } from '../support/artifacts.ts';
import { type ClientTest, startClientTest } from './client.ts';

describe('bulkhead result', () => {
  let test: ClientTest;
  beforeAll(async () => {
    test = await startClientTest([component('hello'), testPlugin('echo')]);
    const store = { store_success: true, store_failure: true };
    await test.runtime.worker('Hello', { name: 'greeter', ...store });
    await test.runtime.worker('Echo', { name: 'echo', ...store });
    await test.run(['job', 'enqueue', 'greeter', '--args', '{"name":"Ann"}']);
    await test.run(['job', 'enqueue', 'echo', '--method', 'fail', '--args', '{"message":"no\\u001b[31m luck"}']);
  });
  afterAll(() => test.stop());

  it('lists stored results, the newest first, with output or error', async () => {
    const results = await test.json(['result', 'list']);
    expect(results).toMatchObject([
      {
        worker_name: 'echo',
        status: 'FATAL_ERROR',
        error: expect.stringContaining('luck'),
        args: { message: expect.any(String) },
      },
      { worker_name: 'greeter', status: 'SUCCESS', output: { greeting: 'Hello, Ann!' }, args: { name: 'Ann' } },
    ]);
    const { stdout } = await test.run(['result', 'list', '--oldest-first']);
    const [head, first, second] = stdout.split('\n');
    expect(head).toMatch(/^JOB +STATUS +WORKER +ENDED \(UTC\) +TOOK +OUTPUT +RESULT$/);
    expect(first).toMatch(/^\d+ +SUCCESS +greeter +\S+ \S+ +\d+ ms +\{"greeting":"Hello, Ann!"\} +\d+$/);
    expect(second).toMatch(/ FATAL_ERROR +echo .* no\\u001b\[31m luck/);
  });

  it('filters by worker, status, time and job', async () => {
    const workers = async (...filter: string[]) =>
      (await test.json(['result', 'list', ...filter])).map((result) => result.worker_name);
    expect(await workers('--worker', 'greeter')).toEqual(['greeter']);
    expect(await workers('--worker', 'greeter', '--worker', 'echo', '--status', 'FATAL_ERROR')).toEqual(['echo']);
    expect(await workers('--since', '1h', '--status', 'success')).toEqual(['greeter']);
    expect(await workers('--until', '1h')).toEqual([]);
    const [result] = await test.json(['result', 'list', '--worker', 'greeter']);
    expect(await workers('--job', String(result?.job_id))).toEqual(['greeter']);
  });

  it('shows one as a whole', async () => {
    const [result] = await test.json(['result', 'list', '--worker', 'greeter']);
    const { stdout } = await test.run(['result', 'show', String(result?.id)]);
    expect(stdout).toMatch(/^status +SUCCESS$/m);
    expect(stdout).toMatch(/^end time +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/m);
    expect(stdout).toMatch(/^output +\{"greeting":"Hello, Ann!"\}$/m);
    expect(await test.json(['result', 'show', String(result?.id)])).toEqual([result]);
  });

  it('keeps what it knows where the worker is gone', async () => {
    await test.runtime.worker('Hello', { name: 'short-lived', store_success: true });
    await test.run(['job', 'enqueue', 'short-lived', '--args', '{"name":"Ann"}']);
    await test.run(['worker', 'delete', 'short-lived']);
    const result = (await test.json(['result', 'list'])).find(({ worker_name }) => worker_name === 'short-lived');
    expect(result).toMatchObject({ status: 'SUCCESS', output: '\n\x0bHello, Ann!' });
  });

  it('deletes one by id, many by what they are, and nothing by accident', async () => {
    const nothing = await test.run(['result', 'delete']);
    expect(nothing).toMatchObject({ code: 2, stderr: expect.stringContaining('name results by id, or say which') });
    const [failed] = await test.json(['result', 'list', '--status', 'FATAL_ERROR']);
    expect((await test.run(['result', 'delete', String(failed?.id)])).stdout).toBe(`${failed?.id}\n`);
    const again = await test.run(['result', 'delete', String(failed?.id)]);
    expect(again).toMatchObject({
      code: 5,
      stderr: expect.stringMatching(/^bulkhead: result \d+: .*\[NOT_FOUND\]\n$/),
    });
    // A server keeps what is younger than a day from being deleted in bulk.
    const many = await test.run(['result', 'delete', '--status', 'SUCCESS', '--worker', 'greeter', '--before', '25h']);
    expect(many).toEqual({ code: 0, stdout: '0 deleted\n', stderr: '' });
    const young = await test.run(['result', 'delete', '--before', '1h']);
    expect(young).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/at least 24 hours ago.*\[INVALID_ARGUMENT/),
    });
    expect(await test.json(['result', 'list', '--worker', 'greeter'])).toHaveLength(1);
  });

  it('names a result that is not there, and a status that is none', async () => {
    expect(await test.run(['result', 'show', '17'])).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('result 17'),
    });
    const status = await test.run(['result', 'list', '--status', 'fine']);
    expect(status).toMatchObject({ code: 2, stderr: expect.stringContaining('one of SUCCESS, ') });
  });
});
