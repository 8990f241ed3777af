/**
 * Which pages may talk to the server: CORS, by a list of origins that is empty unless the operator fills it.
 *
 * A request from any other page is refused here and not only hidden from it by the browser, and so is, where there
 * are no tokens, a request for a name that is not this machine's own: a page can give its own name the address
 * 127.0.0.1 (DNS rebinding), and would then be of the same origin.
 */
import { BulkheadError } from '../../errors.ts';
import { isLoopback } from '../listener.ts';
import { type HttpRequest, type HttpResponse, sayText } from './routes.ts';

/** Headers of every answer to a page. */
export type PageHeaders = Readonly<Record<string, string>>;

/** How long a browser may remember that it may ask, in seconds. */
const maxAge = 600;
/** The longest list of header names that a browser may ask for, in characters. */
const longestList = 4096;

/** Throws `config-invalid` for what is no origin. */
function checkOrigins(origins: readonly string[]): void {
  for (const origin of origins) {
    if (/^https?:[^*]*$/.test(origin) && URL.canParse(origin) && new URL(origin).origin === origin) continue;
    throw new BulkheadError(
      'config-invalid',
      `'${origin}' is no web origin: it has to be scheme and host, and the port where it is not the usual one, ` +
        'such as https://app.example.com or http://localhost:3000',
      { details: { origin } },
    );
  }
}

/** See above. */
export class Origins {
  readonly #allowed: ReadonlySet<string>;
  readonly #localOnly: boolean;

  /** `localOnly`: refuse names that are not this machine's own. Throws `config-invalid` for what is no origin. */
  constructor(allowed: readonly string[], localOnly: boolean) {
    checkOrigins(allowed);
    this.#allowed = new Set(allowed);
    this.#localOnly = localOnly;
  }

  /**
   * Answers a request that may not be made, and those by which a browser asks whether it may. Otherwise answers
   * nothing and gives the headers that every answer to it needs.
   */
  admit(request: HttpRequest, response: HttpResponse): PageHeaders | undefined {
    const { origin } = request.headers;
    const host = hostOf(request);
    if (this.#localOnly && !isLocal(host)) {
      sayText(response, 403, `a server without tokens answers as localhost only, not as '${host}'`);
      return undefined;
    }
    if (origin === undefined) return {};
    if (!this.#allowed.has(origin)) {
      sayText(response, 403, `pages of ${origin} may not talk to this server; its operator can allow it: --web-origin`);
      return undefined;
    }
    const headers = { 'access-control-allow-origin': origin, vary: 'Origin' };
    if (request.method !== 'OPTIONS') return headers;
    answerPreflight(request, response, headers);
    return undefined;
  }
}

function answerPreflight({ headers: asked }: HttpRequest, response: HttpResponse, headers: PageHeaders): void {
  const names = String(asked['access-control-request-headers'] ?? '');
  // Any header may be a job's metadata, so whatever is asked for is allowed, as long as it is a list of names.
  const allowed = names.length <= longestList && /^[\w!#$%&'*+.^`|~, -]*$/.test(names) ? names : '';
  response.writeHead(204, {
    ...headers,
    'access-control-allow-methods': 'GET, POST',
    ...(allowed !== '' && { 'access-control-allow-headers': allowed }),
    ...(asked['access-control-request-private-network'] === 'true' && {
      'access-control-allow-private-network': 'true',
    }),
    'access-control-max-age': String(maxAge),
  });
  response.end();
}

/** The host that a request is for, without its port. */
function hostOf({ headers }: HttpRequest): string {
  const authority = String(headers[':authority'] ?? headers.host ?? '');
  return authority
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
}

function isLocal(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || isLoopback(host);
}
