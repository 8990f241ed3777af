/**
 * One hop of an HTTP exchange: a connection of its own to an address that was checked, one request, the head of its
 * response. No agent, so no connection is shared with anybody, and no proxy of the environment is asked.
 */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { InstanceContext } from './capability.ts';
import { dialFirst } from './dial.ts';
import {
  AddressRefused,
  addressesOf,
  canonicalHost,
  type HttpRule,
  type HttpTarget,
  httpRule,
  resolverOf,
} from './egress.ts';
import type { RequestBody } from './http-body.ts';
import { HttpFailure } from './http-errors.ts';
import type { RequestHead } from './http-redirect.ts';
import type { Patience } from './patience.ts';

/** Methods whose requests have no body unless they say so. */
const bodiless: ReadonlySet<string> = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE']);

/** How long each step may take, in milliseconds. */
export interface Timeouts {
  /** Lookup, connection and TLS handshake; each of the two steps. */
  readonly connect: number;
  /** From the end of the request to the head of the response. */
  readonly firstByte: number;
  /** For the next bytes of the response, or for the server to take the next of the request. */
  readonly betweenBytes: number;
}

/** What a hop may use of its exchange. */
export interface HopContext {
  readonly instance: InstanceContext;
  readonly patience: Patience<HttpFailure>;
  readonly timeouts: Timeouts;
  /** Aborted with the exchange's failure. */
  readonly signal: AbortSignal;
}

function targetOf({ method, url }: RequestHead): HttpTarget {
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  const port = Number(url.port) || (scheme === 'https' ? 443 : 80);
  return { scheme, host: canonicalHost(url.hostname) ?? '', port, method };
}

/** What allows the hop. Throws `HTTP-request-denied`, and tells the operator. */
export function ruleFor(context: InstanceContext, head: RequestHead): HttpRule {
  const rule = httpRule(context.grants.http, targetOf(head));
  if (rule) return rule;
  context.refused('http', `${head.method} ${head.url.origin}`.slice(0, 300));
  throw new HttpFailure('HTTP-request-denied');
}

async function lookup({ instance, patience, timeouts, signal }: HopContext, head: RequestHead, rule: HttpRule) {
  patience.expect(timeouts.connect, () => new HttpFailure('DNS-timeout'));
  try {
    return await addressesOf(targetOf(head).host, rule, (host) => resolverOf(instance)(host, signal));
  } catch (error) {
    if (error instanceof AddressRefused) instance.refused('http', `${head.method} ${error.message}`.slice(0, 300));
    throw error;
  } finally {
    patience.done();
  }
}

async function connect(hop: HopContext, head: RequestHead, rule: HttpRule): Promise<Socket> {
  const addresses = await lookup(hop, head, rule);
  const { patience, timeouts, signal } = hop;
  const { scheme, host, port } = targetOf(head);
  const tls = scheme === 'https' ? { host, authorities: rule.authorities } : undefined;
  patience.expect(timeouts.connect, () => new HttpFailure('connection-timeout'));
  try {
    return await dialFirst(addresses, { port, tls, signal });
  } finally {
    patience.done();
  }
}

/** Names and values in turn, as they go out. What frames the body is always said, never left to be guessed. */
function wireHeaders({ method, url, headers }: RequestHead, body: RequestBody | undefined): string[] {
  const wire = ['Host', url.host, 'Connection', 'close'];
  for (const [name, value] of headers) wire.push(name, Buffer.from(value).toString('latin1'));
  if (headers.some(([name]) => name.toLowerCase() === 'content-length')) return wire;
  if (body && !body.writableEnded) wire.push('Transfer-Encoding', 'chunked');
  else if ((body?.bytes ?? 0) > 0 || !bodiless.has(method)) wire.push('Content-Length', String(body?.bytes ?? 0));
  return wire;
}

/** Sends the body as it comes, with patience for the server while bytes wait for it, and for its answer after. */
function sendBody(hop: HopContext, request: ClientRequest, body: RequestBody | undefined): void {
  const { patience, timeouts } = hop;
  const awaitHead = () => patience.expect(timeouts.firstByte, () => new HttpFailure('connection-read-timeout'));
  const awaitTaking = () => patience.expect(timeouts.betweenBytes, () => new HttpFailure('connection-write-timeout'));
  if (!body) {
    awaitHead();
    request.end();
    return;
  }
  // The head goes out at once, because the guest may wait for an answer before it writes.
  if (!body.writableEnded) request.flushHeaders();
  let isAnswered = false;
  request.once('response', () => {
    isAnswered = true;
  });
  if (body.bytes > 0) awaitTaking();
  body.once('finish', () => {
    if (isAnswered) return;
    patience.done();
    awaitHead();
  });
  body.attach(request, {
    onWrite: () => isAnswered || awaitTaking(),
    onOut: () => isAnswered || patience.done(),
  });
}

function send(hop: HopContext, head: RequestHead, body: RequestBody | undefined, socket: Socket) {
  return new Promise<IncomingMessage>((resolve, reject) => {
    const request = httpRequest({
      method: head.method,
      path: head.path,
      headers: wireHeaders(head, body),
      setHost: false,
      createConnection: () => socket,
      maxHeaderSize: hop.instance.limits.headerBytes,
    });
    request.once('response', (response) => {
      hop.patience.done();
      // Whoever reads it is told; until somebody does, nobody must be surprised.
      response.on('error', () => undefined);
      resolve(response);
    });
    request.on('error', reject);
    request.once('upgrade', (_response, upgraded) => {
      upgraded.destroy();
      reject(new HttpFailure('HTTP-upgrade-failed'));
    });
    request.once('close', () => reject(new HttpFailure('connection-terminated')));
    sendBody(hop, request, body);
  });
}

/** Checks, resolves, connects and sends. Rejects with what went wrong. */
export async function makeHop(hop: HopContext, head: RequestHead, body?: RequestBody): Promise<IncomingMessage> {
  const rule = ruleFor(hop.instance, head);
  const socket = await connect(hop, head, rule);
  return send(hop, head, body, socket);
}
