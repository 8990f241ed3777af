/** Who may do what, through the real server: tokens, roles, reach and limits, over gRPC and gRPC-Web. */
import { connect } from 'node:http2';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { demands } from '../../runtime/access/rights.ts';
import { WireSchema } from '../../runtime/api/schema.ts';
import { ResponseType } from '../../runtime/model/messages.gen.ts';
import { frame, send } from './edge.ts';
import type { Engine, EngineOptions } from './engine.ts';
import { ok } from './fake-executor.ts';
import { as, collect, type Holder, outcome, startWithTokens } from './tokens.ts';

const RunnerService = 'jobworkerp.service.RunnerService';
const WorkerService = 'jobworkerp.service.WorkerService';
const JobService = 'jobworkerp.service.JobService';
const JobResultService = 'jobworkerp.service.JobResultService';
const runnerId = { value: 2n ** 60n + 1n };
const schema = new WireSchema();
const engines: Engine[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const engine of engines.splice(0)) await engine.stop(10);
});

async function start(holders: Record<string, Holder>, options: Partial<EngineOptions> = {}): Promise<Engine> {
  const engine = await startWithTokens(holders, options);
  engines.push(engine);
  return engine;
}

/** Creates DIRECT workers, as `boss`. Answers their ids. */
async function makeWorkers({ client }: Engine, channels: Record<string, string | undefined>): Promise<bigint[]> {
  const ids: bigint[] = [];
  for (const [name, channel] of Object.entries(channels)) {
    const data = {
      name,
      runner_id: runnerId,
      response_type: ResponseType.DIRECT,
      store_success: true,
      ...(channel && { channel }),
    };
    ids.push((await client.unary(WorkerService, 'Create', data, as('boss'))).id?.value ?? 0n);
  }
  return ids;
}

const clients: Client[] = [];

/** A client without a schema. */
function bare({ address }: Engine): Client {
  const client = new Client(address, credentials.createInsecure());
  clients.push(client);
  return client;
}

/** Calls any method with an empty request. */
function callEmpty(client: Client, path: string, token?: string): Promise<string> {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('jobworkerp-auth', token);
  const asIs = (bytes: Buffer) => bytes;
  return outcome(
    new Promise((resolve, reject) => {
      const call = client.makeBidiStreamRequest(path, asIs, asIs, metadata);
      call
        .on('data', () => undefined)
        .on('error', reject)
        .on('end', resolve);
      call.end(Buffer.alloc(0));
    }),
  );
}

const paths = schema.serviceNames().flatMap((name) => Object.values(schema.service(name)).map(({ path }) => path));

describe('a call', () => {
  it('of any RPC needs a token of the server', async () => {
    const client = bare(await start({}));
    for (const path of [...paths, '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo'])
      for (const token of [undefined, 'secret of nobody', ''])
        expect([path, await callEmpty(client, path, token)]).toEqual([path, 'UNAUTHENTICATED unauthenticated']);
  });

  it('is for the roles that the table says, and for full reach where it says so', async () => {
    const engine = await start({
      ...{ reader: { role: 'reader' }, submitter: { role: 'submitter' } },
      limited: { role: 'admin', workers: ['a*'] },
    });
    const client = bare(engine);
    const roles = ['reader', 'submitter', 'admin'];
    const refused = 'PERMISSION_DENIED permission-denied';
    for (const path of paths) {
      const { role, scope } = demands.get(path.slice(1)) ?? { role: 'admin', scope: 'whole' };
      for (const name of ['reader', 'submitter']) {
        const answer = await callEmpty(client, path, `secret of ${name}`);
        expect([path, name, answer === refused]).toEqual([path, name, roles.indexOf(name) < roles.indexOf(role)]);
      }
      const limited = await callEmpty(client, path, 'secret of limited');
      if (scope === 'whole') expect([path, limited]).toEqual([path, refused]);
    }
  });

  it('to health needs none, and to reflection any', async () => {
    const client = bare(await start({ reader: { role: 'reader', workers: [], channels: [] } }));
    expect(await callEmpty(client, '/grpc.health.v1.Health/Check')).toBe('OK');
    const reflection = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
    expect(await callEmpty(client, reflection, 'secret of reader')).not.toMatch(/UNAUTHENTICATED|PERMISSION/);
  });

  it('is refused before its request is read', async () => {
    const { address } = await start({});
    const session = connect(`http://${address}`);
    const stream = session.request({
      ...{ ':method': 'POST', ':path': `/${JobService}/Enqueue` },
      ...{ 'content-type': 'application/grpc', te: 'trailers' },
    });
    const headers = await new Promise((resolve) => stream.once('response', resolve));
    expect(headers).toMatchObject({ 'grpc-status': String(status.UNAUTHENTICATED) });
    session.destroy();
  });

  it('without a token is told to the operator, once, and never with what it brought', async () => {
    const engine = await start({});
    for (let more = 0; more < 5; more++) await callEmpty(bare(engine), `/${JobService}/Enqueue`, 'hunter2 hunter2');
    const lines = engine.log.filter(({ level }) => level === 'warn');
    expect(lines).toHaveLength(1);
    expect(lines[0]?.fields).toMatchObject({
      rpc: `${JobService}/Enqueue`,
      peer: expect.stringMatching(/127\.0\.0\.1/),
    });
    expect(JSON.stringify(engine.log)).not.toContain('hunter2');
  });

  it('over gRPC-Web meets the same gate', async () => {
    const engine = await start({ reader: { role: 'reader' } });
    const ask = (headers = {}) => send(engine.server.port, `/${RunnerService}/Count`, frame(''), { headers });
    expect((await ask()).trailers['grpc-status']).toEqual([String(status.UNAUTHENTICATED)]);
    expect((await ask(as('reader').headers)).trailers['grpc-status']).toEqual(['0']);
    const create = await send(engine.server.port, `/${WorkerService}/Create`, frame(''), as('reader'));
    expect(create.trailers['grpc-status']).toEqual([String(status.PERMISSION_DENIED)]);
    expect(create.trailers['bulkhead-error']?.[0]).toContain('permission-denied');
  });
});

describe('a submitter', () => {
  it('runs jobs on the workers within reach, by their names and channels, and on no others', async () => {
    const engine = await start({ ci: { role: 'submitter', workers: ['build-*'], channels: ['[default]', 'blue'] } });
    const channels = { 'build-a': undefined, 'build-b': 'blue', 'build-c': 'red', deploy: 'blue' };
    const ids = await makeWorkers(engine, channels);
    const enqueue = (worker: object) => outcome(engine.client.unary(JobService, 'Enqueue', worker, as('ci')));
    const byName = await Promise.all(Object.keys(channels).map((name) => enqueue({ worker_name: name })));
    const byId = await Promise.all(ids.map((value) => enqueue({ worker_id: { value } })));
    const refused = 'PERMISSION_DENIED permission-denied';
    expect(byName).toEqual(['OK', 'OK', refused, refused]);
    expect(byId).toEqual(byName);
    // What is out of reach is refused alike, whether it is there or not.
    expect(await enqueue({ worker_name: 'secret-project' })).toBe(refused);
    expect(await enqueue({ worker_name: 'build-nothing' })).toBe('NOT_FOUND worker-not-found');
  });

  it('is told what it may use, and not what is behind an id', async () => {
    const engine = await start({ ci: { role: 'submitter', workers: ['build-*'], channels: ['*'] } });
    const [id = 0n] = await makeWorkers(engine, { 'secret-project': undefined });
    const byName = engine.client.unary(JobService, 'Enqueue', { worker_name: 'other' }, as('ci'));
    await expect(byName).rejects.toMatchObject({
      details: "token 'ci' may not use worker 'other'; its workers: 'build-*'",
    });
    const byId = engine.client.unary(JobService, 'Enqueue', { worker_id: { value: id } }, as('ci'));
    await expect(byId).rejects.toMatchObject({ details: expect.not.stringContaining('secret-project') as string });
  });

  it('does not hand its token to the plugin; the job is marked with its name', async () => {
    let metadata: unknown;
    let caller: unknown;
    const engine = await start(
      {},
      {
        body: (call) => {
          metadata = call.metadata;
          caller = call.job.caller;
          return ok(call.args);
        },
      },
    );
    await makeWorkers(engine, { w: undefined });
    const headers = { ...as('boss').headers, 'x-own': 'kept' };
    await engine.client.unary(JobService, 'Enqueue', { worker_name: 'w' }, { headers });
    expect(metadata).toEqual({ 'x-own': 'kept' });
    expect(caller).toBe('boss');
  });
});

describe('a reader with a limited reach', () => {
  it('finds, lists and counts the workers within it, as if there were no others', async () => {
    const engine = await start({ watcher: { role: 'reader', workers: ['build-*'], channels: ['blue'] } });
    const ids = await makeWorkers(engine, { 'build-a': 'blue', 'build-b': 'blue', 'build-c': 'red', other: 'blue' });
    const { client } = engine;
    const listed = await collect(client.stream(WorkerService, 'FindList', { ascending: true }, as('watcher')));
    expect(listed.map(({ data }) => data?.name)).toEqual(['build-a', 'build-b']);
    const page = await collect(client.stream(WorkerService, 'FindList', { limit: 1, offset: 1n }, as('watcher')));
    expect(page.map(({ data }) => data?.name)).toEqual(['build-a']);
    expect((await client.unary(WorkerService, 'Count', {}, as('watcher'))).total).toBe(2n);
    expect((await client.unary(WorkerService, 'CountBy', { channel: 'red' }, as('watcher'))).total).toBe(0n);
    const found = await Promise.all(ids.map((value) => client.unary(WorkerService, 'Find', { value }, as('watcher'))));
    expect(found.map(({ data }) => data !== undefined)).toEqual([true, true, false, false]);
    expect((await client.unary(WorkerService, 'FindByName', { name: 'other' }, as('watcher'))).data).toBeUndefined();
    expect((await client.unary(WorkerService, 'FindByName', { name: 'other' }, as('boss'))).data).toBeDefined();
  });

  it('finds the results of those workers by the names they have now, and none of workers that are gone', async () => {
    const engine = await start({ watcher: { role: 'reader', workers: ['build-*'], channels: ['blue'] } });
    const [a = 0n] = await makeWorkers(engine, { 'build-a': 'blue', 'build-c': 'red', other: 'blue' });
    const { client } = engine;
    const run = async (name: string) => {
      const { id, result } = await client.unary(JobService, 'Enqueue', { worker_name: name }, as('boss'));
      return { job_id: id ?? { value: 0n }, result: result?.id ?? { value: 0n } };
    };
    const seen = async (jobs: readonly Awaited<ReturnType<typeof run>>[], name: string) =>
      Promise.all(
        jobs.map(async ({ job_id, result }) => [
          (await client.unary(JobResultService, 'Find', result, as(name))).data !== undefined,
          (await collect(client.stream(JobResultService, 'FindListByJobId', { job_id }, as(name)))).length,
        ]),
      );
    const jobs = [await run('build-a'), await run('build-c'), await run('other')];
    const [there, hidden] = [
      [true, 1],
      [false, 0],
    ];
    expect(await seen(jobs, 'watcher')).toEqual([there, hidden, hidden]);
    expect(await seen(jobs, 'boss')).toEqual([there, there, there]);
    const named = (name: string) => ({ id: { value: a }, data: { name, runner_id: runnerId, channel: 'blue' } });
    await client.unary(WorkerService, 'Update', named('other-a'), as('boss'));
    expect(await seen(jobs, 'watcher')).toEqual([hidden, hidden, hidden]);
    await client.unary(WorkerService, 'Update', named('build-z'), as('boss'));
    expect(await seen(jobs, 'watcher')).toEqual([there, hidden, hidden]);
    await client.unary(WorkerService, 'Delete', { value: a }, as('boss'));
    expect(await seen(jobs, 'watcher')).toEqual([hidden, hidden, hidden]);
    expect(await seen(jobs, 'boss')).toEqual([there, there, there]);
  });
});

describe('an admin with a limited reach', () => {
  it('makes, changes and removes workers within it only, before the change and after it', async () => {
    const engine = await start({ blue: { role: 'admin', workers: ['blue-*'], channels: ['blue'] } });
    const [theirs = 0n] = await makeWorkers(engine, { 'red-1': 'red' });
    const { client } = engine;
    const data = (name: string, channel?: string) => ({ name, runner_id: runnerId, ...(channel && { channel }) });
    const refused = 'PERMISSION_DENIED permission-denied';
    const { id } = await client.unary(WorkerService, 'Create', data('blue-1', 'blue'), as('blue'));
    const own = id ?? { value: 0n };
    for (const other of [data('red-2', 'blue'), data('blue-2', 'red'), data('blue-2')]) {
      expect(await outcome(client.unary(WorkerService, 'Create', other, as('blue')))).toBe(refused);
      expect(await outcome(client.unary(WorkerService, 'UpsertByName', other, as('blue')))).toBe(refused);
      expect(await outcome(client.unary(WorkerService, 'Update', { id: own, data: other }, as('blue')))).toBe(refused);
    }
    const taken = { id: { value: theirs }, data: data('blue-3', 'blue') };
    expect(await outcome(client.unary(WorkerService, 'Update', taken, as('blue')))).toBe(refused);
    expect(await outcome(client.unary(WorkerService, 'UpsertByName', data('red-1', 'blue'), as('blue')))).toBe(refused);
    expect(await outcome(client.unary(WorkerService, 'Delete', { value: theirs }, as('blue')))).toBe(refused);
    const names = await collect(client.stream(WorkerService, 'FindList', { ascending: true }, as('boss')));
    expect(names.map((worker) => [worker.data?.name, worker.data?.channel])).toEqual([
      ['red-1', 'red'],
      ['blue-1', 'blue'],
    ]);
    expect((await client.unary(WorkerService, 'Delete', own, as('blue'))).is_success).toBe(true);
  });
});

describe('the limits of a token', () => {
  it('end calls that are too many with RESOURCE_EXHAUSTED, and no one else suffers', async () => {
    const engine = await start({
      slow: { role: 'reader', limits: { callsPerSecond: 1, burst: 2 } },
      other: { role: 'reader' },
    });
    const count = (name: string) => outcome(engine.client.unary(RunnerService, 'Count', {}, as(name)));
    const answers = [await count('slow'), await count('slow'), await count('slow')];
    expect(answers).toEqual(['OK', 'OK', 'RESOURCE_EXHAUSTED rate-limited']);
    expect(await count('other')).toBe('OK');
  });

  it('hold for calls under way, and a place is free again however a call ended', async () => {
    let release: (() => void) | undefined;
    const engine = await start(
      { one: { role: 'submitter', limits: { callsAtOnce: 1 } } },
      {
        limits: { graceMs: 20 },
        body: (call) => new Promise((resolve) => (release = () => resolve(ok(call.args)))),
      },
    );
    await makeWorkers(engine, { w: undefined });
    const submit = (options = {}) =>
      engine.client.unary(JobService, 'Enqueue', { worker_name: 'w' }, { ...as('one'), ...options });
    const count = () => outcome(engine.client.unary(RunnerService, 'Count', {}, as('one')));
    const first = submit();
    await expect.poll(() => release).toBeDefined();
    expect(await count()).toBe('RESOURCE_EXHAUSTED calls-limited');
    release?.();
    await first;
    expect(await count()).toBe('OK');
    // Failed, refused and given up.
    expect(await outcome(engine.client.unary(JobService, 'Enqueue', {}, as('one')))).toMatch(/^INVALID_ARGUMENT/);
    expect(await outcome(engine.client.unary(WorkerService, 'Delete', { value: 1n }, as('one')))).toMatch(
      /^PERMISSION/,
    );
    expect(await outcome(submit({ timeoutMs: 50 }))).toMatch(/^DEADLINE_EXCEEDED/);
    await expect.poll(count).toBe('OK');
    expect(await collect(engine.client.stream(RunnerService, 'FindList', {}, as('one')))).toHaveLength(1);
    await expect.poll(count).toBe('OK');
  });

  it('hold for the size of messages', async () => {
    const engine = await start({ small: { role: 'submitter', limits: { messageBytes: 100 } } });
    await makeWorkers(engine, { w: undefined });
    const submit = (bytes: number, name: string) =>
      outcome(engine.client.unary(JobService, 'Enqueue', { worker_name: 'w', args: Buffer.alloc(bytes) }, as(name)));
    expect(await submit(50, 'small')).toBe('OK');
    expect(await submit(101, 'small')).toBe('RESOURCE_EXHAUSTED message-too-large');
    expect(await submit(101, 'boss')).toBe('OK');
  });
});
