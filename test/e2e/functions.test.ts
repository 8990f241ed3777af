/** FunctionService and FunctionSetService over the real server, with components. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { status } from '@grpc/grpc-js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CallOptions, Init } from '../../runtime/api/client.ts';
import {
  type FunctionCallRequest,
  type FunctionResult,
  type FunctionSpecs,
  type FunctionUsing,
  QueueType,
  ResponseType,
  ResultStatus,
  StreamingOutputType,
} from '../../runtime/model/messages.gen.ts';
import { runnerIdOf } from '../../runtime/plugins/registry.ts';
import { component, testPlugin } from '../support/artifacts.ts';
import { startTestRuntime, type TestRuntime } from '../support/runtime.ts';

const FunctionService = 'jobworkerp.function.service.FunctionService';
const FunctionSetService = 'jobworkerp.function.service.FunctionSetService';
const WorkerService = 'jobworkerp.service.WorkerService';
const ResultService = 'jobworkerp.service.JobResultService';
const StatusService = 'jobworkerp.service.JobProcessingStatusService';

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of stream) all.push(each);
  return all;
}

const plugins = () => [
  component('hello'),
  component('panics'),
  component('guide-feed'),
  ...['echo', 'wants-env', 'spin'].map(testPlugin),
];

describe('functions', () => {
  let runtime: TestRuntime;
  beforeAll(async () => {
    runtime = await startTestRuntime(plugins());
    await runtime.worker('Echo', { name: 'echo', description: 'an echo' });
  });
  afterAll(() => runtime.stop());

  const call = (request: Init<FunctionCallRequest>, options: CallOptions = {}): Promise<FunctionResult[]> =>
    collect(runtime.client.stream(FunctionService, 'Call', request, options));
  const once = async (request: Init<FunctionCallRequest>): Promise<FunctionResult> => {
    const results = await call(request);
    expect(results).toHaveLength(1);
    return results[0] as FunctionResult;
  };
  const workers = async () => (await runtime.client.unary(WorkerService, 'Count', {})).total;

  describe('are listed', () => {
    const list = (request = {}) => collect(runtime.client.stream(FunctionService, 'FindList', request));
    const kinds = (specs: readonly FunctionSpecs[]) => specs.map(({ name, worker_id: id }) => [name, id !== undefined]);

    it('runners and workers, or one of the two', async () => {
      const runners = ['Echo', 'Hello', 'MyFeedPlugin', 'Panics', 'Spin', 'WantsEnv'].map((name) => [name, false]);
      const all = await list();
      expect(kinds(all).sort()).toEqual([...runners, ['echo', true]].sort());
      expect(kinds(await list({ exclude_worker: true })).sort()).toEqual(runners);
      expect(kinds(await list({ exclude_runner: true }))).toEqual([['echo', true]]);
      expect(await list({ exclude_runner: true, exclude_worker: true })).toEqual([]);
    });

    it('with schemas that say what a call takes and gives', async () => {
      const { data } = await runtime.client.unary(FunctionService, 'FindByName', { runner_name: 'Echo' });
      expect(data).toMatchObject({
        runner_id: { value: runnerIdOf('Echo') },
        description: 'Echoes in every way there is',
      });
      expect(data?.methods?.schemas.stream).toMatchObject({
        description: 'Echoes in chunks',
        output_type: StreamingOutputType.STREAMING,
      });
      const compile = (text = '') => new Ajv2020({ allowUnionTypes: true }).compile(JSON.parse(text) as object);
      const takes = compile(data?.methods?.schemas.run?.arguments_schema);
      expect([takes({ text: 'x', repeat: 2 }), takes({ txt: 'x' })]).toEqual([true, false]);
      expect(compile(data?.settings_schema)({ prefix: 'p' })).toBe(true);
      const { output } = await once({ runner_name: 'Echo___run', args_json: '{"text":"x"}' });
      expect(compile(data?.methods?.schemas.run?.result_schema)(JSON.parse(output))).toBe(true);
    });

    it('one by one, as a whole or by a method', async () => {
      const find = async (which: Init<FunctionUsing>) =>
        (await runtime.client.unary(FunctionService, 'Find', which)).data;
      const worker = (await runtime.client.unary(WorkerService, 'FindByName', { name: 'echo' })).data?.id ?? {
        value: 0n,
      };
      const runner = { runner_id: { value: runnerIdOf('Echo') } };
      expect(Object.keys((await find({ function_id: runner }))?.methods?.schemas ?? {})).toHaveLength(6);
      const single = await find({ function_id: runner, using: 'slow' });
      expect(single).toMatchObject({ name: 'Echo', description: 'Sleeps, then echoes' });
      expect(Object.keys(single?.methods?.schemas ?? {})).toEqual(['slow']);
      const ofWorker = await find({ function_id: { worker_id: worker } });
      expect(ofWorker).toMatchObject({ name: 'echo', description: 'an echo', worker_id: worker, settings_schema: '' });
      expect(await find({ function_id: { worker_id: worker }, using: 'run' })).toMatchObject({ description: 'Echoes' });
      expect(await find({ function_id: { runner_id: { value: 5n } } })).toBeUndefined();
      expect(await find({ function_id: { worker_id: { value: 5n } }, using: 'run' })).toBeUndefined();
      await expect(find({ function_id: runner, using: 'sing' })).rejects.toMatchObject({
        code: status.NOT_FOUND,
        details: "runner 'Echo' has no method 'sing'",
      });
    });

    it.each<[string, Init<FunctionUsing>, string]>([
      ['nothing', {}, 'function_id is required'],
      ['no id', { function_id: {} }, 'function_id.runner_id or worker_id is required'],
      ['an id of zero', { function_id: { runner_id: { value: 0n } } }, 'function_id must be greater than 0, got 0'],
      [
        'an empty method',
        { function_id: { runner_id: { value: 1n } }, using: '' },
        'using must not be empty: leave it out for all methods',
      ],
    ])('but not for %s', async (_what, which, details) => {
      await expect(runtime.client.unary(FunctionService, 'Find', which)).rejects.toMatchObject({
        code: status.INVALID_ARGUMENT,
        details,
      });
    });

    it('by name, or nothing', async () => {
      const find = (request: object) => runtime.client.unary(FunctionService, 'FindByName', request);
      expect((await find({ worker_name: 'echo' })).data).toMatchObject({ name: 'echo' });
      expect([await find({ runner_name: 'echo' }), await find({ worker_name: 'Echo' })]).toEqual([{}, {}]);
      await expect(find({})).rejects.toMatchObject({ details: 'runner_name or worker_name is required' });
    });
  });

  describe('are called', () => {
    it('by a runner’s name, with a worker that is gone afterwards', async () => {
      const before = await workers();
      const started = BigInt(Date.now());
      const result = await once({ runner_name: 'Hello', args_json: '{"name":"Ann"}' });
      expect(JSON.parse(result.output)).toEqual({ greeting: 'Hello, Ann!' });
      expect(result.status).toBe(ResultStatus.SUCCESS);
      expect([result.error_message, result.error_code]).toEqual([undefined, undefined]);
      const { last_info: info } = result;
      expect(info?.job_id).toMatch(/^\d+$/);
      expect(info?.started_at).toBeGreaterThanOrEqual(started);
      expect(info?.execution_time_ms).toBe((info?.completed_at ?? 0n) - (info?.started_at ?? 0n));
      expect(await workers()).toBe(before);
    });

    it('by the name of a runner and of its method, with settings', async () => {
      const parameters = { settings_json: '{"prefix":"> "}' };
      const result = await once({
        runner_name: 'Echo___run',
        runner_parameters: parameters,
        args_json: '{"text":"ab","repeat":2}',
      });
      expect(JSON.parse(result.output)).toEqual({ text: '> abab', calls: 1 });
    });

    it('by a worker’s name, with its own settings', async () => {
      const request = { name: 'loud', runner_name: 'Echo', settings_json: '{"prefix":"!"}' };
      await runtime.client.unary(FunctionService, 'CreateWorker', request);
      const result = await once({ worker_name: 'loud___run', args_json: '{"text":"x"}' });
      expect(JSON.parse(result.output)).toMatchObject({ text: '!x' });
    });

    it('with a stream of results where the method streams', async () => {
      const results = await call({ runner_name: 'Echo___stream', args_json: '{"text":"c","chunks":3}' });
      expect(results.map(({ output }) => output && (JSON.parse(output) as object))).toEqual([
        { text: 'c', calls: 1 },
        { text: 'c', calls: 2 },
        { text: 'c', calls: 3 },
        '',
      ]);
      expect(results.map((result) => [result.status, result.last_info !== undefined])).toEqual([
        [ResultStatus.SUCCESS, false],
        [ResultStatus.SUCCESS, false],
        [ResultStatus.SUCCESS, false],
        [ResultStatus.SUCCESS, true],
      ]);
    });

    it('with the job’s id in a header as well', async () => {
      const stream = runtime.client.open(FunctionService, 'Call', { worker_name: 'echo___job' });
      const [result] = await collect(stream);
      expect(String(runtime.client.jobId(await stream.headers))).toBe(result?.last_info?.job_id);
    });

    it('with metadata both ways', async () => {
      const request = { worker_name: 'echo___run', options: { metadata: { tenant: 'blue' } } };
      expect((await once(request)).last_info?.metadata).toMatchObject({ TENANT: 'blue' });
    });

    it('and a failure is an answer: how, why, and its code', async () => {
      const failed = await once({ worker_name: 'echo___fail', args_json: '{"message":"no luck"}' });
      expect(failed).toMatchObject({
        output: '',
        status: ResultStatus.FATAL_ERROR,
        error_message: 'no luck: the reason: the root',
        error_code: 'plugin-failed',
      });
      const panicked = await call({
        runner_name: 'Panics',
        args_json: '{"where":"receive_stream","message":"mid-air","chunks":2,"at_chunk":1}',
        options: { streaming: true },
      });
      expect(panicked.at(-1)).toMatchObject({
        status: ResultStatus.FATAL_ERROR,
        error_message: expect.stringMatching(/panicked at .*mid-air$/) as string,
        error_code: 'plugin-panicked',
        last_info: { job_id: expect.stringMatching(/^\d+$/) as string },
      });
    });

    it('and end when their time is over', async () => {
      const late = await once({
        worker_name: 'echo___slow',
        args_json: '{"millis":60000}',
        options: { timeout_ms: 50n },
      });
      expect(late).toMatchObject({ status: ResultStatus.MAX_RETRY, error_code: 'deadline-exceeded' });
    });

    it('once for a unique key', async () => {
      const request = { worker_name: 'echo___slow', args_json: '{"millis":1500}', uniq_key: 'only one' };
      const first = call(request);
      await vi.waitFor(async () =>
        expect(await collect(runtime.client.stream(StatusService, 'FindAll', {}))).toHaveLength(1),
      );
      await expect(call(request)).rejects.toMatchObject({ code: status.ALREADY_EXISTS });
      await first;
    });

    it('without JSON where the plugin has no schema: its bytes are the text', async () => {
      const { output } = await once({ runner_name: 'WantsEnv', args_json: '"/etc/hostname"' });
      expect(JSON.parse(output)).toMatch(/^env=\n/);
    });

    it('and cancelled when their caller goes and asked for that', async () => {
      const headers = { 'bulkhead-cancel-on-disconnect': 'true' };
      const called = call({ runner_name: 'Spin', options: { timeout_ms: 0n } }, { headers, timeoutMs: 300 });
      await expect(called).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
      await vi.waitFor(
        async () => expect(await collect(runtime.client.stream(StatusService, 'FindAll', {}))).toEqual([]),
        10_000,
      );
    });

    it.each<[string, Init<FunctionCallRequest>, status, string | RegExp]>([
      ['no name', {}, status.INVALID_ARGUMENT, 'runner_name or worker_name is required'],
      ['an empty name', { runner_name: '' }, status.INVALID_ARGUMENT, 'runner_name is required'],
      ['a runner that is not there', { runner_name: 'Nope' }, status.NOT_FOUND, "there is no runner called 'Nope'"],
      ['a worker that is not there', { worker_name: 'nope' }, status.NOT_FOUND, "there is no worker called 'nope'"],
      [
        'a runner of another type',
        { runner_name: 'MCP_SERVER' },
        status.UNIMPLEMENTED,
        'runners of the type MCP_SERVER are not offered: Bulkhead runs plugins',
      ],
      [
        'a workflow',
        { runner_name: 'WORKFLOW' },
        status.UNIMPLEMENTED,
        /^runners of the type WORKFLOW are not offered/,
      ],
      [
        'no method where there are several',
        { runner_name: 'Echo' },
        status.INVALID_ARGUMENT,
        /has several methods, so using is required: fail, /,
      ],
      [
        'a method that is not there',
        { runner_name: 'Echo___sing' },
        status.INVALID_ARGUMENT,
        /^runner 'Echo' has no method 'sing'; it has: /,
      ],
      [
        'a method that reads a feed',
        { runner_name: 'MyFeedPlugin' },
        status.INVALID_ARGUMENT,
        /^method 'run' reads a feed, which a call of a function does not have/,
      ],
      [
        'streaming where nothing streams',
        { runner_name: 'Hello', options: { streaming: true } },
        status.INVALID_ARGUMENT,
        /^method 'run' does not stream its output/,
      ],
      [
        'one result of a stream',
        { runner_name: 'Echo___stream', options: { streaming: false } },
        status.INVALID_ARGUMENT,
        /^method 'stream' only streams its output/,
      ],
      [
        'arguments that are no JSON',
        { runner_name: 'Hello', args_json: '{' },
        status.INVALID_ARGUMENT,
        /^args_json: it is no JSON: /,
      ],
      [
        'arguments that do not fit',
        { runner_name: 'Hello', args_json: '{"nom":"Ann"}' },
        status.INVALID_ARGUMENT,
        /^args_json: nom: .* has no such field; it has: name/,
      ],
      [
        'arguments nested for ever',
        { runner_name: 'Hello', args_json: '['.repeat(100_000) },
        status.INVALID_ARGUMENT,
        /^args_json: /,
      ],
      [
        'settings that do not fit',
        { runner_name: 'Echo___run', runner_parameters: { settings_json: '{"prefix":5}' } },
        status.INVALID_ARGUMENT,
        /^settings_json: prefix: expected a string, got 5/,
      ],
      [
        'a channel that is not served',
        { runner_name: 'Hello', runner_parameters: { worker_options: { channel: 'films' } } },
        status.INVALID_ARGUMENT,
        /^channel 'films' is not served here/,
      ],
      [
        'a time before now',
        { runner_name: 'Hello', options: { timeout_ms: -1n } },
        status.INVALID_ARGUMENT,
        'options.timeout_ms must not be negative, got -1',
      ],
      [
        'a result from the database',
        { runner_name: 'Hello', runner_parameters: { worker_options: { queue_type: QueueType.DB_ONLY } } },
        status.INVALID_ARGUMENT,
        /must not be DIRECT with queue_type DB_ONLY/,
      ],
    ])('but not with %s', async (_what, request, code, details) => {
      const before = await workers();
      const matching = typeof details === 'string' ? details : (expect.stringMatching(details) as string);
      await expect(call(request)).rejects.toMatchObject({ code, details: matching });
      expect(await workers()).toBe(before);
    });
  });

  describe('with worker options', () => {
    it('keep a static instance for callers who ask for the same', async () => {
      const calls = async (prefix: string) => {
        const parameters = { settings_json: JSON.stringify({ prefix }), worker_options: { use_static: true } };
        const { output } = await once({ runner_name: 'Echo___run', runner_parameters: parameters });
        return (JSON.parse(output) as { calls: number }).calls;
      };
      expect([await calls('a'), await calls('a'), await calls('b'), await calls('a')]).toEqual([1, 2, 1, 3]);
    });

    it('answer with the job’s id where nobody waits for the result; the worker stays until it has ended', async () => {
      const options = { response_type: ResponseType.NO_RESULT, store_success: true, queue_type: QueueType.WITH_BACKUP };
      const result = await once({
        runner_name: 'Echo___slow',
        args_json: '{"text":"later","millis":300}',
        runner_parameters: { worker_options: options },
      });
      expect(result).toMatchObject({ output: '' });
      expect(result.status).toBeUndefined();
      const job = { job_id: { value: BigInt(result.last_info?.job_id ?? 0) } };
      const stored = () => collect(runtime.client.stream(ResultService, 'FindListByJobId', job));
      await vi.waitFor(async () => expect(await stored()).toHaveLength(1), 10_000);
      const [{ data } = {}] = await stored();
      expect(data).toMatchObject({
        status: ResultStatus.SUCCESS,
        worker_name: expect.stringMatching(/^Echo_/) as string,
      });
      const find = async () =>
        (await runtime.client.unary(WorkerService, 'Find', { value: data?.worker_id?.value ?? 0n })).data;
      await vi.waitFor(async () => expect(await find()).toBeUndefined());
    });
  });

  describe('as workers', () => {
    const create = (request: object) => runtime.client.unary(FunctionService, 'CreateWorker', request);
    const upsert = (request: object) => runtime.client.unary(FunctionService, 'UpsertWorker', request);
    const find = async (name: string) => (await runtime.client.unary(WorkerService, 'FindByName', { name })).data?.data;

    it('are made with settings and options in JSON', async () => {
      const request = {
        name: 'made',
        description: 'of JSON',
        runner_id: { value: runnerIdOf('Echo') },
        settings_json: '{"prefix":"p"}',
        worker_options: { use_static: true, store_failure: true, retry_policy: { type: 3, interval: 5, max_retry: 2 } },
      };
      const made = await create(request);
      expect(made.worker_name).toBe('made');
      expect(await find('made')).toMatchObject({
        description: 'of JSON',
        runner_settings: Buffer.from([10, 1, 112]),
        use_static: true,
        store_failure: true,
        store_success: false,
        queue_type: QueueType.NORMAL,
        response_type: ResponseType.DIRECT,
        retry_policy: { type: 3, interval: 5, max_retry: 2 },
      });
      await expect(create(request)).rejects.toMatchObject({ code: status.ALREADY_EXISTS });
      const changed = await upsert({ ...request, settings_json: '' });
      expect(changed.worker_id).toEqual(made.worker_id);
      expect((await find('made'))?.runner_settings).toHaveLength(0);
      expect((await upsert({ name: 'new', runner_name: 'Hello' })).worker_name).toBe('new');
    });

    it.each<[string, object, status, string | RegExp]>([
      ['no name', { runner_name: 'Echo' }, status.INVALID_ARGUMENT, 'name is required'],
      [
        'a name with a space',
        { runner_name: 'Echo', name: 'a b' },
        status.INVALID_ARGUMENT,
        /^name must begin with a letter/,
      ],
      [
        'a name that begins with a digit',
        { runner_name: 'Echo', name: '1a' },
        status.INVALID_ARGUMENT,
        /^name must begin with a letter/,
      ],
      [
        'a long name',
        { runner_name: 'Echo', name: 'a'.repeat(256) },
        status.INVALID_ARGUMENT,
        /^name must have at most 255/,
      ],
      ['no runner', { name: 'x' }, status.INVALID_ARGUMENT, 'runner_name or runner_id is required'],
      [
        'a runner that is not there',
        { name: 'x', runner_id: { value: 5n } },
        status.NOT_FOUND,
        'there is no runner with id 5',
      ],
      ['a runner of another type', { name: 'x', runner_name: 'LLM' }, status.UNIMPLEMENTED, /^runners of the type LLM/],
      [
        'settings that are no JSON',
        { name: 'x', runner_name: 'Echo', settings_json: 'x' },
        status.INVALID_ARGUMENT,
        /^settings_json: it is no JSON/,
      ],
    ])('are not made of %s', async (_what, request, code, details) => {
      const matching = typeof details === 'string' ? details : (expect.stringMatching(details) as string);
      await expect(create(request)).rejects.toMatchObject({ code, details: matching });
      await expect(upsert(request)).rejects.toMatchObject({ code, details: matching });
    });
  });

  describe('in sets', () => {
    const client = () => runtime.client;
    const runnerTarget = (name: string, using?: string) => ({
      function_id: { runner_id: { value: runnerIdOf(name) } },
      ...(using !== undefined && { using }),
    });
    const names = (specs: readonly FunctionSpecs[] = []) =>
      specs.map(({ name, methods }) => [name, Object.keys(methods?.schemas ?? {}).sort()]);

    it('are found with their descriptions, without those that are not there', async () => {
      const worker = (await client().unary(WorkerService, 'FindByName', { name: 'echo' })).data?.id ?? { value: 0n };
      const data = {
        name: 'tools',
        description: 'what there is',
        category: 7,
        targets: [
          runnerTarget('Echo', 'run'),
          { function_id: { runner_id: { value: 5n } } },
          runnerTarget('Echo', 'gone'),
          { function_id: { worker_id: worker }, using: 'slow' },
          runnerTarget('Hello'),
        ],
      };
      const { id } = await client().unary(FunctionSetService, 'Create', data);
      const expected = [
        ['Echo', ['run']],
        ['echo', ['slow']],
        ['Hello', ['run']],
      ];
      expect((await client().unary(FunctionSetService, 'Find', { value: id?.value ?? 0n })).data).toEqual({ id, data });
      const detail = (await client().unary(FunctionSetService, 'FindDetail', { value: id?.value ?? 0n })).data;
      expect(detail).toMatchObject({ id, data: { name: 'tools', description: 'what there is', category: 7 } });
      expect(names(detail?.data?.targets)).toEqual(expected);
      const byName = (await client().unary(FunctionSetService, 'FindDetailByName', { name: 'tools' })).data;
      expect(byName).toEqual(detail);
      expect(names(await collect(client().stream(FunctionService, 'FindListBySet', { name: 'tools' })))).toEqual(
        expected,
      );
      expect(await collect(client().stream(FunctionService, 'FindListBySet', { name: 'none' }))).toEqual([]);
    });

    it('are changed, listed, counted and deleted', async () => {
      const before = (await client().unary(FunctionSetService, 'Count', {})).total;
      const make = async (name: string) =>
        (await client().unary(FunctionSetService, 'Create', { name })).id ?? { value: 0n };
      const [a, b] = [await make('a'), await make('b')];
      expect((await client().unary(FunctionSetService, 'Count', {})).total).toBe(before + 2n);
      const listed = await collect(client().stream(FunctionSetService, 'FindList', { limit: 2 }));
      expect(listed.map(({ data }) => data?.name)).toEqual(['b', 'a']);
      const skipped = await collect(client().stream(FunctionSetService, 'FindList', { limit: 1, offset: 1n }));
      expect(skipped.map(({ data }) => data?.name)).toEqual(['a']);
      const data = { name: 'c', description: 'new', category: 1, targets: [runnerTarget('Hello')] };
      await client().unary(FunctionSetService, 'Update', { id: a, data });
      expect((await client().unary(FunctionSetService, 'FindByName', { name: 'c' })).data).toEqual({
        id: a,
        data,
      });
      expect(await client().unary(FunctionSetService, 'FindByName', { name: 'a' })).toEqual({});
      const remove = async () => (await client().unary(FunctionSetService, 'Delete', { value: b.value })).is_success;
      expect([await remove(), await remove()]).toEqual([true, false]);
      expect(await client().unary(FunctionSetService, 'FindDetail', { value: b.value })).toEqual({});
    });

    it('have names of their own, and targets that can be', async () => {
      await client().unary(FunctionSetService, 'Create', { name: 'taken' });
      const taken = { code: status.ALREADY_EXISTS, details: "there is a function set called 'taken' already" };
      await expect(client().unary(FunctionSetService, 'Create', { name: 'taken' })).rejects.toMatchObject(taken);
      const missing = { code: status.NOT_FOUND, details: 'there is no function set with id 5' };
      const update = (request: object) => client().unary(FunctionSetService, 'Update', request);
      await expect(update({ id: { value: 5n }, data: { name: 'x' } })).rejects.toMatchObject(missing);
      await expect(update({ data: { name: 'x' } })).rejects.toMatchObject({ details: 'id is required' });
      await expect(update({ id: { value: 5n } })).rejects.toMatchObject({ details: 'data is required' });
    });

    it.each<[string, object, string]>([
      ['no name', {}, 'name is required'],
      ['a name of spaces', { name: '  ' }, 'name is required'],
      ['a long name', { name: 'n'.repeat(256) }, 'name must have at most 255 characters, has 256'],
      ['control characters', { name: 'a\nb' }, 'name must not have control characters'],
      ['a target of nothing', { name: 'x', targets: [{}] }, 'targets[0].function_id is required'],
      [
        'a target without an id',
        { name: 'x', targets: [{ function_id: {} }] },
        'targets[0].function_id.runner_id or worker_id is required',
      ],
      [
        'the same target twice',
        { name: 'x', targets: [runnerTarget('Echo'), runnerTarget('Echo')] },
        'targets[1] is there twice',
      ],
      [
        'too many targets',
        { name: 'x', targets: Array.from({ length: 1001 }, () => ({})) },
        'targets must have at most 1000 entries',
      ],
      [
        'a long description',
        { name: 'x', description: 'd'.repeat(65_537) },
        'description must have at most 65536 characters',
      ],
    ])('are not made of %s', async (_what, data, details) => {
      await expect(client().unary(FunctionSetService, 'Create', data)).rejects.toMatchObject({
        code: status.INVALID_ARGUMENT,
        details,
      });
    });
  });
});

describe('a call whose job is kept', () => {
  it('runs after a restart, with its temporary worker, which is gone when it has ended', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bulkhead-functions-'));
    const database = join(folder, 'test.sqlite');
    const first = await startTestRuntime([testPlugin('echo')], { database, defaultConcurrency: 1 });
    const options = { response_type: ResponseType.NO_RESULT, store_success: true, queue_type: QueueType.WITH_BACKUP };
    const request = {
      runner_name: 'Echo___slow',
      args_json: '{"text":"kept","millis":500}',
      runner_parameters: { settings_json: '{"prefix":"still "}', worker_options: options },
    };
    // One runs when the server stops, the other one waits.
    const answers = [1, 2].map(() => collect(first.client.stream(FunctionService, 'Call', request)));
    const answer = (await Promise.all(answers)).at(-1)?.[0];
    await first.app.close({ drainMs: 0 });
    first.client.close();

    const temporary = () => {
      const opened = new DatabaseSync(database, { readOnly: true });
      const rows = opened.prepare('SELECT name FROM worker WHERE temporary = 1').all();
      opened.close();
      return rows.length;
    };
    expect(temporary()).toBe(1);
    const second = await startTestRuntime([testPlugin('echo')], { database });
    const job = { job_id: { value: BigInt(answer?.last_info?.job_id ?? 0) } };
    const stored = () => collect(second.client.stream(ResultService, 'FindListByJobId', job));
    await vi.waitFor(async () => expect(await stored()).toHaveLength(1), 20_000);
    const [{ data } = {}] = await stored();
    expect(data?.status).toBe(ResultStatus.SUCCESS);
    expect(Buffer.from(data?.output?.items ?? []).toString()).toContain('still kept');
    await vi.waitFor(() => expect(temporary()).toBe(0));
    expect((await second.client.unary(WorkerService, 'Count', {})).total).toBe(0n);
    await second.stop();
    rmSync(folder, { recursive: true });
  });
});
