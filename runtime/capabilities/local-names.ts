/**
 * What this machine itself says of names, beside what servers say: its hosts file, and which endings are tried with a
 * name. As `getaddrinfo` reads them, but without its modules (LDAP, mDNS). Both files are read again when they change.
 */
import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';

/** How short names are completed. */
export interface Search {
  /** A name with so many dots is tried as it is before any ending. */
  readonly ndots: number;
  readonly endings: readonly string[];
}

/** As many endings are tried, as with glibc's first limit; each costs a query. */
const mostEndings = 6;

/** A file that is parsed when it changed. One that cannot be read is an empty one. */
class ParsedFile<T> {
  readonly #path: string;
  readonly #parse: (text: string) => T;
  #stamp: string | undefined;
  #value: T;

  constructor(path: string, parse: (text: string) => T) {
    this.#path = path;
    this.#parse = parse;
    this.#value = parse('');
  }

  get value(): T {
    const found = statSync(this.#path, { throwIfNoEntry: false });
    const stamp = found && `${found.ino} ${found.size} ${found.mtimeMs}`;
    if (stamp !== this.#stamp) {
      this.#stamp = stamp;
      this.#value = this.#parse(found?.isFile() ? readText(this.#path) : '');
    }
    return this.#value;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // As for `getaddrinfo`: who may not read it has none.
    return '';
  }
}

/** The words of each line, without comments. */
function wordsOf(text: string): string[][] {
  return text.split('\n').map((line) =>
    line
      .replace(/[#;].*/, '')
      .split(/\s+/)
      .filter((word) => word !== ''),
  );
}

function hostsIn(text: string): ReadonlyMap<string, readonly string[]> {
  const hosts = new Map<string, string[]>();
  for (const [address = '', ...names] of wordsOf(text)) {
    if (isIP(address) === 0) continue;
    for (const name of names) {
      const key = name.toLowerCase().replace(/\.$/, '');
      hosts.set(key, [...(hosts.get(key) ?? []), address]);
    }
  }
  return hosts;
}

/** `search` and `domain` take each other's place, the last one counts. */
function searchIn(text: string): Search {
  const lines = wordsOf(text);
  const last = lines.findLast(([word]) => word === 'search' || word === 'domain');
  const options = lines.filter(([word]) => word === 'options').flat();
  const ndots = options.map((option) => /^ndots:(\d{1,2})$/.exec(option)?.[1]).findLast((value) => value !== undefined);
  const endings = (last ?? []).slice(1).map((ending) => ending.toLowerCase().replace(/^\.|\.$/g, ''));
  return {
    ndots: Math.min(Number(ndots ?? 1), 15),
    endings: endings.filter((ending) => ending !== '').slice(0, mostEndings),
  };
}

export class LocalNames {
  readonly #hosts: ParsedFile<ReadonlyMap<string, readonly string[]>>;
  readonly #search: ParsedFile<Search>;

  constructor(hostsFile: string, resolvConf: string) {
    this.#hosts = new ParsedFile(hostsFile, hostsIn);
    this.#search = new ParsedFile(resolvConf, searchIn);
  }

  /** The addresses that need no server; undefined: servers are to be asked. The name is in lower case. */
  addressesOf(name: string): readonly string[] | undefined {
    const found = this.#hosts.value.get(name);
    if (found) return found;
    // No server is asked for it, whatever the file says (RFC 6761).
    return name === 'localhost' || name.endsWith('.localhost') ? ['127.0.0.1', '::1'] : undefined;
  }

  /** The full names that a name may mean, in the order in which they are tried. */
  meaningsOf(name: string): readonly string[] {
    const { ndots, endings } = this.#search.value;
    const completed = endings.map((ending) => `${name}.${ending}`);
    const dots = name.split('.').length - 1;
    return dots >= ndots ? [name, ...completed] : [...completed, name];
  }
}
