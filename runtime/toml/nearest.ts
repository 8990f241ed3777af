/** The name that was probably meant by a misspelt one. */

/** The most names that are compared, and the longest, in UTF-16 units: what is compared may come from anybody. */
const longestName = 64;

/** The candidate that the name is nearest to; undefined where none is near enough to be meant. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  if (name.length === 0 || name.length > longestName) return undefined;
  const wanted = plain(name);
  const rated = candidates
    .map((candidate) => ({ candidate, distance: rate(wanted, plain(candidate)) }))
    .sort((left, right) => left.distance - right.distance);
  const best = rated[0];
  return best && best.distance <= Math.max(1, Math.floor(wanted.length / 3)) ? best.candidate : undefined;
}

/** `maxBytes`, `max-bytes` and `max_bytes` are one name to whoever writes it. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** A name that the other begins with is near, however long the rest: `memory` for `memory_bytes`. */
function rate(wanted: string, candidate: string): number {
  if (wanted.length >= 3 && (candidate.startsWith(wanted) || wanted.startsWith(candidate))) return 0.5;
  return distance(wanted, candidate);
}

/** How many letters have to be added, left out or changed (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...to].entries()) {
      const changed = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(changed, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
