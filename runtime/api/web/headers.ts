/** Which headers cross between a browser and gRPC, and what gRPC-Web makes of trailers. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

/** What HTTP and browsers say for themselves; everything else may be a job's metadata. */
const ownOfHttp: ReadonlySet<string> = new Set([
  ...['accept', 'accept-charset', 'accept-encoding', 'accept-language', 'cache-control', 'connection'],
  ...['content-length', 'content-type', 'cookie', 'dnt', 'expect', 'host', 'http2-settings', 'keep-alive', 'origin'],
  ...['pragma', 'priority', 'proxy-authorization', 'proxy-connection', 'referer', 'te', 'trailer'],
  ...['transfer-encoding', 'upgrade', 'user-agent', 'x-grpc-web', 'x-user-agent'],
]);

/** Headers of gRPC's responses that say nothing to a browser. */
const ownOfGrpc: ReadonlySet<string> = new Set(['content-type', 'date', 'grpc-accept-encoding']);

/** What ends a call: `grpc-status`, `grpc-message` and the trailers of the answer. */
export type Trailers = Readonly<Record<string, string | readonly string[]>>;

/** The headers of a request, as gRPC is to get them. */
export function requestHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => !ownOfHttp.has(name) && !/^(?::|sec-|access-control-)/.test(name) && name !== '',
    ),
  );
}

/** The headers of gRPC's response that are the caller's, by name. */
export function responseHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(':') && !ownOfGrpc.has(name)));
}

/** The headers of a response as trailers: of one that is nothing but its end. */
export function trailersOf(headers: IncomingHttpHeaders): Trailers {
  const entries = Object.entries(responseHeaders(headers)).filter(([name]) => name !== 'grpc-encoding');
  return Object.fromEntries(entries) as Trailers;
}

/** Trailers as the last frame of a body. */
export function trailerFrame(trailers: Trailers): Buffer {
  const lines = Object.entries(trailers).flatMap(([name, values]) =>
    [values].flat().map((value) => `${name}: ${value}\r\n`),
  );
  const text = Buffer.from(lines.join(''), 'latin1');
  const frame = Buffer.alloc(5 + text.length);
  frame.writeUInt8(0x80, 0);
  frame.writeUInt32BE(text.length, 1);
  text.copy(frame, 5);
  return frame;
}
