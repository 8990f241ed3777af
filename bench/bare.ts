/** A bare grpc-js server and client at paths of the wire: what the machine and the library give without a host. */
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerInterceptor,
  type ServerWritableStream,
} from '@grpc/grpc-js';

export const enqueuePath = '/jobworkerp.service.JobService/Enqueue';
export const streamPath = '/jobworkerp.service.JobService/EnqueueForStream';
export const feedPath = '/jobworkerp.service.JobService/EnqueueWithClientStream';
export const asIs = (bytes: Buffer): Buffer => bytes;

export interface BareServer {
  readonly port: number;
  stop(): void;
}

const method = (path: string, requestStream: boolean, responseStream: boolean) =>
  ({
    path,
    requestStream,
    responseStream,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  }) as const;

/** Answers Enqueue with its request; it does not listen. */
export function bareEcho(interceptors: ServerInterceptor[]): Server {
  const server = new Server({ interceptors });
  server.addService(
    { Enqueue: method(enqueuePath, false, false) },
    {
      Enqueue: (call: { request: Buffer }, answer: (error: null, bytes: Buffer) => void) => answer(null, call.request),
    },
  );
  return server;
}

/** Answers Enqueue with its request, EnqueueForStream with so many copies, EnqueueWithClientStream message by message. */
export async function bareServer(copies = 1): Promise<BareServer> {
  const server = new Server();
  const service = {
    Enqueue: method(enqueuePath, false, false),
    EnqueueForStream: method(streamPath, false, true),
    EnqueueWithClientStream: method(feedPath, true, true),
  };
  server.addService(service, {
    Enqueue: (call: { request: Buffer }, answer: (error: null, bytes: Buffer) => void) => answer(null, call.request),
    EnqueueForStream: async (call: ServerWritableStream<Buffer, Buffer>) => {
      for (let i = 0; i < copies; i++)
        if (!call.write(call.request)) await new Promise((resolve) => call.once('drain', resolve));
      call.end();
    },
    EnqueueWithClientStream: (call: ServerDuplexStream<Buffer, Buffer>) => {
      call.sendMetadata(new Metadata());
      call.on('data', (bytes: Buffer) => call.write(bytes));
      call.on('end', () => call.end());
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { port, stop: () => server.forceShutdown() };
}

/** A client that sends bytes as they are. */
export function bareClient(port: number): Client {
  return new Client(`127.0.0.1:${port}`, credentials.createInsecure());
}

/** One Enqueue. */
export function enqueueOnce(client: Client, request: Buffer, metadata: Metadata = new Metadata()): Promise<void> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(enqueuePath, asIs, asIs, request, metadata, (error) => (error ? reject(error) : resolve()));
  });
}
