/** What the port and the gate cost a call, and what a browser's call costs beside one over gRPC: a bare echo each. */
import { Agent, request as httpRequest } from 'node:http';
import { Metadata } from '@grpc/grpc-js';
import { type Access, tokenHeader } from '../runtime/access/access.ts';
import { openAccess } from '../runtime/access/open-access.ts';
import { digestOf, TokenAccess } from '../runtime/access/token-access.ts';
import { defaultConnectionLimits, openEdge } from '../runtime/api/edge.ts';
import { Gate } from '../runtime/api/gate.ts';
import { localCaller } from '../runtime/model/caller.ts';
import { type BareServer, bareClient, bareEcho, bareServer, enqueueOnce, enqueuePath } from './bare.ts';
import { type Bench, type BenchResult, compare, ratePerSecond } from './harness.ts';

const secret = 'a secret of sixteen characters';
/** Short rounds, and many: a neighbour on the machine disturbs few of them. */
const [rounds, millis] = [15, 300];
async function behindEdge(access: Access): Promise<BareServer> {
  const log = (): void => undefined;
  const server = bareEcho(new Gate(access, log).interceptors);
  const edge = await openEdge(server, {
    ...{ address: '127.0.0.1:0', limits: defaultConnectionLimits, requestStreams: new Set<string>() },
    ...{ maxRequestBytes: 1 << 24, access, log },
  });
  const stop = (): void => {
    edge.close();
    server.forceShutdown();
    edge.end();
  };
  return { port: edge.port, stop };
}

function tokens(count: number): Access {
  const other = (index: number) => ({ caller: localCaller, digest: digestOf(`another secret, ${index}`), limits: {} });
  const ours = { caller: localCaller, digest: digestOf(secret), limits: { callsPerSecond: 1e6, callsAtOnce: 1e6 } };
  return new TokenAccess([...Array.from({ length: count - 1 }, (_, index) => other(index)), ours]);
}

function grpcCaller(port: number, metadata?: Metadata): () => Promise<void> {
  const client = bareClient(port);
  const body = Buffer.alloc(1024, 'x');
  return () => enqueueOnce(client, body, metadata);
}

function webCaller(port: number): () => Promise<void> {
  const agent = new Agent({ keepAlive: true });
  const body = Buffer.alloc(1029, 'x');
  body.writeUInt8(0, 0);
  body.writeUInt32BE(1024, 1);
  const headers = { 'content-type': 'application/grpc-web+proto', 'content-length': body.length };
  return () =>
    new Promise((resolve, reject) => {
      const sent = httpRequest(
        { host: '127.0.0.1', port, path: enqueuePath, method: 'POST', agent, headers },
        (answer) => {
          answer.resume().on('end', resolve).on('error', reject);
        },
      );
      sent.on('error', reject).end(body);
    });
}

export const edge: Bench = {
  name: 'edge',
  about: 'a bare echo behind our port, and past the gate (baseline: the same echo on a port of grpc-js), 1 KiB',
  async run() {
    const header = new Metadata();
    header.set(tokenHeader, secret);
    const ports = [
      await bareServer(),
      await behindEdge(openAccess),
      await behindEdge(tokens(1)),
      await behindEdge(tokens(64)),
    ];
    const [plain, open, one, many] = ports.map(({ port }) => port) as [number, number, number, number];
    const baseline = grpcCaller(plain);
    const cases: readonly (readonly [string, () => Promise<void>])[] = [
      ['our port, no tokens', grpcCaller(open)],
      ['our port, 1 token', grpcCaller(one, header)],
      ['our port, 64 tokens', grpcCaller(many, header)],
      ['gRPC-Web over HTTP/1.1', webCaller(open)],
    ];
    const results: BenchResult[] = [];
    for (const [label, call] of cases)
      for (const inFlight of [1, 16])
        results.push(
          await compare(`${label}, ${inFlight} in flight`, 'calls/s', rounds, {
            value: () => ratePerSecond(inFlight, millis, call),
            baseline: () => ratePerSecond(inFlight, millis, baseline),
          }),
        );
    for (const { stop } of ports) stop();
    return results;
  },
};
