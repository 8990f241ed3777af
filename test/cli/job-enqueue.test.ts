import { execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeBinary } from '../../runtime/cli/toolbox/paths.mjs';
import { ResponseType } from '../../runtime/model/messages.gen.ts';
import { component, testPlugin } from '../support/artifacts.ts';
import { ended, launcher } from '../support/cli.ts';
import { bareEnv, type ClientTest, jsonLines, startClientTest } from './client.ts';

describe('bulkhead job enqueue', () => {
  let test: ClientTest;
  beforeAll(async () => {
    test = await startClientTest([component('hello'), component('panics'), testPlugin('echo')]);
    const { worker } = test.runtime;
    await worker('Hello', { name: 'greeter' });
    await worker('Panics', { name: 'panics' });
    await worker('Echo', { name: 'echo' });
    const noResult = ResponseType.NO_RESULT;
    await worker('Echo', { name: 'later', response_type: noResult, store_success: true, store_failure: true });
  });
  afterAll(() => test.stop());

  it('prints the result by the plugin’s own schema, and nothing else', async () => {
    const said = await test.run(['job', 'enqueue', 'greeter', '--args', '{"name":"Ann"}']);
    expect(said).toEqual({ code: 0, stdout: '{"greeting":"Hello, Ann!"}\n', stderr: '' });
  });

  it('gives everything about the job as JSON: ids as strings, times as numbers', async () => {
    const [json] = await test.json(['job', 'enqueue', 'greeter', '--args', '{"name":"Ann"}']);
    expect(json).toMatchObject({
      job_id: expect.stringMatching(/^\d+$/),
      worker_name: 'greeter',
      result: {
        id: expect.stringMatching(/^\d+$/),
        job_id: json?.job_id,
        using: 'run',
        status: 'SUCCESS',
        args: { name: 'Ann' },
        output: { greeting: 'Hello, Ann!' },
        end_time: expect.any(Number),
        metadata: { 'bulkhead-cpu-ms': expect.any(String) },
      },
    });
  });

  it('takes a worker by its id', async () => {
    const [worker] = await test.json(['worker', 'show', 'greeter']);
    const { stdout } = await test.run(['job', 'enqueue', String(worker?.id), '--args', '{"name":"id"}']);
    expect(stdout).toContain('Hello, id!');
  });

  it('prints the id of a job that nobody waits for', async () => {
    const args = ['job', 'enqueue', 'later', '--method', 'run', '--args', '{"text":"x"}'];
    const { code, stdout, stderr } = await test.run(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^\d+\n$/);
    expect(await test.json(args)).toEqual([{ job_id: expect.any(String), worker_name: 'later', result: null }]);
  });

  it('takes the arguments from a file, from @FILE and from stdin', async () => {
    const file = join(test.folder, 'args.json');
    writeFileSync(file, '{"name":"file"}');
    for (const from of [
      ['--args-file', file],
      ['--args', `@${file}`],
      ['--args', '-'],
      ['--args-file', '-'],
    ]) {
      const { stdout } = await test.run(['job', 'enqueue', 'greeter', ...from], { stdin: '{"name":"file"}' });
      expect(stdout, from.join(' ')).toBe('{"greeting":"Hello, file!"}\n');
    }
  });

  it('waits for stdin where another process made it non-blocking', async () => {
    const fifo = join(test.folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const reading = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    const writing = openSync(fifo, constants.O_WRONLY);
    const env = { ...process.env, ...bareEnv(test.folder), BULKHEAD_ADDRESS: test.address };
    const child = spawn(nodeBinary, [launcher, 'job', 'enqueue', 'greeter', '--args', '-'], {
      env,
      stdio: [reading, 'pipe', 'pipe'],
    });
    const end = ended(child);
    closeSync(reading);
    for (const part of ['{"name":', '"pipe"}']) {
      await setTimeout(300);
      writeSync(writing, part);
    }
    closeSync(writing);
    expect(await end).toEqual({ code: 0, stdout: '{"greeting":"Hello, pipe!"}\n', stderr: '' });
  });

  it('passes bytes both ways with --raw', async () => {
    const message = Buffer.from('0a03416e6e', 'hex'); // HelloArgs { name: "Ann" }
    const file = join(test.folder, 'args.bin');
    writeFileSync(file, message);
    const { code, stdout } = await test.run(['job', 'enqueue', 'greeter', '--raw', '--args-file', file]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '\n\x0bHello, Ann!' });
  });

  it('takes the method by either name, and asks for one where there are several', async () => {
    const args = ['job', 'enqueue', 'echo', '--args', '{"text":"x"}'];
    for (const option of ['--using', '--method']) {
      expect((await test.run([...args, option, 'run'])).stdout).toContain('"text":"x"');
    }
    const { code, stderr } = await test.run(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^bulkhead: Echo has several methods: choose one with --method \(fail, job, .*\)\n$/);
  });

  it('sends metadata and prints what comes back', async () => {
    const args = ['job', 'enqueue', 'echo', '--method', 'run', '--args', '{"text":"x"}', '--metadata', 'Key=a value'];
    const [json] = await test.json(args);
    expect(json).toMatchObject({ result: { metadata: { KEY: 'a value' } } });
  });

  it('ends a failed job with 1 and one line that names job, worker, reason and status', async () => {
    const args = ['job', 'enqueue', 'panics', '--args', '{"where":"run","message":"boom"}'];
    const { code, stdout, stderr } = await test.run(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^bulkhead: job \d+ of worker 'panics': the plugin panicked at \S+:\d+:\d+: boom \[FATAL_ERROR\]\n$/,
    );
    const json = await test.run([...args, '--json']);
    expect(json.code).toBe(1);
    expect(jsonLines(json.stdout)).toMatchObject([{ result: { status: 'FATAL_ERROR', error: expect.any(String) } }]);
  });

  it('shows control characters of a plugin as escapes, on one line', async () => {
    const args = ['--args', JSON.stringify({ message: '\x1b[31mred\nsecond line\u009b' })];
    const { stderr } = await test.run(['job', 'enqueue', 'echo', '--method', 'fail', ...args]);
    expect(stderr).toContain('\\u001b[31mred\\nsecond line\\u009b');
    expect(stderr.match(/\n/g)).toHaveLength(1);
    const echoed = await test.run(['job', 'enqueue', 'echo', '--method', 'run', '--args', '{"text":"\u009b1m"}']);
    expect(echoed.stdout).toContain('{"text":"\\u009b1m"');
  });

  it('hands over timeout, priority, key, time and overrides', async () => {
    const slow = ['job', 'enqueue', 'echo', '--method', 'slow', '--args', '{"millis":60000}', '--timeout', '100'];
    const late = await test.run([...slow, '--json']);
    expect(late.code).toBe(1);
    expect(jsonLines(late.stdout)).toMatchObject([{ result: { status: 'MAX_RETRY', timeout: 100 } }]);
    const options = [
      '--priority',
      'high',
      '--uniq-key',
      'k',
      '--run-after',
      '1h',
      '--overrides',
      '{"store_success":true}',
    ];
    const later = ['job', 'enqueue', 'later', '--method', 'run', '--args', '{"text":"x"}', ...options];
    const [json] = await test.json(later);
    const [status] = await test.json(['job', 'status', String(json?.job_id)]);
    expect(status).toMatchObject({
      status: 'PENDING',
      worker_name: 'later',
      priority: 'PRIORITY_HIGH',
      uniq_key: 'k',
      overrides: { store_success: true },
    });
    expect(Number(status?.run_after_time) - Number(status?.enqueue_time)).toBeGreaterThan(3_500_000);
    const second = await test.run(later);
    expect(second.code).toBe(5);
    expect(second.stderr).toMatch(/^bulkhead: worker 'later': .* \[ALREADY_EXISTS job-exists\]; .*--uniq-key\n$/);
  });

  it.each([
    [
      'a worker that is not there',
      ['gone'],
      5,
      /worker 'gone': .*\[NOT_FOUND worker-not-found\]; .*bulkhead worker list\n$/,
    ],
    [
      'arguments of another schema',
      ['greeter', '--args', '{"nmae":"x"}'],
      2,
      /--args: no hello\.HelloArgs: nmae: .*it has: name\n$/,
    ],
    ['text that is no JSON', ['greeter', '--args', '{name}'], 2, /--args: it is no JSON: .*--raw\n$/],
    ['arguments from two places', ['greeter', '--args', '{}', '--args-file', 'x'], 2, /give one of them/],
    ['a file that is not there', ['greeter', '--args-file', '/nowhere'], 2, /--args-file: \/nowhere cannot be read/],
    [
      'a method that streams',
      ['echo', '--method', 'stream'],
      2,
      /\[INVALID_ARGUMENT method-not-runnable\]; .*bulkhead job stream/,
    ],
    ['metadata that is a header of the server', ['greeter', '--metadata', 'jobworkerp-auth=x'], 2, /means something/],
    ['metadata that no header can be', ['greeter', '--metadata', 'k=ü'], 2, /printable ASCII/],
    ['a priority that is none', ['greeter', '--priority', 'urgent'], 2, /Allowed choices are high, medium, low/],
    ['a time that is none', ['greeter', '--run-after', 'soon'], 2, /It has to be a time such as 90s/],
    [
      'overrides of another shape',
      ['greeter', '--overrides', '{"retries":1}'],
      2,
      /no jobworkerp\.data\.JobExecutionOverrides: retries/,
    ],
  ])('refuses %s', async (_, args, exitCode, message) => {
    const { code, stdout, stderr } = await test.run(['job', 'enqueue', ...args]);
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
    expect(stderr).toMatch(message);
  });
});
