/** Clients in other languages take a tour of the whole interface: all they know is reflection, or the `.proto` files. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WireSchema } from '../../runtime/api/schema.ts';
import { root } from '../../runtime/cli/toolbox/paths.mjs';
import { component, testPlugin } from '../support/artifacts.ts';
import { startTestRuntime, type TestRuntime } from '../support/runtime.ts';
import { grpcurl, python, stubs } from './tools.ts';

const run = promisify(execFile);

describe('a client that is not ours', () => {
  let runtime: TestRuntime;
  let uploads: string;
  let tool: string;
  beforeAll(async () => {
    tool = await grpcurl();
    uploads = mkdtempSync(join(tmpdir(), 'bulkhead-uploads-'));
    runtime = await startTestRuntime([testPlugin('echo'), component('guide-feed')], {
      uploadFolder: uploads,
      channels: [{ name: 'one', concurrency: 1 }],
    });
  }, 900_000);
  afterAll(async () => {
    await runtime.stop();
    rmSync(uploads, { recursive: true });
  });

  const curl = async (...args: string[]): Promise<string> =>
    (await run(tool, ['-plaintext', ...args.slice(0, -1), `127.0.0.1:${runtime.app.port}`, ...args.slice(-1)])).stdout;
  const call = async (method: string, request: object): Promise<Record<string, unknown>> =>
    JSON.parse(
      (await run(tool, ['-plaintext', '-d', JSON.stringify(request), `127.0.0.1:${runtime.app.port}`, method])).stdout,
    ) as Record<string, unknown>;

  it('grpcurl lists every service and describes every RPC by reflection', async () => {
    const services = new WireSchema().serviceNames();
    expect((await curl('list')).split('\n')).toEqual(expect.arrayContaining([...services]));
    for (const service of services) {
      const described = await run(tool, ['-plaintext', `127.0.0.1:${runtime.app.port}`, 'describe', service]);
      for (const method of Object.keys(new WireSchema().service(service))) expect(described.stdout).toContain(method);
    }
  });

  it('grpcurl runs a job, as the README says', async () => {
    const found = await call('jobworkerp.service.RunnerService/FindByName', { name: 'Echo' });
    const { id } = found['data'] as { id: { value: string } };
    await call('jobworkerp.service.WorkerService/Create', { name: 'curl', runner_id: id, response_type: 'DIRECT' });
    const request = { worker_name: 'curl', using: 'run', args: Buffer.from([10, 1, 97]).toString('base64') };
    const answer = await call('jobworkerp.service.JobService/Enqueue', request);
    const result = answer['result'] as { data: { output: { items: string } } };
    expect(Buffer.from(result.data.output.items, 'base64').subarray(0, 3)).toEqual(Buffer.from([10, 1, 97]));
  });

  it('a client generated for Python goes through every RPC', async () => {
    const script = join(root, 'test', 'tour', 'tour.py');
    const args = [script, String(runtime.app.port), await stubs(), component('hello')];
    const { stdout } = await run(await python(), args, { timeout: 120_000 });
    const schema = new WireSchema();
    const all = schema
      .serviceNames()
      .flatMap((service) => Object.keys(schema.service(service)).map((method) => `${service}/${method}`));
    expect(stdout.trim().split('\n').sort()).toEqual(all.sort());
  }, 900_000);
});
