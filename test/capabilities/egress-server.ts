/** Servers on loopback that count their connections. */
import { createServer as createHttp, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net';

export interface TestServer {
  readonly port: number;
  /** `127.0.0.1:port`. */
  readonly authority: string;
  /** Connections ever made. */
  connections(): number;
  /** Connections open now. */
  open(): number;
  close(): Promise<void>;
}

async function listening(server: Server): Promise<TestServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 2048, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    authority: `127.0.0.1:${port}`,
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

export function httpServer(answer: RequestListener): Promise<TestServer> {
  return listening(createHttp(answer));
}

export function tcpServer(talk: (socket: Socket) => void): Promise<TestServer> {
  return listening(createTcp({ allowHalfOpen: true }, talk));
}
