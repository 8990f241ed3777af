/**
 * Names as an operator lists them: exact ones, and patterns in which `*` stands for any run of characters.
 *
 * Matching takes time in proportion to the name's length times the pattern's, whatever they are: names may come
 * from outside.
 */

/** Matches nothing where it is empty. Letters count as they are written. */
export class NameList {
  readonly patterns: readonly string[];

  constructor(patterns: readonly string[]) {
    this.patterns = patterns;
  }

  /** Whether every name there is, or will be, is in it. */
  get isEverything(): boolean {
    return this.patterns.includes('*');
  }

  has(name: string): boolean {
    return this.patterns.some((pattern) => matches(pattern, name));
  }
}

/** Walks both at once; after a mismatch the last `*` takes one more character, which is enough to find any match. */
function matches(pattern: string, name: string): boolean {
  let at = 0;
  let star = -1;
  let starTook = 0;
  for (let i = 0; i < name.length; ) {
    if (pattern[at] === '*') {
      star = at++;
      starTook = i;
    } else if (pattern[at] === name[i]) {
      at++;
      i++;
    } else if (star >= 0) {
      at = star + 1;
      i = ++starTook;
    } else return false;
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}
