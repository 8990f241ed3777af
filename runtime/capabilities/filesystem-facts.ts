/** What wasi:filesystem tells of files: types, sizes, times, identity. */
import { createHash, randomBytes } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import type { Grants } from '../model/grant.ts';
import { WitError } from './capability.ts';

/** The WASI type of a file. */
export function typeOf(stats: {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
  isFIFO(): boolean;
  isSocket(): boolean;
  isBlockDevice(): boolean;
  isCharacterDevice(): boolean;
}): string {
  if (stats.isFile()) return 'regular-file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symbolic-link';
  if (stats.isFIFO()) return 'fifo';
  if (stats.isSocket()) return 'socket';
  if (stats.isBlockDevice()) return 'block-device';
  return stats.isCharacterDevice() ? 'character-device' : 'unknown';
}

/** wasi:clocks/wall-clock's datetime. */
interface Datetime {
  readonly seconds: bigint;
  readonly nanoseconds: number;
}

/** What a time is to become. */
export type NewTime =
  | { readonly tag: 'no-change' }
  | { readonly tag: 'now' }
  | { readonly tag: 'timestamp'; readonly val: Datetime };

/** The largest time that Node takes, in seconds. */
const latest = 2n ** 33n;

/** A new time in seconds since 1970. */
export function secondsOf(time: NewTime, current: Date): number {
  if (time.tag === 'no-change') return current.getTime() / 1000;
  if (time.tag === 'now') return Date.now() / 1000;
  if (time.val.seconds > latest) throw new WitError('overflow');
  return Number(time.val.seconds) + time.val.nanoseconds / 1e9;
}

/** Files are no finer clock than the plugin has, in nanoseconds. */
export function timeStep({ clock }: Grants): bigint {
  return clock === 'fine' ? 1n : 1_000_000n;
}

/** Times are cut to `step` nanoseconds. Before 1970 is 1970. */
function datetime(nanos: bigint, step: bigint): Datetime {
  const cut = nanos < 0n ? 0n : nanos - (nanos % step);
  return { seconds: cut / 1_000_000_000n, nanoseconds: Number(cut % 1_000_000_000n) };
}

/** A descriptor-stat. */
export function describeStats(stats: BigIntStats, step: bigint): Record<string, unknown> {
  return {
    type: typeOf(stats),
    linkCount: stats.nlink,
    size: stats.size,
    dataAccessTimestamp: datetime(stats.atimeNs, step),
    dataModificationTimestamp: datetime(stats.mtimeNs, step),
    statusChangeTimestamp: datetime(stats.ctimeNs, step),
  };
}

const secret = randomBytes(32);

/** Tells files apart without telling their inode numbers. Times are no part of it, so it is no clock either. */
export function metadataHash({ dev, ino }: BigIntStats): { readonly lower: bigint; readonly upper: bigint } {
  const hash = createHash('sha256').update(secret).update(`${dev}:${ino}`).digest();
  return { lower: hash.readBigUInt64LE(0), upper: hash.readBigUInt64LE(8) };
}
