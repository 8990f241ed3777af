/** Values of the wire as people read them in tables. */

/** The name of an enum's value; the number of one that is newer than this client. */
export function nameOf(names: Readonly<Record<string, number>>, value: number): string {
  return Object.entries(names).find(([, each]) => each === value)?.[0] ?? String(value);
}

/** A time in milliseconds since 1970, in UTC; nothing for 0. */
export function clock(time: bigint): string {
  return time === 0n ? '' : new Date(Number(time)).toISOString().replace('T', ' ').replace('Z', '');
}

/** How long ago a time in milliseconds since 1970 is: `12 s`, `5 min`, `3 h`, `9 d`. */
export function age(time: bigint): string {
  const seconds = Math.max(0, Math.round((Date.now() - Number(time)) / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}

/** `yes` or nothing, which is easier to scan than yes and no. */
export function mark(value: boolean): string {
  return value ? 'yes' : '';
}
