/** The services through a real client: runners, workers, results, and what is refused. */
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WireClient } from '../../runtime/api/client.ts';
import { implement } from '../../runtime/api/handlers.ts';
import { WireSchema } from '../../runtime/api/schema.ts';
import { localCaller } from '../../runtime/model/caller.ts';
import { type Engine, startEngine } from './engine.ts';
import { ok, describe as runner } from './fake-executor.ts';

const RunnerService = 'jobworkerp.service.RunnerService';
const WorkerService = 'jobworkerp.service.WorkerService';
const JobResultService = 'jobworkerp.service.JobResultService';

const settingsProto = 'syntax = "proto3"; message Settings { string folder = 1; }';
const argsProto = 'syntax = "proto3"; message Args { string text = 1; }';

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of stream) all.push(each);
  return all;
}

describe('the services', () => {
  let engine: Engine;
  let client: WireClient;
  let echo: bigint;

  beforeAll(async () => {
    engine = await startEngine({
      runners: [
        runner('echo', [{ argsProto, description: 'says it again' }], settingsProto),
        runner('guide', [
          { name: 'run' },
          { name: 'follow', outputType: 'streaming', needFeed: true, feedDataProto: argsProto },
        ]),
        runner('guide2'),
      ],
      body: (call) => ok(call.args),
      channels: [
        { name: '', concurrency: 4 },
        { name: 'slow', concurrency: 1 },
      ],
    });
    client = engine.client;
    echo = (await client.unary(RunnerService, 'FindByName', { name: 'echo' })).data?.id?.value ?? 0n;
  });
  afterAll(() => engine.stop());

  function create(name: string, change: object = {}): Promise<bigint> {
    return client
      .unary(WorkerService, 'Create', { name, runner_id: { value: echo }, ...change })
      .then(({ id }) => id?.value ?? 0n);
  }

  describe('RunnerService', () => {
    it('finds a runner by name and by id, with schemas, output type and feed of each method', async () => {
      const { data } = await client.unary(RunnerService, 'FindByName', { name: 'guide' });
      expect(data?.data).toMatchObject({
        name: 'guide',
        description: 'guide, a fake',
        runner_type: 0,
        definition: '/plugins/guide.wasm',
      });
      expect(data?.data?.method_proto_map?.schemas.follow).toEqual({
        args_proto: '',
        result_proto: '',
        output_type: 1,
        require_client_stream: true,
        client_stream_data_proto: argsProto,
      });
      expect(await client.unary(RunnerService, 'Find', data?.id ?? {})).toEqual({ data });
      expect(
        (await client.unary(RunnerService, 'FindByName', { name: 'echo' })).data?.data?.runner_settings_proto,
      ).toBe(settingsProto);
    });

    it('answers nothing for a runner that is not there', async () => {
      expect(await client.unary(RunnerService, 'Find', { value: 5n })).toEqual({});
      expect(await client.unary(RunnerService, 'FindByName', { name: 'nobody' })).toEqual({});
    });

    it('lists, pages, sorts, filters and counts', async () => {
      const names = async (request: object): Promise<string[]> =>
        (await collect(client.stream(RunnerService, 'FindListBy', request))).map((each) => each.data?.name ?? '');
      expect((await collect(client.stream(RunnerService, 'FindList', {}))).map((each) => each.data?.name)).toEqual([
        'guide2',
        'guide',
        'echo',
      ]);
      expect(await collect(client.stream(RunnerService, 'FindList', { limit: 1, offset: 1n }))).toHaveLength(1);
      expect(await names({ sort_by: 2, ascending: true })).toEqual(['echo', 'guide', 'guide2']);
      expect(await names({ name_filter: 'guide', ascending: true })).toEqual(['guide', 'guide2']);
      expect(await names({ runner_types: [1] })).toEqual([]);
      expect(await client.unary(RunnerService, 'Count', {})).toEqual({ total: 3n });
      expect(await client.unary(RunnerService, 'CountBy', { name_filter: 'e' })).toEqual({ total: 1n });
    });

    it('refuses a negative limit', async () => {
      await expect(collect(client.stream(RunnerService, 'FindList', { limit: -1 }))).rejects.toMatchObject({
        code: status.INVALID_ARGUMENT,
        details: 'limit must be 0 to 1000, got -1',
      });
    });
  });

  describe('WorkerService', () => {
    it('creates a worker and finds it by id and name as it was given', async () => {
      const given = {
        name: 'kept',
        description: 'd',
        runner_settings: Buffer.from([10, 1, 97]),
        channel: 'slow',
        response_type: 1,
        store_failure: true,
        use_static: true,
      } as const;
      const id = await create('kept', given);
      expect(id).toBeGreaterThan(2n ** 53n);
      const found = await client.unary(WorkerService, 'Find', { value: id });
      expect(found.data?.data).toMatchObject({
        ...given,
        runner_settings: expect.anything() as unknown,
        runner_id: { value: echo },
      });
      expect(Buffer.from(found.data?.data?.runner_settings ?? [])).toEqual(given.runner_settings);
      expect(await client.unary(WorkerService, 'FindByName', { name: 'kept' })).toEqual(found);
      expect(await client.unary(WorkerService, 'Find', { value: 1n })).toEqual({});
    });

    it('upserts: creates, then changes under the same id', async () => {
      const upsert = (description: string): Promise<bigint | undefined> =>
        client
          .unary(WorkerService, 'UpsertByName', { name: 'upserted', runner_id: { value: echo }, description })
          .then(({ id }) => id?.value);
      const first = await upsert('one');
      expect(await upsert('two')).toBe(first);
      expect((await client.unary(WorkerService, 'FindByName', { name: 'upserted' })).data?.data?.description).toBe(
        'two',
      );
    });

    it('creates one worker where many upserts of a name come at once', async () => {
      const ids = await Promise.all(
        Array.from({ length: 20 }, () =>
          client.unary(WorkerService, 'UpsertByName', { name: 'raced', runner_id: { value: echo } }),
        ),
      );
      expect(new Set(ids.map(({ id }) => id?.value)).size).toBe(1);
    });

    it('updates, also to another name, and deletes', async () => {
      const id = await create('before');
      const data = { name: 'after', runner_id: { value: echo } };
      expect(await client.unary(WorkerService, 'Update', { id: { value: id }, data })).toEqual({ is_success: true });
      expect(await client.unary(WorkerService, 'FindByName', { name: 'before' })).toEqual({});
      expect((await client.unary(WorkerService, 'FindByName', { name: 'after' })).data?.id?.value).toBe(id);
      expect(await client.unary(WorkerService, 'Delete', { value: id })).toEqual({ is_success: true });
      expect(await client.unary(WorkerService, 'Delete', { value: id })).toEqual({ is_success: false });
      await create('before');
    });

    it('lists with every filter and order, and counts the same', async () => {
      for (const name of ['list-b', 'list-a', 'list-c'])
        await create(name, name === 'list-c' ? { channel: 'slow' } : {});
      const list = async (request: object): Promise<string[]> =>
        (await collect(client.stream(WorkerService, 'FindList', { name_filter: 'list-', ...request }))).map(
          (each) => each.data?.name ?? '',
        );
      expect(await list({})).toEqual(['list-c', 'list-a', 'list-b']);
      expect(await list({ ascending: true })).toEqual(['list-b', 'list-a', 'list-c']);
      expect(await list({ sort_by: 2, ascending: true })).toEqual(['list-a', 'list-b', 'list-c']);
      expect(await list({ limit: 1, offset: 1n })).toEqual(['list-a']);
      expect(await list({ channel: 'slow' })).toEqual(['list-c']);
      expect(await list({ is_periodic: true })).toEqual([]);
      expect(await list({ runner_ids: [{ value: 1n }] })).toEqual([]);
      expect(await list({ runner_types: [0, 3] })).toHaveLength(3);
      expect(await list({ runner_types: [3] })).toEqual([]);
      expect(await client.unary(WorkerService, 'CountBy', { name_filter: 'list-', channel: 'slow' })).toEqual({
        total: 1n,
      });
      expect((await client.unary(WorkerService, 'Count', {})).total).toBeGreaterThanOrEqual(3n);
    });

    it('streams a thousand workers', async () => {
      for (let i = 0; i < 1000; i++) await create(`many-${i}`);
      expect(await collect(client.stream(WorkerService, 'FindList', { name_filter: 'many-' }))).toHaveLength(1000);
    }, 20_000);

    it.each([
      ['no name', {}, status.INVALID_ARGUMENT, 'name is required'],
      [
        'a name with a control character',
        { name: 'a\nb' },
        status.INVALID_ARGUMENT,
        /^name must not have control characters/,
      ],
      ['a name of 256 characters', { name: 'x'.repeat(256) }, status.INVALID_ARGUMENT, /at most 255/],
      ['no runner', { name: 'n', runner_id: undefined }, status.INVALID_ARGUMENT, 'runner_id is required'],
      [
        'a runner that is not there',
        { name: 'n', runner_id: { value: 7n } },
        status.NOT_FOUND,
        'there is no runner with id 7',
      ],
      [
        'settings that are no message of the schema',
        { name: 'n', runner_settings: Buffer.from([8, 1]) },
        status.INVALID_ARGUMENT,
        /settings schema of runner 'echo'.*'folder'/,
      ],
      [
        'a channel that is not served',
        { name: 'n', channel: 'nowhere' },
        status.INVALID_ARGUMENT,
        "channel 'nowhere' is not served here; there are: [default], slow",
      ],
      [
        'a response type that does not exist',
        { name: 'n', response_type: 7 },
        status.INVALID_ARGUMENT,
        'response_type has no value 7',
      ],
      [
        'DIRECT with a queue in the database',
        { name: 'n', queue_type: 2, response_type: 1 },
        status.INVALID_ARGUMENT,
        /^response_type must not be DIRECT with queue_type DB_ONLY/,
      ],
      [
        'a period of a millisecond',
        { name: 'n', periodic_interval: 1 },
        status.INVALID_ARGUMENT,
        /^periodic_interval must be/,
      ],
      [
        'a period with DIRECT',
        { name: 'n', periodic_interval: 1000, response_type: 1 },
        status.INVALID_ARGUMENT,
        /^response_type must not be DIRECT with a periodic_interval/,
      ],
      [
        'more attempts than there may be',
        { name: 'n', retry_policy: { type: 3, max_retry: 5000 } },
        status.INVALID_ARGUMENT,
        'retry_policy.max_retry must be at most 1000',
      ],
      [
        'waits that shrink',
        { name: 'n', retry_policy: { type: 1, basis: 0.5 } },
        status.INVALID_ARGUMENT,
        /^retry_policy.basis must be at least 1/,
      ],
      [
        'a retry type that does not exist',
        { name: 'n', retry_policy: { type: 9 } },
        status.INVALID_ARGUMENT,
        'retry_policy.type has no value 9',
      ],
    ])('refuses %s', async (_what, change, code, details) => {
      const request = { name: '', runner_id: { value: echo }, ...change };
      const matching = typeof details === 'string' ? details : (expect.stringMatching(details) as string);
      await expect(client.unary(WorkerService, 'Create', request as object)).rejects.toMatchObject({
        code,
        details: matching,
      });
    });

    it('refuses a name that is taken, on creating and on changing', async () => {
      const [, other] = [await create('taken'), await create('other')];
      await expect(create('taken')).rejects.toMatchObject({
        code: status.ALREADY_EXISTS,
        details: "there is a worker called 'taken' already",
      });
      await expect(
        client.unary(WorkerService, 'Update', {
          id: { value: other },
          data: { name: 'taken', runner_id: { value: echo } },
        }),
      ).rejects.toMatchObject({ code: status.ALREADY_EXISTS });
      expect((await client.unary(WorkerService, 'Find', { value: other })).data?.data?.name).toBe('other');
    });

    it('refuses to change a worker that is not there, or with nothing', async () => {
      const data = { name: 'x', runner_id: { value: echo } };
      await expect(client.unary(WorkerService, 'Update', { id: { value: 1n }, data })).rejects.toMatchObject({
        code: status.NOT_FOUND,
        details: 'there is no worker with id 1',
      });
      await expect(client.unary(WorkerService, 'Update', { data })).rejects.toMatchObject({
        details: 'id is required',
      });
      await expect(client.unary(WorkerService, 'Update', { id: { value: 1n } })).rejects.toMatchObject({
        details: 'data is required',
      });
    });

    it('says code and details of an error to programs', async () => {
      const error: unknown = await client
        .unary(WorkerService, 'Create', { name: 'n', runner_id: { value: 7n } })
        .catch((thrown: unknown) => thrown);
      const trailer = (error as { metadata: { get(key: string): string[] } }).metadata.get('bulkhead-error')[0];
      expect(JSON.parse(trailer ?? '')).toEqual({ code: 'runner-not-found', details: { id: '7' } });
    });
  });

  describe('JobResultService', () => {
    it('answers nothing for results that are not there, and refuses a missing job id', async () => {
      expect(await client.unary(JobResultService, 'Find', { value: 1n })).toEqual({});
      expect(await collect(client.stream(JobResultService, 'FindListByJobId', { job_id: { value: 1n } }))).toEqual([]);
      await expect(collect(client.stream(JobResultService, 'FindListByJobId', {}))).rejects.toMatchObject({
        code: status.INVALID_ARGUMENT,
        details: 'job_id is required',
      });
    });
  });
});

describe('an RPC without a handler', () => {
  it('answers UNIMPLEMENTED with its name', async () => {
    const name = 'jobworkerp.service.RunnerService';
    const definition = new WireSchema().service(name);
    const server = new Server();
    server.addService(
      definition,
      implement<typeof name>(
        definition,
        {},
        () => {},
        () => localCaller,
      ),
    );
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    const client = new WireClient(`127.0.0.1:${port}`);
    const refusal = (method: string) => ({
      code: status.UNIMPLEMENTED,
      details: `${name}/${method} is not offered by this version of Bulkhead`,
    });
    await expect(client.unary(name, 'Find', {})).rejects.toMatchObject(refusal('Find'));
    await expect(collect(client.stream(name, 'FindList', {}))).rejects.toMatchObject(refusal('FindList'));
    client.close();
    server.forceShutdown();
  });
});
