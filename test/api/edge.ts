/** A server of grpc-js with a few methods that behave in ways of their own, behind the real edge; and raw clients. */
import { once } from 'node:events';
import { type ClientRequest, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { type handleUnaryCall, Metadata, Server, type ServerWritableStream, status } from '@grpc/grpc-js';
import type { Access } from '../../runtime/access/access.ts';
import { openAccess } from '../../runtime/access/open-access.ts';
import { defaultConnectionLimits, type Edge, type EdgeOptions, openEdge } from '../../runtime/api/edge.ts';
import { Gate } from '../../runtime/api/gate.ts';
import type { LogEvent } from '../../runtime/telemetry/events.ts';

const asIs = (bytes: Buffer): Buffer => bytes;

/** What the methods saw. */
interface Seen {
  /** Headers of the calls, the last one last. */
  readonly headers: Metadata[];
  /** Messages that `Count` has written. */
  counted: number;
  /** Calls of `Count` under way. */
  counting: number;
  /** Calls of `Hang` and `First` under way. */
  hanging: number;
}

export interface TestEdge {
  readonly port: number;
  readonly edge: Edge;
  readonly server: Server;
  readonly seen: Seen;
  readonly log: readonly LogEvent[];
  stop(): void;
}

function method(name: string, requestStream: boolean, responseStream: boolean) {
  const codecs = {
    ...{ requestSerialize: asIs, requestDeserialize: asIs },
    ...{ responseSerialize: asIs, responseDeserialize: asIs },
  };
  return { path: `/test.Edge/${name}`, requestStream, responseStream, ...codecs };
}

/** All methods; messages are bytes. */
export const methods = {
  Echo: method('Echo', false, false),
  Fail: method('Fail', false, false),
  Hang: method('Hang', false, false),
  First: method('First', false, true),
  Count: method('Count', false, true),
  Chat: method('Chat', true, true),
};

/** Answers what it is asked, with headers and trailers. */
function echo(seen: Seen): handleUnaryCall<Buffer, Buffer> {
  return (call, answer) => {
    seen.headers.push(call.metadata);
    const headers = new Metadata();
    headers.set('x-job-id-bin', Buffer.from([0, 255, 7]));
    headers.set('x-said', 'hello');
    call.sendMetadata(headers);
    const trailers = new Metadata();
    trailers.add('x-end', 'one');
    trailers.add('x-end', 'two');
    answer(null, call.request, trailers);
  };
}

/** Goes on until it is cancelled. */
function hang(call: NodeJS.EventEmitter, seen: Seen): void {
  seen.hanging++;
  call.once('cancelled', () => seen.hanging--);
}

/** So many messages of so many bytes, as the request says: `count:size`. Waits for the client. */
async function count(call: ServerWritableStream<Buffer, Buffer>, seen: Seen): Promise<void> {
  seen.counting++;
  const cancelled = once(call, 'cancelled');
  const [messages = 0, size = 0] = call.request.toString().split(':').map(Number);
  for (let index = 0; index < messages && !call.cancelled; index++) {
    seen.counted++;
    if (!call.write(Buffer.alloc(size, index % 251))) await Promise.race([once(call, 'drain'), cancelled]);
  }
  call.end();
  seen.counting--;
}

/** Starts one on a free port. */
export async function startEdge(access: Access = openAccess, options: Partial<EdgeOptions> = {}): Promise<TestEdge> {
  const events: LogEvent[] = [];
  const log = (event: LogEvent): void => void events.push(event);
  const seen: Seen = { headers: [], counted: 0, counting: 0, hanging: 0 };
  const maxRequestBytes = options.maxRequestBytes ?? 1024 * 1024;
  const gate = new Gate(access, log);
  const server = new Server({
    'grpc.max_receive_message_length': maxRequestBytes,
    interceptors: gate.interceptors,
  });
  server.addService(gate.measured(methods), {
    Echo: echo(seen),
    Fail: (_call: unknown, answer: (error: object) => void) => {
      const metadata = new Metadata();
      metadata.set('bulkhead-error', '{"code":"x"}');
      answer({ code: status.FAILED_PRECONDITION, details: 'kein Schlüssel: 100 %', metadata });
    },
    Hang: (call: NodeJS.EventEmitter) => hang(call, seen),
    First: (call: ServerWritableStream<Buffer, Buffer>) => {
      hang(call, seen);
      call.write(call.request);
    },
    Count: (call: ServerWritableStream<Buffer, Buffer>) => void count(call, seen),
    Chat: (call: NodeJS.ReadWriteStream) => void call.pipe(call),
  });
  const edge = await openEdge(server, {
    ...{ address: '127.0.0.1:0', limits: defaultConnectionLimits, requestStreams: new Set([methods.Chat.path]) },
    ...{ access, log, ...options, maxRequestBytes },
  });
  const stop = (): void => {
    edge.close();
    server.forceShutdown();
    edge.end();
  };
  return { port: edge.port, edge, server, seen, log: events, stop };
}

/** A message in its frame. */
export function frame(message: Uint8Array | string, flag = 0): Buffer {
  const body = Buffer.from(message);
  const head = Buffer.alloc(5);
  head.writeUInt8(flag, 0);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

/** Messages and trailers of a body of gRPC-Web. */
export function parseBody(body: Buffer): { messages: Buffer[]; trailers: Record<string, string[]> } {
  const messages: Buffer[] = [];
  const trailers: Record<string, string[]> = {};
  for (let at = 0; at < body.length; ) {
    const length = body.readUInt32BE(at + 1);
    const content = body.subarray(at + 5, at + 5 + length);
    if (body[at] === 0) messages.push(content);
    else if (body[at] === 0x80) {
      for (const line of content.toString('latin1').split('\r\n').filter(Boolean)) {
        const [, name = '', value = ''] = /^([^:]+): ?(.*)$/.exec(line) ?? [];
        trailers[name] = [...(trailers[name] ?? []), value];
      }
    } else throw new Error(`a frame with the flag ${body[at]}`);
    at += 5 + length;
  }
  return { messages, trailers };
}

export interface WebAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly messages: readonly Buffer[];
  readonly trailers: Readonly<Record<string, readonly string[]>>;
}

export interface WebOptions {
  readonly method?: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Gets the request before it is sent. */
  readonly onRequest?: (request: ClientRequest) => void;
}

/** Sends a body to a path over HTTP/1.1. */
export function send(port: number, path: string, body: Buffer | string, options: WebOptions = {}): Promise<WebAnswer> {
  const { method: verb = 'POST', type = 'application/grpc-web+proto', headers = {}, onRequest } = options;
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port, path, method: verb, headers: { 'content-type': type, ...headers }, agent: false },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
        answer.on('end', () => {
          const raw = Buffer.concat(chunks);
          const answered = answer.headers['content-type'] ?? '';
          const isText = answered.startsWith('application/grpc-web-text');
          const bytes = isText ? decodeText(raw.toString()) : raw;
          const parsed = answered.startsWith('application/grpc-web')
            ? parseBody(bytes)
            : { messages: [], trailers: {} };
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: raw, ...parsed });
        });
      },
    );
    request.on('error', reject);
    onRequest?.(request);
    request.end(body);
  });
}

/** Base64 with padding wherever. */
function decodeText(text: string): Buffer {
  return Buffer.concat((text.match(/[^=]+={0,2}/g) ?? []).map((part) => Buffer.from(part, 'base64')));
}
