/**
 * Everything on the port that is not plain gRPC: calls from browsers, and HTTP routes.
 *
 * HTTP/1.1 and HTTP/2 are served alike. Requests from pages that are not allowed end in `origins.ts`; calls go on to
 * the gRPC server in `call.ts`.
 */
import { createServer } from 'node:http';
import { createServer as createHttp2Server, Http2ServerRequest, type ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { status } from '@grpc/grpc-js';
import type { Access } from '../../access/access.ts';
import type { LogSink } from '../../telemetry/events.ts';
import { carry, refuse } from './call.ts';
import { type Injector, InnerConnections } from './inner.ts';
import { Origins, type PageHeaders } from './origins.ts';
import { type HttpRequest, type HttpResponse, type HttpRoute, Routes, sayText } from './routes.ts';

/** What the front works with. */
export interface FrontParts {
  readonly injector: Injector;
  readonly access: Access;
  /** Pages that may talk to the server, as origins. */
  readonly origins: readonly string[];
  readonly routes: readonly HttpRoute[];
  /** Paths of the RPCs whose requests are streams. */
  readonly requestStreams: ReadonlySet<string>;
  /** The largest request message, in bytes. */
  readonly maxRequestBytes: number;
  readonly log: LogSink;
}

/** The content types of gRPC-Web that are spoken. */
const webTypes: ReadonlySet<string> = new Set([
  ...['application/grpc-web', 'application/grpc-web+proto'],
  ...['application/grpc-web-text', 'application/grpc-web-text+proto'],
]);
/** Streams of a browser's connection at a time. */
const mostStreams = 128;
/** How long a connection over which nothing comes is kept, in milliseconds. */
const idleMs = 120_000;
/** How long a request's headers may take, in milliseconds. */
const headersMs = 30_000;

/** See above. */
export class WebFront {
  readonly #parts: FrontParts;
  readonly #origins: Origins;
  readonly #routes: Routes;
  readonly #inner: InnerConnections;
  readonly #http1 = createServer({ headersTimeout: headersMs, keepAliveTimeout: idleMs });
  readonly #http2 = createHttp2Server({ settings: { maxConcurrentStreams: mostStreams } });
  readonly #open = new Set<Socket>();
  #stopping = false;

  /** Throws `config-invalid` for origins that are none. */
  constructor(parts: FrontParts) {
    this.#parts = parts;
    this.#origins = new Origins(parts.origins, parts.access.isOpen);
    this.#routes = new Routes(parts.routes, parts.access, parts.log);
    this.#inner = new InnerConnections(parts.injector);
    this.#http1.on('request', (request, response) => this.#answer(request, response));
    // It never listens itself, but without this it would not look after its timeouts.
    this.#http1.emit('listening');
    this.#http2.on('request', (request, response) => this.#answer(request, response));
    this.#http2.on('session', (session: ServerHttp2Session) => session.setTimeout(idleMs, () => session.close()));
  }

  http1(socket: Socket): void {
    this.#keep(socket);
    this.#http1.emit('connection', socket);
  }

  http2(socket: Socket): void {
    this.#keep(socket);
    this.#http2.emit('connection', socket);
  }

  /** Takes no more requests. Those under way go on; connections without one are closed. */
  stop(): void {
    this.#stopping = true;
    this.#http1.close();
    this.#http2.close();
  }

  /** Closes what is left once the gRPC server has ended its calls. What was answered still gets to its client. */
  end(): void {
    for (const socket of this.#open) socket.unref().destroySoon();
  }

  #keep(socket: Socket): void {
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
  }

  #answer(request: HttpRequest, response: HttpResponse): void {
    try {
      const headers = this.#origins.admit(request, response);
      if (headers) this.#serve(headers, request, response);
    } catch (error) {
      this.#parts.log({ level: 'error', message: 'a request failed', fields: { url: request.url, error } });
      sayText(response, 500, "the server failed to answer; the server's log has the details");
    }
  }

  #serve(headers: PageHeaders, request: HttpRequest, response: HttpResponse): void {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const contentType = (request.headers['content-type'] ?? '').toLowerCase().split(';', 1)[0]?.trim() ?? '';
    if (request.method === 'POST' && contentType.startsWith('application/grpc')) {
      this.#call(path, { contentType, headers }, request, response);
    } else if (this.#stopping) {
      sayText(response, 503, 'the server is stopping', headers);
    } else {
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      void this.#routes.answer(path, request, response);
    }
  }

  #call(path: string, to: { contentType: string; headers: PageHeaders }, request: HttpRequest, response: HttpResponse) {
    const { contentType, headers } = to;
    const isNative = /^application\/grpc(?:\+|$)/.test(contentType);
    const isHttp2 = request instanceof Http2ServerRequest;
    const connection = isHttp2 ? request.stream.session : request.socket;
    // Nobody is there to be answered.
    if (!connection || connection.destroyed) return;
    if (isNative && !isHttp2) sayText(response, 505, 'gRPC needs HTTP/2; gRPC-Web does not', headers);
    else if (!isNative && !webTypes.has(contentType))
      sayText(response, 415, `${contentType} is not spoken here; use ${[...webTypes].join(', ')}`, headers);
    else if (this.#stopping) refuse(response, to, status.UNAVAILABLE, 'the server is stopping and takes no new calls');
    else if (!isNative && this.#parts.requestStreams.has(path)) {
      const text = `${path.slice(1)} streams its request, which gRPC-Web cannot: call it over gRPC`;
      refuse(response, to, status.UNIMPLEMENTED, text);
    } else {
      // Base64 makes four characters of three bytes; a stream of gRPC may be as long as it likes.
      const maxBytes = isNative ? Number.POSITIVE_INFINITY : 2 * this.#parts.maxRequestBytes + 1024;
      carry(request, response, { session: this.#inner.of(connection), path, contentType, headers, maxBytes });
    }
  }
}
