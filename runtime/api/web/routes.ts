/**
 * Plain HTTP beside gRPC: a route is a method, a path, and who may ask. What is no route is 404; a route that is
 * asked with another method is 405.
 */
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { type Access, type Demand, tokenHeader } from '../../access/access.ts';
import { BulkheadError, type StatusName } from '../../errors.ts';
import type { LogSink } from '../../telemetry/events.ts';

/** A request over either version of HTTP. */
export type HttpRequest = IncomingMessage | Http2ServerRequest;

/** What the responses of both versions have in common. */
export interface HttpResponse {
  readonly headersSent: boolean;
  readonly writableEnded: boolean;
  setHeader(name: string, value: string): unknown;
  writeHead(status: number, headers: OutgoingHttpHeaders): unknown;
  addTrailers(trailers: OutgoingHttpHeaders): void;
  write(chunk: Uint8Array | string): boolean;
  end(chunk?: Uint8Array | string): unknown;
  on(event: 'drain' | 'close', listener: () => void): unknown;
}

/** Something that is served over HTTP. */
export interface HttpRoute {
  readonly method: 'GET' | 'POST';
  /** The whole path, without a query. */
  readonly path: string;
  /** Who may ask: as for RPCs. A server without tokens answers everybody. */
  readonly role: Demand['role'];
  readonly scope: Demand['scope'];
  /** Answers, to the end. What it throws becomes a status. */
  handle(request: HttpRequest, response: HttpResponse): Promise<void> | void;
}

/** What HTTP calls a status of the catalogue; others are 500. */
const httpStatuses: Partial<Record<StatusName, number>> = {
  INVALID_ARGUMENT: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  RESOURCE_EXHAUSTED: 429,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
};

/** Answers with one line of text. Does nothing where an answer has begun. */
export function sayText(response: HttpResponse, status: number, text: string, headers: OutgoingHttpHeaders = {}): void {
  if (response.headersSent) return;
  const body = Buffer.from(`${text}\n`);
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': body.length,
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(body);
}

/** All routes of a server. */
export class Routes {
  readonly #routes: readonly HttpRoute[];
  readonly #access: Access;
  readonly #log: LogSink;

  constructor(routes: readonly HttpRoute[], access: Access, log: LogSink) {
    this.#routes = routes;
    this.#access = access;
    this.#log = log;
  }

  /** Answers a request for a path. */
  async answer(path: string, request: HttpRequest, response: HttpResponse): Promise<void> {
    const here = this.#routes.filter((route) => route.path === path);
    const route = here.find(({ method }) => method === request.method);
    if (!route) {
      const allow = here.map(({ method }) => method).join(', ');
      if (here.length === 0) sayText(response, 404, 'there is nothing here: this port serves gRPC and gRPC-Web');
      else sayText(response, 405, `use ${allow}`, { allow });
      return;
    }
    try {
      const pass = this.#access.enter({ ...route, what: `${route.method} ${path}` }, presented(request));
      try {
        await route.handle(request, response);
      } finally {
        pass.leave();
      }
    } catch (thrown) {
      this.#fail(path, thrown, response);
    }
  }

  #fail(path: string, thrown: unknown, response: HttpResponse): void {
    const error = BulkheadError.from(thrown);
    const status = httpStatuses[error.status] ?? 500;
    if (status === 500) this.#log({ level: 'error', message: 'a request failed', fields: { path, error: thrown } });
    const challenge = status === 401 ? { 'www-authenticate': 'Bearer' } : {};
    const text = status === 500 ? "the server failed to answer; the server's log has the details" : error.message;
    if (response.headersSent) response.end();
    else sayText(response, status, `${text} [${error.code}]`, challenge);
  }
}

/** Tokens in our header, or as browsers' and Prometheus' `Authorization: Bearer`. */
function presented({ headers }: HttpRequest): string[] {
  const bearer = /^Bearer +(.+)$/i.exec(headers.authorization ?? '')?.[1];
  return [headers[tokenHeader] ?? [], bearer ?? []].flat();
}
