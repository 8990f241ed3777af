/**
 * Where a redirect leads. The host follows it, because each step has to be checked like the request itself; what
 * cannot be followed (a body that is gone, a scheme that is not HTTP's) the guest gets as it came.
 */
import type { FieldEntry } from './http-fields.ts';

/** A request without its body. */
export interface RequestHead {
  /** In capitals, as it goes out. */
  readonly method: string;
  /** Only its origin counts: a URL's path is not kept as it was written. */
  readonly url: URL;
  /** Path and query, as they go out. */
  readonly path: string;
  readonly headers: readonly FieldEntry[];
}

/** What of the body there was when the response came. */
export type BodyState = 'none' | 'whole' | 'unfinished';

const statuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** What belongs to one origin, and is not carried to another. */
const credentials: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization']);

/** 303 turns everything into GET; 301 and 302 do so to POST, as everybody has always done. */
function methodAfter(method: string, status: number): string {
  if (method === 'HEAD') return method;
  return status === 303 || (status < 303 && method === 'POST') ? 'GET' : method;
}

/** A URL of HTTP, resolved against where it was found, without fragment and user; undefined where it is none. */
function locationOf(location: string, base: URL): URL | undefined {
  if (!URL.canParse(location, base)) return undefined;
  const url = new URL(location, base);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
  url.hash = '';
  url.username = '';
  url.password = '';
  return url;
}

/** The request to go on with; undefined: the response is the guest's. */
export function redirected(
  head: RequestHead,
  body: BodyState,
  status: number,
  location: string | undefined,
): RequestHead | undefined {
  if (!statuses.has(status) || location === undefined || body === 'unfinished') return undefined;
  const url = locationOf(location, new URL(`${head.url.origin}${head.path}`));
  const method = methodAfter(head.method, status);
  const dropsBody = method !== head.method;
  if (!url || (body === 'whole' && !dropsBody)) return undefined;
  const headers = head.headers.filter(([name]) => {
    const lower = name.toLowerCase();
    if (dropsBody && lower.startsWith('content-')) return false;
    return url.origin === head.url.origin || !credentials.has(lower);
  });
  return { method, url, path: `${url.pathname}${url.search}`, headers };
}
