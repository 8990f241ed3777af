import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { component, testPlugin } from '../support/artifacts.ts';
import { type ClientTest, startClientTest } from './client.ts';

describe('bulkhead worker', () => {
  let test: ClientTest;
  beforeAll(async () => {
    test = await startClientTest([component('hello'), testPlugin('echo')]);
  });
  afterAll(() => test.stop());

  const names = async (...filter: string[]) => (await test.json(['worker', 'list', ...filter])).map(({ name }) => name);

  it('creates a worker with settings by the plugin’s schema, and prints its id', async () => {
    const settings = ['--settings', '{"greeting_word":"Ahoy"}'];
    const { code, stdout } = await test.run([
      'worker',
      'create',
      'greeter',
      '--runner',
      'Hello',
      '--response',
      'direct',
      ...settings,
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+\n$/);
    const job = await test.run(['job', 'enqueue', 'greeter', '--args', '{"name":"Ann"}']);
    expect(job.stdout).toBe('{"greeting":"Ahoy, Ann!"}\n');
  });

  it('shows a worker, as facts and as JSON', async () => {
    await test.run(['worker', 'create', 'shown', '--runner', 'Hello', '--settings', '{"greeting_word":"Ahoy"}']);
    const { stdout } = await test.run(['worker', 'show', 'shown']);
    expect(stdout).toMatch(/^name +shown\n/m);
    expect(stdout).toMatch(/^runner +Hello\n/m);
    expect(stdout).toMatch(/^settings +\{"greeting_word":"Ahoy"\}\n/m);
    const [json] = await test.json(['worker', 'show', 'shown']);
    expect(json).toEqual({
      id: expect.stringMatching(/^\d+$/),
      name: 'shown',
      description: '',
      runner: 'Hello',
      runner_id: expect.stringMatching(/^\d+$/),
      settings: { greeting_word: 'Ahoy' },
      periodic_interval: 0,
      queue_type: 'NORMAL',
      response_type: 'NO_RESULT',
      store_success: false,
      store_failure: false,
      use_static: false,
      broadcast_results: false,
    });
  });

  it('takes everything that a worker can be', async () => {
    const retry = '{"type":"EXPONENTIAL","interval":10,"max_interval":100,"max_retry":2,"basis":2}';
    const flags = ['--static', '--broadcast', '--store-success', '--store-failure', '--description', 'All of it'];
    const values = ['--queue', 'with-backup', '--response', 'no-result', '--periodic', '60000', '--retry', retry];
    await test.json(['worker', 'create', 'full', '--runner', 'Echo', ...flags, ...values]);
    expect((await test.json(['worker', 'show', 'full']))[0]).toMatchObject({
      description: 'All of it',
      queue_type: 'WITH_BACKUP',
      response_type: 'NO_RESULT',
      periodic_interval: 60_000,
      retry_policy: { type: 'EXPONENTIAL', interval: 10, max_interval: 100, max_retry: 2, basis: 2 },
      store_success: true,
      store_failure: true,
      use_static: true,
      broadcast_results: true,
    });
    await test.run(['worker', 'delete', 'full']);
  });

  it('reads what it shows, and changes what is said beside it', async () => {
    const settings = ['--settings', '{"greeting_word":"Ahoy"}'];
    await test.run(['worker', 'create', 'changed', '--runner', 'Hello', '--store-success', ...settings]);
    const [before] = await test.json(['worker', 'show', 'changed']);
    const stdin = JSON.stringify(before);
    const [saved] = await test.json(['worker', 'upsert', '--from', '-', '--static', '--no-store-success'], { stdin });
    expect(saved).toEqual({ id: before?.id, name: 'changed' });
    const [after] = await test.json(['worker', 'show', 'changed']);
    expect(after).toEqual({ ...before, use_static: true, store_success: false });
    const [copy] = await test.json(['worker', 'create', 'copy', '--from', '-'], { stdin });
    expect(copy?.id).not.toBe(before?.id);
    expect((await test.json(['worker', 'show', 'copy']))[0]).toEqual({ ...before, id: copy?.id, name: 'copy' });
  });

  it('lists workers by name, filtered, as a table and as JSON', async () => {
    for (const name of ['list-b', 'list-a']) await test.run(['worker', 'create', name, '--runner', 'Echo']);
    await test.run(['worker', 'create', 'リスト', '--runner', 'Hello', '--periodic', '60000']);
    expect(await names('--name', 'list-')).toEqual(['list-a', 'list-b']);
    expect(await names('--runner', 'Echo')).toEqual(['list-a', 'list-b']);
    expect(await names('--periodic')).toEqual(['リスト']);
    expect(await names('--no-periodic', '--name', 'リ')).toEqual([]);
    const { stdout } = await test.run(['worker', 'list']);
    const [head, ...rows] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^WORKER +RUNNER +CHANNEL +RESPONSE +STATIC +PERIODIC +ID$/);
    // Wide letters take two columns.
    const column = head?.indexOf('RUNNER') ?? 0;
    expect(rows.find((row) => row.startsWith('リスト'))?.slice(column - 3)).toMatch(
      /^Hello +\[default\] +NO_RESULT +60000 ms/,
    );
    expect(rows.find((row) => row.startsWith('list-a'))?.slice(column)).toMatch(/^Echo /);
    await test.run(['worker', 'delete', 'リスト']);
  });

  it('deletes workers by name and id, and names those that are not there', async () => {
    const [made] = await test.json(['worker', 'create', 'gone-1', '--runner', 'Echo']);
    await test.run(['worker', 'create', 'gone-2', '--runner', 'Echo']);
    const { code, stdout, stderr } = await test.run(['worker', 'delete', 'nobody', 'gone-2', String(made?.id)]);
    expect(code).toBe(5);
    expect(stdout.trim().split('\n')).toHaveLength(2);
    expect(stderr).toMatch(/^bulkhead: worker 'nobody': .*\[NOT_FOUND worker-not-found\]/);
    expect(await names('--name', 'gone-')).toEqual([]);
  });

  it.each([
    [
      'a name that is taken',
      ['create', 'taken', '--runner', 'Echo'],
      5,
      /\[ALREADY_EXISTS worker-exists\]; .*worker upsert/,
    ],
    [
      'a runner that is not there',
      ['create', 'x', '--runner', 'Nobody'],
      5,
      /runner 'Nobody': .*runner-not-found\]; .*runner list/,
    ],
    ['no runner', ['create', 'x'], 2, /name its runner with --runner/],
    ['no name', ['create', '--runner', 'Echo'], 2, /name the worker/],
    [
      'settings of another schema',
      ['create', 'x', '--runner', 'Hello', '-s', '{"word":1}'],
      2,
      /--settings: no hello\.HelloSettings: word/,
    ],
    [
      'a field that workers do not have',
      ['create', 'x', '--runner', 'Echo', '--from', '{"colour":1}'],
      2,
      /--from: no jobworkerp\.data\.WorkerData: colour/,
    ],
    [
      'a policy of another shape',
      ['create', 'x', '--runner', 'Echo', '--retry', '{"type":"NEVER"}'],
      2,
      /--retry: .*type: expected one of NONE, EXPONENTIAL/,
    ],
    [
      'a channel that is not served',
      ['create', 'x', '--runner', 'Echo', '--channel', 'no'],
      2,
      /\[INVALID_ARGUMENT field-invalid\]/,
    ],
  ])('refuses %s', async (_, args, exitCode, message) => {
    await test.run(['worker', 'upsert', 'taken', '--runner', 'Echo']);
    const { code, stdout, stderr } = await test.run(['worker', ...args]);
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
    expect(stderr).toMatch(message);
  });
});
