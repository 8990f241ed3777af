/**
 * One call over HTTP: gRPC-Web on one side, gRPC on the other.
 *
 * Messages are framed alike on both sides, so that bytes pass as they are (in the text form through base64) and no
 * message is held or read here. The trailers of gRPC become the last frame of the body. Each side waits for the
 * other: what the client does not take is not asked of the handler. A client that goes away cancels the call.
 *
 * gRPC itself goes the same way where it comes over a connection that might have been a browser's; its trailers
 * stay trailers.
 */
import type { OutgoingHttpHeaders } from 'node:http';
import { type ClientHttp2Session, type ClientHttp2Stream, constants } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { requestHeaders, responseHeaders, type Trailers, trailerFrame, trailersOf } from './headers.ts';
import type { PageHeaders } from './origins.ts';
import type { HttpRequest, HttpResponse } from './routes.ts';
import { encode64, TextDecoder64 } from './text.ts';

/** What a call needs to know beside its request. */
export interface CallSettings {
  readonly session: ClientHttp2Session;
  readonly path: string;
  /** The request's type, which is the response's as well: `application/grpc` or one of gRPC-Web's. */
  readonly contentType: string;
  /** Headers of every answer to this page. */
  readonly headers: PageHeaders;
  /** Bytes of a request after which nobody reads on. */
  readonly maxBytes: number;
}

/** How a call ended that gRPC did not end, by the code of HTTP/2. */
const endings: Readonly<Record<number, readonly [code: number, text: string]>> = {
  [constants.NGHTTP2_NO_ERROR]: [status.UNAVAILABLE, 'the server is stopping'],
  [constants.NGHTTP2_CANCEL]: [status.CANCELLED, 'the call was cancelled'],
  [constants.NGHTTP2_REFUSED_STREAM]: [status.UNAVAILABLE, 'the server took no further call'],
  [constants.NGHTTP2_ENHANCE_YOUR_CALM]: [status.RESOURCE_EXHAUSTED, 'the server took no further call'],
};

/** Carries a call to its end. */
export function carry(request: HttpRequest, response: HttpResponse, settings: CallSettings): void {
  new WebCall(request, response, settings);
}

/** Ends a call that never began. */
export function refuse(
  response: HttpResponse,
  { contentType, headers }: Pick<CallSettings, 'contentType' | 'headers'>,
  code: status,
  text: string,
): void {
  response.writeHead(200, { ...headers, 'content-type': contentType });
  end(response, contentType, { 'grpc-status': String(code), 'grpc-message': encodeURI(text) });
}

function end(response: HttpResponse, contentType: string, trailers: Trailers): void {
  if (contentType.startsWith('application/grpc-web')) {
    const frame = trailerFrame(trailers);
    response.end(isText(contentType) ? encode64(frame) : frame);
  } else {
    response.addTrailers(trailers as OutgoingHttpHeaders);
    response.end();
  }
}

function isText(contentType: string): boolean {
  return contentType.startsWith('application/grpc-web-text');
}

class WebCall {
  readonly #request: HttpRequest;
  readonly #response: HttpResponse;
  readonly #settings: CallSettings;
  readonly #inner: ClientHttp2Stream;
  readonly #decoder: TextDecoder64 | undefined;
  #trailers: Trailers | undefined;
  #over = false;
  #received = 0;

  constructor(request: HttpRequest, response: HttpResponse, settings: CallSettings) {
    this.#request = request;
    this.#response = response;
    this.#settings = settings;
    this.#decoder = isText(settings.contentType) ? new TextDecoder64() : undefined;
    this.#inner = settings.session.request({
      ...requestHeaders(request.headers),
      ':method': 'POST',
      ':path': settings.path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    this.#upload();
    this.#download();
    response.on('close', () => {
      if (!this.#over) this.#inner.close(constants.NGHTTP2_CANCEL);
      this.#over = true;
    });
  }

  #upload(): void {
    const request = this.#request;
    const inner = this.#inner;
    request.on('data', (chunk: Buffer) => {
      this.#received += chunk.length;
      if (this.#received > this.#settings.maxBytes) request.destroy();
      // What comes after the end is read, so that the client gets to the answer, and dropped.
      if (this.#over || inner.destroyed || inner.writableEnded) return;
      const bytes = this.#decoder ? this.#decoder.write(chunk) : chunk;
      if (!bytes) this.#malformed();
      else if (!inner.write(bytes)) request.pause();
    });
    inner.on('drain', () => request.resume());
    request.on('end', () => {
      if (this.#decoder?.isComplete === false) this.#malformed();
      else if (!inner.writableEnded) inner.end();
    });
    request.on('error', () => inner.close(constants.NGHTTP2_CANCEL));
  }

  #download(): void {
    const inner = this.#inner;
    inner.on('response', (headers) => {
      if (headers['grpc-status'] !== undefined) this.#trailers = trailersOf(headers);
      else if (!this.#over) this.#sendHead(responseHeaders(headers));
      // Not before: where both come at once, Node tells of data first.
      inner.on('data', (chunk: Buffer) => {
        if (!this.#over && !this.#response.write(this.#encode(chunk))) inner.pause();
      });
    });
    this.#response.on('drain', () => inner.resume());
    inner.on('trailers', (trailers) => {
      this.#trailers = trailersOf(trailers);
    });
    inner.on('end', () => {
      if (this.#trailers) this.#finish(this.#trailers);
    });
    inner.on('error', () => undefined); // its close follows
    inner.on('close', () => this.#finish(this.#trailers ?? this.#ending()));
  }

  #encode(bytes: Buffer): Buffer | string {
    return this.#decoder ? encode64(bytes) : bytes;
  }

  #sendHead(headers: OutgoingHttpHeaders): void {
    const names = [...Object.keys(headers), 'grpc-status', 'grpc-message'].join(', ');
    this.#response.writeHead(200, {
      ...headers,
      'content-type': this.#settings.contentType,
      'cache-control': 'no-store',
      ...this.#settings.headers,
      ...('access-control-allow-origin' in this.#settings.headers && { 'access-control-expose-headers': names }),
    });
  }

  #finish(trailers: Trailers): void {
    if (this.#over) return;
    this.#over = true;
    if (!this.#response.headersSent) this.#sendHead({});
    end(this.#response, this.#settings.contentType, trailers);
    this.#inner.close();
    this.#request.resume();
  }

  #ending(): Trailers {
    const { rstCode = constants.NGHTTP2_INTERNAL_ERROR } = this.#inner;
    const [code, text] = endings[rstCode] ?? [status.INTERNAL, 'the call was cut off'];
    return { 'grpc-status': String(code), 'grpc-message': text };
  }

  #malformed(): void {
    this.#finish({ 'grpc-status': String(status.INVALID_ARGUMENT), 'grpc-message': 'the request is no base64' });
  }
}
