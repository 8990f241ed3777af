/** Streams of real components over gRPC: output, feed, listeners, and how they end. */
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  JobProcessingStatus,
  type JobResult,
  type ResultOutputItem,
  ResultStatus,
  StreamingType,
} from '../../runtime/model/messages.gen.ts';
import { compileRunnerSchemas, type RunnerSchemas } from '../../runtime/plugins/schemas.ts';
import { component, testPlugin } from '../support/artifacts.ts';
import { OpenCall, openStream, resultIn } from '../support/open-call.ts';
import { startTestRuntime, type TestRuntime } from '../support/runtime.ts';

const JobService = 'jobworkerp.service.JobService';
const JobResultService = 'jobworkerp.service.JobResultService';
const StatusService = 'jobworkerp.service.JobProcessingStatusService';

describe('streams', () => {
  let runtime: TestRuntime;
  const schemas = new Map<string, RunnerSchemas>();

  const args = (runner: string, method: string, json: unknown): Uint8Array =>
    schemas.get(runner)?.method(method).args?.fromJson(json) ?? new Uint8Array();
  const read = (runner: string, method: string, bytes: Uint8Array | undefined): unknown =>
    schemas
      .get(runner)
      ?.method(method)
      .result?.toJson(bytes ?? new Uint8Array());
  const chunksOf = (call: OpenCall<ResultOutputItem>): unknown[] =>
    call.items.filter(({ data }) => data !== undefined).map(({ data }) => read('Echo', 'stream', data));
  const echo = (worker: string, json: object, headers?: Record<string, string>): OpenCall<ResultOutputItem> =>
    openStream(
      runtime.app.port,
      JobService,
      'EnqueueForStream',
      { worker_name: worker, using: 'stream', args: args('Echo', 'stream', { text: 'x', ...json }) },
      headers,
    );
  const statusOf = async (id: bigint) => (await runtime.client.unary(StatusService, 'Find', { value: id })).status;

  beforeAll(async () => {
    runtime = await startTestRuntime([testPlugin('echo'), component('guide-feed'), component('panics')], {
      channels: [{ name: 'one', concurrency: 1 }],
    });
    for (const name of ['Echo', 'MyFeedPlugin', 'Panics']) {
      const { data } = await runtime.client.unary('jobworkerp.service.RunnerService', 'FindByName', { name });
      const methods = Object.entries(data?.data?.method_proto_map?.schemas ?? {}).map(([method, schema]) => ({
        name: method,
        argsProto: schema.args_proto,
        resultProto: schema.result_proto,
        outputType: 'both' as const,
        needFeed: schema.require_client_stream,
        ...(schema.client_stream_data_proto !== undefined && { feedDataProto: schema.client_stream_data_proto }),
      }));
      schemas.set(
        name,
        compileRunnerSchemas({ name, description: '', settingsProto: '', settingsJsonSchema: '', methods }),
      );
    }
    await runtime.worker('Echo', { name: 'echo' });
    await runtime.worker('Echo', { name: 'silent', response_type: 0 });
    await runtime.worker('Echo', { name: 'loud', broadcast_results: true });
    await runtime.worker('Echo', { name: 'cast', response_type: 0, broadcast_results: true, store_success: true });
    await runtime.worker('MyFeedPlugin', { name: 'feed' });
    await runtime.worker('MyFeedPlugin', { name: 'guide', use_static: true, channel: 'one', store_success: true });
    await runtime.worker('Panics', { name: 'panics' });
  });
  afterAll(() => runtime.stop());

  describe('EnqueueForStream', () => {
    it('gives the chunks in order and ends with the trailer', async () => {
      const call = echo('echo', { chunks: 3 });
      expect(await call.end).toMatchObject({ code: status.OK });
      expect(chunksOf(call)).toEqual([1, 2, 3].map((calls) => ({ text: 'x', calls })));
      expect(call.items.at(-1)?.end?.metadata['bulkhead-cpu-ms']).toBeDefined();
      expect(call.items).toHaveLength(4);
    });

    it('gives the id at once and the first chunk as soon as there is one', async () => {
      const call = echo('echo', { chunks: 3, interval: 300 });
      const id = await call.jobId();
      await call.count(1);
      expect(await statusOf(id)).toBe(JobProcessingStatus.RUNNING);
      call.cancel();
    });

    it('ends at once where the submitter does not wait for results', async () => {
      const call = echo('silent', { chunks: 1 });
      expect(await call.jobId()).toBeGreaterThan(0n);
      expect(await call.end).toMatchObject({ code: status.OK });
      expect(call.items).toEqual([]);
    });

    it('adds the collected output where that is asked for: the last chunk, as jobworkerp collects', async () => {
      const call = echo('echo', { chunks: 2 }, { 'bulkhead-streaming': 'internal' });
      await call.end;
      expect(call.items.map((item) => Object.keys(item)[0])).toEqual(['data', 'data', 'final_collected', 'end']);
      expect(read('Echo', 'stream', call.items[2]?.final_collected)).toEqual({ text: 'x', calls: 2 });
    });

    it('fails with the result in the trailers', async () => {
      const call = openStream(runtime.app.port, JobService, 'EnqueueForStream', {
        worker_name: 'panics',
        args: args('Panics', 'run', { where: 'begin_stream', message: 'no stream today' }),
      });
      const end = await call.end;
      expect(end).toMatchObject({ code: status.FAILED_PRECONDITION, details: /^job_id=\d+, Fatal/ as never });
      const result = resultIn(end.trailers);
      expect(result.data?.status).toBe(ResultStatus.FATAL_ERROR);
      expect(Buffer.from(result.data?.output?.items ?? []).toString()).toContain('no stream today');
    });

    it('refuses a method that does not stream, with advice', async () => {
      const call = openStream(runtime.app.port, JobService, 'EnqueueForStream', { worker_name: 'echo', using: 'run' });
      expect(await call.end).toMatchObject({ code: status.INVALID_ARGUMENT, details: /use Enqueue$/ as never });
    });

    it('makes the plugin wait for a reader that is slow, and keeps no more than some chunks', async () => {
      const text = 'y'.repeat(100_000);
      const call = echo('loud', { text, chunks: 2000 });
      call.pause();
      const id = await call.jobId();
      await new Promise((resolve) => setTimeout(resolve, 500));
      const before = process.memoryUsage().rss;
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000);
      expect(await statusOf(id)).toBe(JobProcessingStatus.RUNNING);
      call.resume();
      expect(await call.end).toMatchObject({ code: status.OK });
      expect(call.items).toHaveLength(2001);
    });

    it('goes on without a reader that went, unless the reader asked for an end', async () => {
      const [stays, ends] = [
        echo('echo', { chunks: 20, interval: 50 }),
        echo('echo', { chunks: 20, interval: 50 }, { 'bulkhead-cancel-on-disconnect': 'true' }),
      ];
      const ids = await Promise.all([stays.jobId(), ends.jobId()]);
      await Promise.all([stays.count(1), ends.count(1)]);
      stays.cancel();
      ends.cancel();
      await expect.poll(() => statusOf(ids[1] ?? 0n)).toBeUndefined();
      expect(await statusOf(ids[0] ?? 0n)).toBe(JobProcessingStatus.RUNNING);
      await runtime.client.unary(JobService, 'Delete', { value: ids[0] ?? 0n });
    });

    it('refuses a header that it does not understand', async () => {
      const call = echo('echo', { chunks: 1 }, { 'bulkhead-cancel-on-disconnect': 'yes' });
      expect(await call.end).toMatchObject({
        code: status.INVALID_ARGUMENT,
        details: /must be false or true/ as never,
      });
    });
  });

  it('a stream is cancelled by Delete, and says so', async () => {
    const call = echo('echo', { chunks: 1000, interval: 20 });
    await call.count(1);
    const id = await call.jobId();
    expect(await runtime.client.unary(JobService, 'Delete', { value: id })).toEqual({ is_success: true });
    const end = await call.end;
    expect(end.code).toBe(status.CANCELLED);
    expect(resultIn(end.trailers).data?.status).toBe(ResultStatus.CANCELLED);
    await expect.poll(() => statusOf(id)).toBeUndefined();
  });

  describe('feeding', () => {
    const chunk = (bytes: number[]) => ({ data: Uint8Array.from([10, bytes.length, ...bytes]) });
    const request = (worker: string) => ({ worker_name: worker, args: args('MyFeedPlugin', 'run', { window: 2 }) });
    const levels = (call: OpenCall<ResultOutputItem>) =>
      call.items.filter(({ data }) => data).map(({ data }) => read('MyFeedPlugin', 'run', data));

    it('in the same call: windows come as they are fed, and the last chunk ends the stream', async () => {
      const call = new OpenCall<ResultOutputItem>(runtime.app.port, JobService, 'EnqueueWithClientStream');
      call.send({ job_request: request('feed') });
      call.send({ feed_data: { ...chunk([1, 7]), is_final: false } });
      await call.count(1);
      call.send({ feed_data: { ...chunk([3, 2, 9]), is_final: true } });
      call.finish();
      expect(await call.end).toMatchObject({ code: status.OK });
      expect(levels(call)).toEqual([
        { peak: 7, bytes: 2 },
        { peak: 3, bytes: 2 },
        { peak: 9, bytes: 1 },
      ]);
    });

    it('ends the feed where the client ends its side without a last chunk', async () => {
      const call = new OpenCall<ResultOutputItem>(runtime.app.port, JobService, 'EnqueueWithClientStream');
      call.send({ job_request: request('feed') });
      call.send({ feed_data: { ...chunk([5]), is_final: false } });
      call.finish();
      expect(await call.end).toMatchObject({ code: status.OK });
      expect(levels(call)).toEqual([{ peak: 5, bytes: 1 }]);
    });

    it('cancels the job of a client that goes away', async () => {
      const call = new OpenCall<ResultOutputItem>(runtime.app.port, JobService, 'EnqueueWithClientStream');
      call.send({ job_request: request('feed') });
      const id = await call.jobId();
      await expect.poll(() => statusOf(id)).toBe(JobProcessingStatus.RUNNING);
      call.cancel();
      await expect.poll(() => statusOf(id)).toBeUndefined();
    });

    it("the guide's way: by the job's id, while it runs", async () => {
      const call = openStream<ResultOutputItem>(runtime.app.port, JobService, 'EnqueueForStream', request('guide'));
      const id = { value: await call.jobId() };
      await expect.poll(() => statusOf(id.value)).toBe(JobProcessingStatus.RUNNING);
      const feed = (bytes: number[], is_final: boolean) =>
        runtime.client.unary(JobService, 'FeedToStream', { job_id: id, ...chunk(bytes), is_final });
      expect(await feed([4, 2], false)).toEqual({ accepted: true });
      await call.count(1);
      expect(await feed([8], true)).toEqual({ accepted: true });
      expect(await call.end).toMatchObject({ code: status.OK });
      expect(levels(call)).toEqual([
        { peak: 4, bytes: 2 },
        { peak: 8, bytes: 1 },
      ]);
    });

    it('both ways on the same job, in the order in which they came', async () => {
      const call = new OpenCall<ResultOutputItem>(runtime.app.port, JobService, 'EnqueueWithClientStream');
      call.send({ job_request: request('guide') });
      call.send({ feed_data: { ...chunk([1, 1]), is_final: false } });
      const id = { value: await call.jobId() };
      await call.count(1);
      await runtime.client.unary(JobService, 'FeedToStream', { job_id: id, ...chunk([2, 2]) });
      await call.count(2);
      call.send({ feed_data: { ...chunk([3, 3]), is_final: true } });
      call.finish();
      await call.end;
      expect(levels(call)).toEqual([1, 2, 3].map((peak) => ({ peak, bytes: 2 })));
    });

    it.each([
      [
        'a feed before the job',
        { feed_data: chunk([1]) },
        status.INVALID_ARGUMENT,
        'the first message must be job_request',
      ],
      ['an unknown worker', { job_request: { worker_name: 'no' } }, status.NOT_FOUND, "there is no worker called 'no'"],
      [
        'a method that reads no feed',
        { job_request: { worker_name: 'echo', using: 'stream' } },
        status.INVALID_ARGUMENT,
        /reads no feed: use EnqueueForStream/,
      ],
    ])('refuses %s', async (_what, first, code, details) => {
      const call = new OpenCall(runtime.app.port, JobService, 'EnqueueWithClientStream');
      call.send(first);
      const end = await call.end;
      expect(end.code).toBe(code);
      expect(end.details).toMatch(details);
    });

    it('ends the job where a second job_request comes', async () => {
      const call = new OpenCall(runtime.app.port, JobService, 'EnqueueWithClientStream');
      call.send({ job_request: request('feed') });
      call.send({ job_request: request('feed') });
      expect((await call.end).code).toBe(status.CANCELLED);
    });

    it('FeedToStream names the precondition that is not met', async () => {
      const refused = (id: bigint) =>
        runtime.client.unary(JobService, 'FeedToStream', { job_id: { value: id }, ...chunk([1]) });
      await expect(refused(1n)).rejects.toMatchObject({ code: status.NOT_FOUND });
      const call = echo('echo', { chunks: 100, interval: 50 });
      await call.count(1);
      await expect(refused(await call.jobId())).rejects.toMatchObject({
        code: status.FAILED_PRECONDITION,
        details: expect.stringContaining('reads no feed') as string,
      });
      call.cancel();
      const fed = new OpenCall(runtime.app.port, JobService, 'EnqueueWithClientStream');
      fed.send({ job_request: request('feed') });
      const id = await fed.jobId();
      await expect.poll(() => statusOf(id)).toBe(JobProcessingStatus.RUNNING);
      await expect(refused(id)).rejects.toMatchObject({
        code: status.FAILED_PRECONDITION,
        details: expect.stringContaining('use_static') as string,
      });
      fed.cancel();
    });
  });

  describe('listeners', () => {
    const listen = (id: bigint, timeout = 5000n, worker_name = 'cast') =>
      runtime.client.unary(JobResultService, 'Listen', { job_id: { value: id }, worker_name, timeout });
    const listenStream = (id: bigint, worker_name = 'cast') =>
      openStream<ResultOutputItem>(runtime.app.port, JobResultService, 'ListenStream', {
        job_id: { value: id },
        worker_name,
        timeout: 5000n,
      });
    const slowly = async (worker: string, millis: number) => {
      const { id } = await runtime.client.unary(JobService, 'Enqueue', {
        worker_name: worker,
        using: 'slow',
        args: args('Echo', 'slow', { text: 'z', millis }),
      });
      return id?.value ?? 0n;
    };

    it('Listen waits for the result, for several at once, and answers those who come late', async () => {
      const id = await slowly('cast', 100);
      const results = await Promise.all([listen(id), listen(id), listen(id)]);
      for (const result of [...results, await listen(id)]) {
        expect(result.data?.status).toBe(ResultStatus.SUCCESS);
        expect(read('Echo', 'slow', result.data?.output?.items)).toMatchObject({ text: 'z' });
      }
    });

    it('Listen gives up after its time', async () => {
      const id = await slowly('cast', 400);
      await expect(listen(id, 50n)).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
      expect((await listen(id)).data?.status).toBe(ResultStatus.SUCCESS);
    });

    it('Listen refuses what it could only wait for in vain', async () => {
      await expect(listen(1n)).rejects.toMatchObject({ code: status.NOT_FOUND });
      const quiet = await slowly('silent', 100);
      await expect(listen(quiet, 5000n, 'silent')).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
      const call = echo('cast', { chunks: 2, interval: 100 });
      await expect(listen(await call.jobId())).rejects.toMatchObject({
        code: status.INVALID_ARGUMENT,
        details: expect.stringContaining('use ListenStream') as string,
      });
    });

    it('ListenStream gives every listener all of it, also those who come when it is over', async () => {
      const id = await echo('cast', { chunks: 4, interval: 30 }).jobId();
      const early = [listenStream(id), listenStream(id)];
      for (const call of early) expect(await call.end).toMatchObject({ code: status.OK });
      const late = listenStream(id);
      expect(await late.end).toMatchObject({ code: status.OK });
      for (const call of [...early, late]) {
        expect(chunksOf(call)).toHaveLength(4);
        expect(call.items.at(-1)?.end).toBeDefined();
        expect(resultIn(await call.headers).data).toMatchObject({
          job_id: { value: id },
          streaming_type: StreamingType.STREAMING_TYPE_RESPONSE,
        });
      }
    });

    it('a listener beside the submitter gets the same chunks, and may leave without a trace', async () => {
      const call = echo('loud', { chunks: 6, interval: 30 });
      const id = await call.jobId();
      const [stays, leaves] = [listenStream(id, 'loud'), listenStream(id, 'loud')];
      await leaves.count(1);
      leaves.cancel();
      await Promise.all([call.end, stays.end]);
      expect(chunksOf(stays)).toEqual(chunksOf(call));
    });

    it('a slow listener is told so and holds nobody up', async () => {
      const call = echo('loud', { text: 'w'.repeat(50_000), chunks: 1500 });
      const slow = listenStream(await call.jobId(), 'loud');
      slow.pause();
      expect(await call.end).toMatchObject({ code: status.OK });
      slow.resume();
      expect(await slow.end).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    });

    it('ListenByWorker gives every result from then on', async () => {
      const call = openStream<JobResult>(runtime.app.port, JobResultService, 'ListenByWorker', { worker_name: 'cast' });
      // The stream has no first sign of life, so results are made until one is heard.
      const sent: bigint[] = [];
      const heard = call.count(3);
      const stop = setInterval(async () => sent.push(await slowly('cast', 1)), 20);
      await heard;
      clearInterval(stop);
      expect(sent).toEqual(expect.arrayContaining(call.items.map(({ data }) => data?.job_id?.value)));
      call.cancel();
    });
  });
});
