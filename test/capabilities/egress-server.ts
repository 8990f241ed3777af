/** Servers on loopback that count their connections. */
import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer as createTcp, isIPv6, type Server, type Socket } from 'node:net';
import type { Certificate } from '../support/certificates.ts';

export interface TestServer {
  readonly port: number;
  /** `127.0.0.1:port`, or `[::1]:port`. */
  readonly authority: string;
  /** Connections ever made. */
  connections(): number;
  /** Connections open now. */
  open(): number;
  close(): Promise<void>;
}

/** Where a server listens: on loopback of either family. */
export type Loopback = '127.0.0.1' | '::1';

async function listening(server: Server, host: Loopback = '127.0.0.1'): Promise<TestServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, host, 2048, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    authority: `${isIPv6(host) ? `[${host}]` : host}:${port}`,
    connections: () => connections,
    open: () => {
      // One that does not read does not see the end either.
      for (const socket of sockets) socket.resume();
      return sockets.size;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

export function httpServer(answer: RequestListener, host?: Loopback): Promise<TestServer> {
  return listening(createHttp(answer), host);
}

export function httpsServer(identity: Certificate, answer: RequestListener, host?: Loopback): Promise<TestServer> {
  return listening(createHttps({ ...identity }, answer), host);
}

export function tcpServer(talk: (socket: Socket) => void, host?: Loopback): Promise<TestServer> {
  return listening(createTcp({ allowHalfOpen: true }, talk), host);
}
