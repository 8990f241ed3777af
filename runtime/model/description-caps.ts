/** The caps of what a plugin says of itself, the same whatever it runs in. All throw `plugin-refused`. */
import { BulkheadError } from '../errors.ts';

const mostMethods = 256;
/** In UTF-16 units: names are short, texts (schemas, descriptions) may be long. */
const longestName = 128;
const longestText = 1_048_576;

export function refused(text: string): BulkheadError {
  return new BulkheadError('plugin-refused', text);
}

/** A text of any kind. */
export function bounded(what: string, text: string, most = longestText): string {
  if (text.length <= most) return text;
  throw refused(`${what} has ${text.length} characters; at most ${most} are allowed`);
}

/** The name of a runner or a method. */
export function named(what: string, text: string): string {
  if (text === '') throw refused(`${what} is empty`);
  if (/\p{C}/u.test(text)) throw refused(`${what} has control characters`);
  return bounded(what, text, longestName);
}

/** How many methods `source` names. */
export function checkMethodCount(source: string, count: number): void {
  if (count === 0) throw refused(`${source} names no method`);
  if (count > mostMethods) throw refused(`${source} names ${count} methods; at most ${mostMethods} are allowed`);
}
