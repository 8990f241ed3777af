/** `wasi:http` in a plugin, against real servers: what goes out, what comes back, what is refused. */
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HttpGrant } from '../../runtime/model/grant.ts';
import { type GuestOptions, NetworkPlugin } from './egress-guest.ts';
import { httpServer, type TestServer } from './egress-server.ts';

let http: NetworkPlugin;
let server: TestServer;
const seen: IncomingMessage[] = [];

beforeAll(async () => {
  http = await NetworkPlugin.compile('http');
  server = await httpServer((request, response) => {
    seen.push(request);
    let length = 0;
    request.on('data', (chunk: Uint8Array) => {
      length += chunk.byteLength;
    });
    request.on('end', () => {
      if (request.url === '/trailers') {
        response.writeHead(200, { trailer: 'X-Sum' }).write('body');
        response.addTrailers({ 'X-Sum': '7' });
        return response.end();
      }
      if (request.url === '/headers') return response.writeHead(200, { 'X-Long': 'x'.repeat(20_000) }).end();
      return response.writeHead(201, { 'X-Answer': 'caf\u00e9' }).end(`${request.method} ${length}`);
    });
  });
});
afterAll(() => server.close());

const grant = (more: Partial<HttpGrant> = {}): GuestOptions => ({
  grants: {
    http: [
      {
        scheme: 'http',
        host: '127.0.0.1',
        port: server.port,
        methods: ['GET', 'POST'],
        privateAddresses: true,
        ...more,
      },
    ],
  },
});
const request = (path: string, ...more: string[]) => [`url http://${server.authority}${path}`, ...more].join('\n');
const rawHeader = (name: string) => {
  const { rawHeaders = [] } = seen.at(-1) ?? {};
  return rawHeaders.flatMap((each, at) => (at % 2 === 0 && each.toLowerCase() === name ? [rawHeaders[at + 1]] : []));
};

describe('a granted request', () => {
  it('goes out as the guest wrote it, and its response comes back', async () => {
    const ran = await http.run(request('/a/../%2e/b?q=1&r', 'header X-One: 1', 'header X-One: 2'), grant());
    expect(ran.said).toMatch(/^201\nX-Answer: caf.*\n(.*\n)*\nGET 0$/);
    expect(seen.at(-1)?.url).toBe('/a/../%2e/b?q=1&r');
    expect(rawHeader('x-one')).toEqual(['1', '2']);
    expect(rawHeader('host')).toEqual([server.authority]);
    expect(ran).toMatchObject({ refusals: [], handles: 0 });
  });

  it.each(['GET', 'POST'])('of %s frames its body, whatever the method', async (method) => {
    const ran = await http.run(request('/', `method ${method}`, 'body GET /hidden HTTP/1.1'), grant());
    expect(ran.said).toMatch(new RegExp(`${method} 20$`));
    expect(seen.at(-1)?.url).toBe('/');
  });

  it('without a body says so where a body is usual', async () => {
    await http.run(request('/', 'method POST'), grant());
    expect(rawHeader('content-length')).toEqual(['0']);
    await http.run(request('/'), grant());
    expect([...rawHeader('content-length'), ...rawHeader('transfer-encoding')]).toEqual([]);
  });

  it('keeps to the length that it declared: a byte more would be a request of its own', async () => {
    const good = await http.run(request('/', 'method POST', 'header content-length: 5', 'body 12345'), grant());
    expect(good.said).toMatch(/POST 5$/);
    const before = seen.length;
    const long = await http.run(request('/', 'method POST', 'header content-length: 5', 'body 123456'), grant());
    expect(long.said).toMatch(/HttpRequestBodySize/);
    const short = await http.run(request('/', 'method POST', 'header content-length: 5', 'body 1234'), grant());
    expect(short.said).toMatch(/HttpRequestBodySize/);
    const none = await http.run(request('/', 'header content-length: 5'), grant());
    expect(none.said).toMatch(/HttpRequestBodySize/);
    const twice = await http.run(request('/', 'header content-length: 0', 'header content-length: 0'), grant());
    expect(twice.said).toMatch(/HttpProtocolError/);
    expect(seen.length - before).toBeLessThanOrEqual(2);
    expect([long, short, none, twice].map(({ handles }) => handles)).toEqual([0, 0, 0, 0]);
  });

  it('brings trailers', async () => {
    const ran = await http.run(request('/trailers'), grant());
    expect(ran.said).toContain('trailer X-Sum: 7');
  });

  it.each([
    ['host', 'Forbidden'],
    ['Connection', 'Forbidden'],
    ['transfer-encoding', 'Forbidden'],
    ['Proxy-Authorization', 'Forbidden'],
    ['bad name', 'InvalidSyntax'],
    ['', 'InvalidSyntax'],
  ])('may not set the field %j', async (name, error) => {
    expect((await http.run(request('/', `header ${name}: x`), grant())).said).toContain(error);
  });

  it('may not begin a line of its own in a field', async () => {
    const ran = await http.run(request('/', 'header X-A: one\rX-B: two'), grant());
    expect(ran.said).toContain('InvalidSyntax');
  });

  it.each([
    ['http://user@127.0.0.1', 'authority'],
    ['http://127.0.0.1:1#x', 'authority'],
    ['http://127.0.0.1/a b', 'path'],
    ['http://127.0.0.1/a#b', 'path'],
    ['http://', 'authority'],
  ])('may not have the URL %s', async (url, part) => {
    expect((await http.run(`url ${url}`, grant())).said).toContain(part);
  });

  it('has headers within the cap, both ways', async () => {
    const out = await http.run(request('/', `header X-Long: ${'x'.repeat(20_000)}`), grant());
    expect(out.said).toMatch(/HttpRequestHeaderSectionSize/);
    const back = await http.run(request('/headers'), grant());
    expect(back.said).toMatch(/HttpResponseHeaderSectionSize/);
  });
});

describe('a request that was not granted', () => {
  it.each([
    ['to any host', '/', {}],
    ['of another method', '/', { methods: ['HEAD'] }],
    ['to another port', '/', { port: 1 }],
    ['of another scheme', '/', { scheme: 'https' }],
    ['to another host', '/', { host: '127.0.0.2' }],
  ] as const)('%s is denied, and the operator is told', async (kind, path, more) => {
    const before = server.connections();
    const options = kind === 'to any host' ? { grants: {} } : grant(more as Partial<HttpGrant>);
    const ran = await http.run(request(path), options);
    expect(ran).toEqual({
      said: 'error: ErrorCode::HttpRequestDenied',
      refusals: [`http refused: GET http://${server.authority}`],
      handles: 0,
    });
    expect(server.connections()).toBe(before);
  });

  it('is a tunnel, always', async () => {
    const ran = await http.run(request('/', 'method CONNECT'), grant({ methods: ['CONNECT'] }));
    expect(ran.said).toContain('HttpRequestMethodInvalid');
  });
});

describe('a granted host', () => {
  const named = (resolver: (name: string) => Promise<string[]>, more: Partial<HttpGrant> = {}): GuestOptions => ({
    ...grant({ host: 'api.test', ...more }),
    resolver,
  });
  const toName = () => `url http://api.test:${server.port}/`;

  it('is resolved once, and its connection pinned to an address that was checked', async () => {
    let asked = 0;
    const rebinding = async () => [++asked === 1 ? '127.0.0.1' : '127.0.0.2'];
    const ran = await http.run(toName(), named(rebinding));
    expect(ran.said).toMatch(/^201\n/);
    expect(asked).toBe(1);
    expect(rawHeader('host')).toEqual([`api.test:${server.port}`]);
  });

  it.each([
    ['127.0.0.1'],
    ['::1'],
    ['10.1.2.3'],
    ['169.254.169.254'],
    ['::ffff:127.0.0.1'],
    ['64:ff9b::7f00:1'],
    ['0.0.0.0'],
  ])('is refused where it resolves to %s', async (address) => {
    const before = server.connections();
    const ran = await http.run(
      toName(),
      named(async () => [address], { privateAddresses: false }),
    );
    expect(ran).toMatchObject({ said: 'error: ErrorCode::DestinationIpProhibited', handles: 0 });
    expect(ran.refusals).toEqual([`http refused: GET api.test (${address})`]);
    expect(server.connections()).toBe(before);
  });

  it.each(['127.0.0.1', '0x7f.1', '2130706433', '127.1'])('is refused as the literal %s', async (literal) => {
    const ran = await http.run(`url http://${literal}:${server.port}/`, grant({ privateAddresses: false }));
    expect(ran.said).toBe('error: ErrorCode::DestinationIpProhibited');
  });

  it('asks no proxy of the environment', async () => {
    const proxies = { HTTP_PROXY: 'http://127.0.0.1:1', http_proxy: 'http://127.0.0.1:1', NODE_USE_ENV_PROXY: '1' };
    Object.assign(process.env, proxies);
    const ran = await http.run(request('/'), grant());
    for (const name of Object.keys(proxies)) delete process.env[name];
    expect(ran.said).toMatch(/^201\n/);
  });

  it('that does not exist, or is not there, fails with its own code', async () => {
    const missing = async () => {
      throw Object.assign(new Error('no'), { code: 'ENOTFOUND' });
    };
    expect((await http.run(toName(), named(missing))).said).toContain('DnsError');
    const nobody = await httpServer(() => undefined);
    await nobody.close();
    const ran = await http.run(`url http://${nobody.authority}/`, grant({ port: nobody.port }));
    expect(ran.said).toBe('error: ErrorCode::ConnectionRefused');
  });

  it('must prove itself by its certificate', async () => {
    const ran = await http.run(`url https://${server.authority}/`, grant({ scheme: 'https' }));
    expect(ran.said).toBe('error: ErrorCode::TlsProtocolError');
  });
});
