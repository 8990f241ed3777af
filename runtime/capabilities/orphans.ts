/**
 * Connections that a plugin closed while bytes that it wrote were still on their way out. As with a kernel, whose
 * orphans outlive their process: they belong to the thread and no longer to the instance, so that what one job wrote
 * arrives though the instance ends, and the next job on the instance has all its buffers.
 *
 * Bounded in number, so that a plugin whose peers do not read takes a few megabytes and no more: where there are too
 * many, the oldest of the plugin that has most is cut.
 */
import type { Socket } from 'node:net';
import { cut } from './dial.ts';

/** So many at a time in a thread; each holds what `connectionBytes` of `node-streams.ts` says, at most. */
const most = 64;

const byPlugin = new Map<string, Set<Socket>>();

/** Closes the connection once all is out, or after so many milliseconds. */
export function orphan(plugin: string, socket: Socket, millis: number): void {
  if (socket.destroyed) return;
  const mine = byPlugin.get(plugin) ?? new Set();
  byPlugin.set(plugin, mine.add(socket));
  const timer = setTimeout(() => cut(socket), millis);
  socket.once('close', () => {
    clearTimeout(timer);
    forget(plugin, socket);
  });
  socket.destroySoon();
  makeRoom();
}

function forget(plugin: string, socket: Socket): void {
  const mine = byPlugin.get(plugin);
  mine?.delete(socket);
  if (mine?.size === 0) byPlugin.delete(plugin);
}

function makeRoom(): void {
  const all = [...byPlugin.entries()];
  if (all.reduce((sum, [, sockets]) => sum + sockets.size, 0) <= most) return;
  const [plugin, sockets] = all.reduce((left, right) => (right[1].size > left[1].size ? right : left));
  const [oldest] = sockets;
  if (!oldest) return;
  // At once, and not when it tells of its end: many may come before that.
  forget(plugin, oldest);
  cut(oldest);
}
