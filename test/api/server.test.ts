/** The server itself: listening, health, reflection, stopping, restarting on the same database. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Client,
  credentials,
  loadPackageDefinition,
  type MethodDefinition,
  type ServiceClientConstructor,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { service as health, protoPath } from 'grpc-health-check';
import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor.js';
import { afterEach, describe, expect, it } from 'vitest';
import { openAccess } from '../../runtime/access/open-access.ts';
import { startApi } from '../../runtime/api/server.ts';
import { CodecBook } from '../../runtime/model/codec.ts';
import { ResultStatus } from '../../runtime/model/messages.gen.ts';
import { type Engine, type EngineOptions, startEngine } from './engine.ts';
import { ok, describe as runner } from './fake-executor.ts';

const reflectionProto = `syntax = "proto3"; package grpc.reflection.v1;
  message ServerReflectionRequest { oneof message_request { string file_containing_symbol = 4; string list_services = 7; } }
  message ServerReflectionResponse { FileDescriptorResponse file_descriptor_response = 4; ListServiceResponse list_services_response = 6; ErrorResponse error_response = 7; }
  message FileDescriptorResponse { repeated bytes file_descriptor_proto = 1; }
  message ListServiceResponse { repeated ServiceResponse service = 1; }
  message ServiceResponse { string name = 1; }
  message ErrorResponse { int32 error_code = 1; string error_message = 2; }`;

interface ReflectionAnswer {
  readonly file_descriptor_response?: { readonly file_descriptor_proto: readonly Uint8Array[] };
  readonly list_services_response?: { readonly service: readonly { readonly name: string }[] };
}

const engines: Engine[] = [];

async function start(options: Partial<EngineOptions> = {}): Promise<Engine> {
  const engine = await startEngine({ runners: [runner('echo')], body: (call) => ok(call.args), ...options });
  engines.push(engine);
  return engine;
}

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop(10);
});

/** Asks the reflection service one question. */
function reflect(address: string, version: 'v1' | 'v1alpha', question: object): Promise<ReflectionAnswer> {
  const { root } = protobuf.parse(reflectionProto, { keepCase: true });
  const book = new CodecBook();
  const request = book.of<object>(root.lookupType('ServerReflectionRequest'));
  const response = book.of<ReflectionAnswer>(root.lookupType('ServerReflectionResponse'));
  const client = new Client(address, credentials.createInsecure());
  const call = client.makeBidiStreamRequest(
    `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
    request.encode,
    response.decode,
  );
  return new Promise<ReflectionAnswer>((resolve, reject) => {
    call.on('data', (answer: ReflectionAnswer) => {
      resolve(answer);
      call.end();
    });
    call.on('error', reject);
    call.write(question);
  }).finally(() => client.close());
}

function checkHealth(address: string, service: string): Promise<unknown> {
  const check = health.Check as MethodDefinition<object, { status: unknown }>;
  const client = new Client(address, credentials.createInsecure());
  return new Promise<unknown>((resolve, reject) => {
    client.makeUnaryRequest(
      check.path,
      check.requestSerialize,
      check.responseDeserialize,
      { service },
      (error, answer) => (error ? reject(error) : resolve(answer?.status)),
    );
  }).finally(() => client.close());
}

describe('reflection', () => {
  it.each(['v1', 'v1alpha'] as const)('%s lists the services', async (version) => {
    const { address } = await start();
    const answer = await reflect(address, version, { list_services: '' });
    const names = answer.list_services_response?.service.map(({ name }) => name);
    expect(names).toContain('jobworkerp.service.JobService');
    expect(names).toContain('jobworkerp.function.service.FunctionSetService');
    expect(names).toContain('grpc.health.v1.Health');
  });

  it('gives descriptors that stand on their own: every file that one depends on comes with it', async () => {
    const { address } = await start();
    for (const symbol of [
      'jobworkerp.service.JobService',
      'jobworkerp.service.JobRequest',
      'jobworkerp.function.service.FunctionService',
      'grpc.health.v1.Health',
    ]) {
      const answer = await reflect(address, 'v1', { file_containing_symbol: symbol });
      const files = (answer.file_descriptor_response?.file_descriptor_proto ?? []).map((bytes) =>
        descriptor.FileDescriptorProto.decode(bytes).toJSON(),
      );
      const names = files.map((file) => String(file.name));
      for (const file of files)
        for (const needed of (file.dependency ?? []) as string[]) expect(names).toContain(needed);
      const text = JSON.stringify(files);
      for (const [, type] of text.matchAll(/"(?:typeName|inputType|outputType)":"\.([\w.]+)"/g))
        expect(text).toContain(`"name":"${type?.split('.').at(-1)}"`);
    }
  });
});

describe('health', () => {
  it('says SERVING for the server and each service, and nothing of others', async () => {
    const { address } = await start();
    expect(await checkHealth(address, '')).toBe('SERVING');
    expect(await checkHealth(address, 'jobworkerp.service.JobService')).toBe('SERVING');
    await expect(checkHealth(address, 'nobody.Service')).rejects.toMatchObject({ code: status.NOT_FOUND });
  });

  it('tells those who watch that the server stops', async () => {
    const engine = await start();
    const { Health } = (
      loadPackageDefinition(loadSync(protoPath, { enums: String })) as unknown as {
        grpc: { health: { v1: { Health: ServiceClientConstructor } } };
      }
    ).grpc.health.v1;
    const client = new Health(engine.address, credentials.createInsecure());
    const seen: unknown[] = [];
    const watch = client.makeServerStreamRequest(
      '/grpc.health.v1.Health/Watch',
      Health.service.Watch?.requestSerialize as never,
      Health.service.Watch?.responseDeserialize as never,
      { service: '' },
    );
    watch.on('data', (answer: { status: unknown }) => seen.push(answer.status));
    watch.on('error', () => {});
    await expect.poll(() => seen).toEqual(['SERVING']);
    const stopping = engine.stop(100);
    await expect.poll(() => seen).toEqual(['SERVING', 'NOT_SERVING']);
    await stopping;
    engines.length = 0;
    client.close();
  });
});

describe('the server', () => {
  it('says which address it cannot have', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${(taken.address() as { port: number }).port}`;
    const parts = {
      admission: {} as never,
      jobs: {} as never,
      dispatcher: {} as never,
      self: {} as never,
      workers: {} as never,
      results: {} as never,
      plugins: {} as never,
      management: {} as never,
      functions: {} as never,
      functionSets: {} as never,
      access: openAccess,
      log: () => {},
    };
    await expect(startApi(parts, { address })).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining(`cannot listen on ${address}`) as string,
    });
    taken.close();
  });

  it('lets jobs under way end when it stops, and refuses new ones with a reason', async () => {
    const engine = await start({
      body: async (call) => {
        await new Promise((resolve) => setTimeout(resolve, 100));
        return ok(call.args);
      },
    });
    await engine.client.unary('jobworkerp.service.WorkerService', 'Create', {
      name: 'w',
      runner_id: { value: 2n ** 60n + 1n },
      response_type: 1,
    });
    const running = engine.client.unary('jobworkerp.service.JobService', 'Enqueue', {
      worker_name: 'w',
      args: Buffer.from('x'),
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    const stopping = engine.stop(5000);
    await expect(
      engine.client.unary('jobworkerp.service.JobService', 'Enqueue', { worker_name: 'w' }),
    ).rejects.toMatchObject({ code: status.UNAVAILABLE, details: 'the server is stopping and takes no new jobs' });
    expect((await running).result?.data?.status).toBe(0);
    await stopping;
    engines.length = 0;
    await expect(engine.client.unary('jobworkerp.service.RunnerService', 'Count', {})).rejects.toThrow();
  });

  it('ends a DIRECT job that outlasts the time to drain, and tells its submitter', async () => {
    const engine = await start({ body: () => new Promise(() => {}), limits: { graceMs: 20 } });
    await engine.client.unary('jobworkerp.service.WorkerService', 'Create', {
      name: 'w',
      runner_id: { value: 2n ** 60n + 1n },
      response_type: 1,
    });
    const running = engine.client.unary('jobworkerp.service.JobService', 'Enqueue', { worker_name: 'w' });
    await new Promise((resolve) => setTimeout(resolve, 30));
    await engine.stop(50);
    engines.length = 0;
    expect((await running).result?.data?.status).toBe(ResultStatus.CANCELLED);
  });

  it('knows its workers again when it is started on the same database', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bulkhead-api-'));
    const database = join(folder, 'x.db');
    const first = await start({ database });
    const { id } = await first.client.unary('jobworkerp.service.WorkerService', 'Create', {
      name: 'kept',
      runner_id: { value: 2n ** 60n + 1n },
    });
    await first.stop();
    engines.length = 0;
    const second = await start({ database });
    expect(
      (await second.client.unary('jobworkerp.service.WorkerService', 'FindByName', { name: 'kept' })).data?.id,
    ).toEqual(id);
    await second.stop();
    engines.length = 0;
    rmSync(folder, { recursive: true });
  });
});
