/**
 * `GET /metrics` on a listener of its own, apart from the jobs: who scrapes is not who submits.
 *
 * Open on loopback. Elsewhere it asks for a token, or the operator says that it need not: names of workers and their
 * failures are nobody else's business.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, BlockList, isIP } from 'node:net';
import { BulkheadError } from '../errors.ts';

export interface MetricsAddress {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** What a scraper has to send. */
  readonly token?: string;
  /** Other machines may read without a token. */
  readonly anonymous?: boolean;
}

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Scrapers are few, and each asks for a moment. */
const mostConnections = 32;
const requestWithin = 10_000;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

function isLoopback(host: string): boolean {
  const family = isIP(host);
  return family === 0 ? host === 'localhost' : loopback.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

/** Throws `config-invalid` where the metrics would be open to everybody unsaid. */
export function checkMetricsAddress({ host, token, anonymous = false }: MetricsAddress): void {
  if (isLoopback(host) || token !== undefined || anonymous) return;
  throw new BulkheadError(
    'config-invalid',
    `metrics.listen: ${host} can be reached from other machines; set metrics.token_file, or metrics.anonymous = true`,
  );
}

/** Listens. Throws `config-invalid` where the address cannot be bound, or would be open to everybody unsaid. */
export async function serveMetrics(address: MetricsAddress, text: () => Promise<string>): Promise<MetricsServer> {
  checkMetricsAddress(address);
  const { host, port, token } = address;
  const wanted = token === undefined ? undefined : digest(`Bearer ${token}`);
  const server = createServer({ requestTimeout: requestWithin, headersTimeout: requestWithin }, (request, response) => {
    void answer(request, response, wanted, text);
  });
  server.maxConnections = mostConnections;
  await listen(server, host, port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  wanted: Buffer | undefined,
  text: () => Promise<string>,
): Promise<void> {
  const refuse = (code: number, why: string, headers: Record<string, string> = {}): void => {
    response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8', ...headers }).end(`${why}\n`);
  };
  if (request.url?.split('?')[0] !== '/metrics') return refuse(404, 'there is /metrics here, and nothing else');
  if (request.method !== 'GET') return refuse(405, 'GET it', { allow: 'GET' });
  if (wanted && !timingSafeEqual(wanted, digest(request.headers.authorization ?? '')))
    return refuse(401, 'send the token: Authorization: Bearer …', { 'www-authenticate': 'Bearer' });
  try {
    const body = await text();
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(body);
  } catch (error) {
    refuse(500, `the metrics could not be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Of the same length whatever the text, so that comparing it tells nothing. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const message = `cannot serve metrics on ${host}:${port}: ${error.message}`;
      reject(new BulkheadError('config-invalid', message, { cause: error }));
    });
    server.listen(port, host, () => resolve());
  });
}
