/** JobService.Enqueue through a real client, from the request to the result. */
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WireSchema } from '../../runtime/api/schema.ts';
import { BulkheadError } from '../../runtime/errors.ts';
import type { CallOutcome, MethodCall } from '../../runtime/model/call.ts';
import { type JobResult, ResultStatus } from '../../runtime/model/messages.gen.ts';
import { type Engine, startEngine } from './engine.ts';
import { ok, describe as runner } from './fake-executor.ts';

const JobService = 'jobworkerp.service.JobService';
const WorkerService = 'jobworkerp.service.WorkerService';
const JobResultService = 'jobworkerp.service.JobResultService';
const argsProto = 'syntax = "proto3"; message Args { string text = 1; }';
const schema = new WireSchema();

/** A message of the args schema. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([10, bytes.length]), bytes]);
}

function textOf(result: JobResult | undefined): string {
  return Buffer.from(result?.data?.output?.items ?? []).toString();
}

/** The fake plugin: what it does is said by its argument. */
async function body(call: MethodCall, signal: AbortSignal | undefined): Promise<CallOutcome> {
  const word = Buffer.from(call.args).subarray(2).toString();
  if (word === 'fail')
    return { ok: false, error: { code: 'plugin-failed', message: 'no such image: ü' }, metadata: { hint: 'h' } };
  if (word === 'panic')
    return { ok: false, error: { code: 'plugin-panicked', message: "panicked at 'oh', src/lib.rs:3:5" }, metadata: {} };
  if (word === 'defect') throw new TypeError('/home/secret is undefined');
  if (word === 'wait') await new Promise((resolve) => setTimeout(resolve, 50));
  if (word === 'forever') {
    return await new Promise((resolve) =>
      signal?.addEventListener('abort', () =>
        resolve({ ok: false, error: BulkheadError.from(signal.reason).toJSON(), metadata: {} }),
      ),
    );
  }
  return ok(call.args, {
    ...call.metadata,
    using: call.using ?? '(none)',
    ...(word === 'size of buffer' && { buffer: String(call.args.buffer.byteLength) }),
  });
}

describe('Enqueue', () => {
  let engine: Engine;

  beforeAll(async () => {
    engine = await startEngine({
      runners: [
        runner('one', [{ argsProto }]),
        runner('many', [
          { name: 'run' },
          { name: 'both', outputType: 'both' },
          { name: 'stream', outputType: 'streaming' },
          { name: 'feed', outputType: 'both', needFeed: true },
          { name: 'listed', outputType: 'none' },
        ]),
      ],
      body,
      maxRequestBytes: 100_000,
      queueCapacity: 5,
      channels: [
        { name: '', concurrency: 4 },
        { name: 'narrow', concurrency: 1 },
      ],
    });
    const [one, many] = [2n ** 60n + 1n, 2n ** 60n + 2n];
    await engine.client.unary(WorkerService, 'Create', {
      name: 'direct',
      runner_id: { value: one },
      response_type: 1,
      store_failure: true,
    });
    await engine.client.unary(WorkerService, 'Create', {
      name: 'later',
      runner_id: { value: one },
      store_success: true,
      store_failure: true,
    });
    await engine.client.unary(WorkerService, 'Create', { name: 'many', runner_id: { value: many }, response_type: 1 });
    await engine.client.unary(WorkerService, 'Create', {
      name: 'narrow',
      runner_id: { value: one },
      channel: 'narrow',
    });
  });
  afterAll(() => engine.stop());

  const enqueue = (request: object, headers: Record<string, string | Buffer> = {}) =>
    engine.client.answer(JobService, 'Enqueue', request, { headers, timeoutMs: 10_000 });
  const direct = async (word: string, change: object = {}) =>
    (await enqueue({ worker_name: 'direct', args: text(word), ...change })).message;

  async function stored(jobId: bigint): Promise<JobResult[]> {
    const all: JobResult[] = [];
    for await (const each of engine.client.stream(JobResultService, 'FindListByJobId', { job_id: { value: jobId } }))
      all.push(each);
    return all;
  }

  it('answers a DIRECT job with its result, all of it', async () => {
    const before = BigInt(Date.now());
    const { id, result } = await direct('hello', { priority: 1, timeout: 5000n });
    expect(textOf(result)).toBe(text('hello').toString());
    expect(result?.data).toMatchObject({
      job_id: id,
      worker_name: 'direct',
      status: ResultStatus.SUCCESS,
      retried: 0,
      priority: 1,
      timeout: 5000n,
      response_type: 1,
      store_failure: true,
      using: 'run',
    });
    expect(result?.id?.value).toBeGreaterThan(id?.value ?? 0n);
    const { enqueue_time: enqueued = 0n, start_time: started = 0n, end_time: ended = 0n } = result?.data ?? {};
    expect(before <= enqueued && enqueued <= started && started <= ended).toBe(true);
  });

  it('takes the worker by id as well', async () => {
    const { data } = await engine.client.unary(WorkerService, 'FindByName', { name: 'direct' });
    const { message } = await enqueue({ worker_id: data?.id, args: text('by id') });
    expect(message.result?.data?.worker_id).toEqual(data?.id);
  });

  it('answers a NO_RESULT job at once and stores its result', async () => {
    const began = performance.now();
    const { message } = await enqueue({ worker_name: 'later', args: text('wait') });
    expect(performance.now() - began).toBeLessThan(45);
    expect('result' in message).toBe(false);
    await expect.poll(() => stored(message.id?.value ?? 0n)).toHaveLength(1);
    const [result] = await stored(message.id?.value ?? 0n);
    expect(textOf(result)).toBe(text('wait').toString());
    expect((await engine.client.unary(JobResultService, 'Find', result?.id ?? {})).data).toEqual(result);
  });

  it("sends the job's id as a header", async () => {
    for (const worker of ['direct', 'later']) {
      const { message, headers } = await enqueue({ worker_name: worker, args: text('x') });
      expect(schema.codec('jobworkerp.data.JobId').decode(headers.get('x-job-id-bin')[0] as Buffer)).toEqual(
        message.id,
      );
    }
  });

  it('lets a job override what its worker says', async () => {
    const later = await enqueue({
      worker_name: 'direct',
      args: text('x'),
      overrides: { response_type: 0, store_success: true },
    });
    expect('result' in later.message).toBe(false);
    await expect.poll(() => stored(later.message.id?.value ?? 0n)).toHaveLength(1);
    const now = await enqueue({
      worker_name: 'later',
      args: text('x'),
      overrides: { response_type: 1, store_success: false },
    });
    expect(textOf(now.message.result)).toBe(text('x').toString());
    expect(await stored(now.message.id?.value ?? 0n)).toEqual([]);
  });

  it('passes text headers to the plugin, but no token and nothing of gRPC, and brings its metadata back', async () => {
    const { message } = await enqueue(
      { worker_name: 'direct', args: text('x') },
      { 'x-trace': 'abc', 'jobworkerp-auth': 'secret', 'x-blob-bin': Buffer.from([1]) },
    );
    expect(message.result?.metadata).toEqual({ 'x-trace': 'abc', using: '(none)' });
  });

  it('answers a job that failed with its result, not with an error', async () => {
    const failed = await direct('fail');
    expect(failed.result).toMatchObject({ data: { status: ResultStatus.FATAL_ERROR }, metadata: { hint: 'h' } });
    expect(textOf(failed.result)).toBe('no such image: ü');
    expect(await stored(failed.id?.value ?? 0n)).toHaveLength(1);
    const panicked = await direct('panic');
    expect(textOf(panicked.result)).toBe("panicked at 'oh', src/lib.rs:3:5");
  });

  it('says nothing of what went wrong inside the host, and logs it', async () => {
    const { result } = await direct('defect');
    expect(result?.data?.status).toBe(ResultStatus.OTHER_ERROR);
    expect(textOf(result)).not.toContain('secret');
    expect(engine.log.some(({ fields }) => String(fields?.error).includes('secret'))).toBe(true);
  });

  it('ends a job at its timeout', async () => {
    const { result } = await direct('forever', { timeout: 20n });
    expect(result?.data?.status).toBe(ResultStatus.MAX_RETRY);
    expect(textOf(result)).toBe('the job did not end within its 20 ms');
  });

  it('keeps 2000 jobs, several at a time, apart', async () => {
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let i = next++; i < 2000; i = next++)
        expect(textOf((await direct(`job ${i}`)).result)).toBe(text(`job ${i}`).toString());
    };
    // Four at a time run, so with a capacity of five no more than nine may be on their way.
    await Promise.all(Array.from({ length: 9 }, lane));
  }, 30_000);

  describe('methods', () => {
    const using = async (method: string | undefined) =>
      (await enqueue({ worker_name: 'many', ...(method !== undefined && { using: method }) })).message.result;

    it('runs the one that is named, and reports it', async () => {
      expect(await using('both')).toMatchObject({ data: { using: 'both' }, metadata: { using: 'both' } });
    });

    it.each([undefined, ''])('runs the method `run` where %j is named, and the plugin sees none', async (named) => {
      expect(await using(named)).toMatchObject({ data: { using: 'run' } });
    });

    it.each([
      ['nope', "runner 'many' has no method 'nope'; it has: run, both, stream, feed, listed"],
      ['stream', /only streams its output/],
      ['feed', /reads a feed/],
      ['listed', /never runs/],
    ])('refuses %j', async (method, details) => {
      const matching = typeof details === 'string' ? details : (expect.stringMatching(details) as string);
      await expect(using(method)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT, details: matching });
    });

    it('refuses a name that the only method does not have', async () => {
      await expect(direct('x', { using: 'other' })).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    });
  });

  it.each([
    ['no worker', { worker_name: undefined }, status.INVALID_ARGUMENT, 'worker_id or worker_name is required'],
    ['an empty worker name', { worker_name: '' }, status.INVALID_ARGUMENT, 'worker_id or worker_name is required'],
    ['an unknown name', { worker_name: 'nobody' }, status.NOT_FOUND, "there is no worker called 'nobody'"],
    [
      'an unknown id',
      { worker_name: undefined, worker_id: { value: -1n } },
      status.NOT_FOUND,
      'there is no worker with id -1',
    ],
    [
      'arguments that do not decode',
      { args: Buffer.from([10, 9, 1]) },
      status.INVALID_ARGUMENT,
      /args schema of method 'run' \(Args\): field 'text' claims 9 bytes, but 1 are left/,
    ],
    [
      'arguments of another shape',
      { args: Buffer.from([8, 1]) },
      status.INVALID_ARGUMENT,
      /field 'text' of Args is a length-delimited field, but the bytes have a varint/,
    ],
    ['a priority that does not exist', { priority: 9 }, status.INVALID_ARGUMENT, 'priority has no value 9'],
    [
      'a time in the past before 1970',
      { run_after_time: -1n },
      status.INVALID_ARGUMENT,
      'run_after_time must be milliseconds since 1970, not negative',
    ],
    [
      'a unique key that is too long',
      { uniq_key: 'k'.repeat(300) },
      status.INVALID_ARGUMENT,
      /^uniq_key must have at most 255/,
    ],
    [
      'a retry policy that does not exist',
      { overrides: { retry_policy: { type: 7 } } },
      status.INVALID_ARGUMENT,
      'overrides.retry_policy.type has no value 7',
    ],
    [
      'a response type that does not exist',
      { overrides: { response_type: 9 } },
      status.INVALID_ARGUMENT,
      'overrides.response_type has no value 9',
    ],
    ['a timeout beyond counting', { timeout: 2n ** 64n - 1n }, status.INVALID_ARGUMENT, /^timeout must be at most/],
    [
      'a message that is too large',
      { args: text('x'.repeat(10)), uniq_key: 'k'.repeat(200_000) },
      status.RESOURCE_EXHAUSTED,
      /larger than max \(\d+ vs\.? 100000\)/,
    ],
  ])('refuses %s', async (_what, change, code, details) => {
    const matching = typeof details === 'string' ? details : (expect.stringMatching(details) as string);
    await expect(enqueue({ worker_name: 'direct', args: text('x'), ...change })).rejects.toMatchObject({
      code,
      details: matching,
    });
  });

  it('takes a time that is over, and an empty unique key', async () => {
    expect((await direct('x', { run_after_time: 1n, uniq_key: '' })).result?.data?.status).toBe(ResultStatus.SUCCESS);
  });

  it('refuses jobs when the queue is full, and takes them again later', async () => {
    const narrow = (): Promise<unknown> => enqueue({ worker_name: 'narrow', args: text('wait') });
    const all = await Promise.allSettled(Array.from({ length: 20 }, narrow));
    const refused = all.filter((each) => each.status === 'rejected');
    expect(refused).toHaveLength(14);
    expect(refused[0]?.reason).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: expect.stringContaining('channel narrow already holds 5') as string,
    });
    await expect
      .poll(
        () =>
          narrow().then(
            () => true,
            () => false,
          ),
        { timeout: 3000 },
      )
      .toBe(true);
  });

  it('keeps no network buffer alive for small arguments', async () => {
    const { result } = await direct('size of buffer');
    expect(Number(result?.metadata['buffer'])).toBeLessThan(1000);
  });

  it('does not mind a client that goes away while its job runs', async () => {
    await expect(
      engine.client.unary(JobService, 'Enqueue', { worker_name: 'direct', args: text('wait') }, { timeoutMs: 10 }),
    ).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await direct('x')).result?.data?.status).toBe(ResultStatus.SUCCESS);
    expect(engine.log.filter(({ message }) => message === 'a request failed')).toEqual([]);
  });
});
