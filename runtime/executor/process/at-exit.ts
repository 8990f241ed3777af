/**
 * What must go when the server ends without closing anything: by `process.exit()`, or an error that nobody caught. Child
 * processes would live on. A server that is killed cannot do even that.
 */
import { rmSync } from 'node:fs';
import { killGroup } from './child.ts';

/** What one executor has: its folder, and the leaders of process groups. */
export interface Leavings {
  readonly folder: string;
  readonly leaders: ReadonlySet<number>;
}

const all = new Set<Leavings>();

function clear(): void {
  for (const { folder, leaders } of all) {
    for (const pid of leaders) killGroup(pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Has them removed at the process's exit, until the answer is called. */
export function clearAtExit(leavings: Leavings): () => void {
  if (all.size === 0) process.on('exit', clear);
  all.add(leavings);
  return () => {
    all.delete(leavings);
    if (all.size === 0) process.off('exit', clear);
  };
}
