/** go-plugin's own parts, spoken with a real plugin: certificates, the broker both ways, and the ends of a process. */
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Identity, makeIdentity } from '../../../runtime/executor/process/certificate.ts';
import { defaultTimes, PluginProcess } from '../../../runtime/executor/process/plugin-process.ts';
import { ProcessLog } from '../../../runtime/executor/process/process-log.ts';
import { wire } from '../../../runtime/executor/process/wire.ts';
import type { Call } from '../../../runtime/model/messages.gen.ts';
import { goPlugin, hasGoPlugins, withMode } from '../../support/go-plugins.ts';

function callOf(args: string): Call {
  return { args: Buffer.from(args), metadata: {}, job_id: 1n, worker_name: 'w', attempt: 1, feeds: false };
}

describe('the certificate of the host', () => {
  it('is one for localhost, signed by itself, and no authority', async () => {
    const certificate = new X509Certificate((await makeIdentity()).certificate);
    expect(certificate.ca).toBe(false);
    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(Date.parse(certificate.validTo)).toBeGreaterThan(Date.now() + 300 * 24 * 60 * 60 * 1000);
  });
});

describe.skipIf(!hasGoPlugins)('a process that speaks go-plugin', () => {
  const folder = mkdtempSync(join(tmpdir(), 'go-plugin-'));
  let identity: Identity;
  const open: PluginProcess[] = [];
  beforeAll(async () => {
    identity = await makeIdentity();
  });
  afterAll(async () => {
    await Promise.all(open.map((process) => process.kill()));
    rmSync(folder, { recursive: true });
  });
  const start = async (program = goPlugin('misbehaves'), times = {}) => {
    const process = await PluginProcess.start({
      ...{ program, folder, identity, granted: {}, largest: 1024 * 1024, alive: new Set<number>() },
      log: new ProcessLog('digest', () => undefined, 1024),
      times: { ...defaultTimes, ...times },
    });
    open.push(process);
    return process;
  };

  it('calls back through the broker, and is called through it', async () => {
    const process = await start();
    const { run } = wire();
    const service: ServiceDefinition = {
      Run: {
        ...{ path: run.path, requestStream: false, responseStream: false },
        ...{ requestSerialize: run.request.encode, requestDeserialize: run.request.decode },
        ...{ responseSerialize: run.response.encode, responseDeserialize: run.response.decode },
      },
    };
    await process.broker.serve(7, (server) => {
      server.addService(service, {
        Run: (call: { request: Call }, answer: (error: null, response: unknown) => void) => {
          const said = Buffer.from(call.request.args).toString();
          answer(null, { output: Buffer.from(`the host heard: ${said}`), metadata: {} });
        },
      });
    });
    const back = await process.connection.unary(run, callOf('broker 7'));
    expect(Buffer.from(back.output ?? []).toString()).toBe('the host heard: from the plugin');
    const second = await process.broker.dial(8);
    const answer = await second.unary(run, callOf('on the second connection'));
    expect(Buffer.from(answer.output ?? []).toString()).toBe('on the second connection');
    await process.end();
    await expect(second.unary(run, callOf('late'))).rejects.toThrow();
  });

  it('ends by Shutdown in peace, and its folder goes', async () => {
    const process = await start();
    expect(readdirSync(folder)).toHaveLength(1);
    await process.end();
    expect(readdirSync(folder)).toEqual([]);
    expect(process.isOver).toBe(true);
  });

  it('is killed where it hears neither Shutdown nor SIGTERM', async () => {
    const path = withMode(readFileSync(goPlugin('misbehaves')), 'deaf', join(folder, 'deaf'));
    const process = await start(path, { shutdown: 100, terminate: 100 });
    await process.end();
    rmSync(path);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is not started for who does not want it any more', async () => {
    const stop = AbortSignal.abort(new Error('not wanted'));
    const log = new ProcessLog('digest', () => undefined, 1024);
    const spec = { program: goPlugin('echo'), folder, identity, granted: {}, largest: 1, log };
    const more = { times: defaultTimes, alive: new Set<number>() };
    await expect(PluginProcess.start({ ...spec, ...more, signal: stop })).rejects.toThrow('not wanted');
    expect(readdirSync(folder)).toEqual([]);
  });
});
