/** What a plugin wrote before it closed a connection arrives, and costs the host no more than it may. */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orphan } from '../../runtime/capabilities/orphans.ts';
import { eventually, NetworkPlugin } from './egress-guest.ts';
import { tcpServer } from './egress-server.ts';

describe('a connection that the plugin closed', () => {
  let tcp: NetworkPlugin;
  beforeAll(async () => {
    tcp = await NetworkPlugin.compile('tcp');
  });

  it('is not broken off with the instance: all its bytes arrive', async () => {
    const accepted: Socket[] = [];
    const server = await tcpServer((socket) => accepted.push(socket.pause()));
    const sockets = [{ host: '127.0.0.1', port: server.port, privateAddresses: true }];
    const { said } = await tcp.run(`connect ${server.authority}\ntimeout 50\npour\ndrop`, { grants: { sockets } });
    const poured = Number(/^pour=(\d+)$/m.exec(said)?.[1]);
    const [socket] = accepted;
    const ended = new Promise((resolve) => socket?.once('end', resolve).once('error', resolve));
    socket?.resume();
    await ended;
    expect(socket?.bytesRead).toBe(poured);
    expect(poured).toBeGreaterThan(65_536);
    await server.close();
  });
});

describe('connections whose peers do not read', () => {
  let folder: string;
  let server: Server;
  const chunk = Buffer.alloc(1024 * 1024);
  const opened: Socket[] = [];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bulkhead-orphans-'));
    server = createServer((socket) => socket.pause().on('error', () => undefined));
    await new Promise<void>((resolve) => server.listen(join(folder, 'socket'), 2048, resolve));
  });
  afterAll(async () => {
    for (const socket of opened) socket.destroy();
    server.close();
    rmSync(folder, { recursive: true });
  });

  /** A connection with bytes that cannot get out. */
  async function stuck(): Promise<Socket> {
    const socket = connect(join(folder, 'socket'));
    opened.push(socket.on('error', () => undefined));
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    socket.write(chunk);
    return socket;
  }
  const alive = (sockets: readonly Socket[]) => sockets.filter((socket) => !socket.destroyed).length;

  it('are bounded, and those of one plugin do not cost another its own', async () => {
    const few = await Promise.all(Array.from({ length: 3 }, stuck));
    const many = await Promise.all(Array.from({ length: 200 }, stuck));
    for (const socket of few) orphan('modest', socket, 60_000);
    for (const socket of many) orphan('flooding', socket, 60_000);
    await eventually('the oldest are cut', () => alive(many) === 61);
    expect(alive(many.slice(-61))).toBe(61);
    expect(alive(few)).toBe(3);
  });

  it('are closed when their time is up', async () => {
    const late = await stuck();
    orphan('late', late, 50);
    await eventually('it is cut', () => late.destroyed);
  });
});
