/** Redirects that the host follows for a plugin. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HttpGrant } from '../../runtime/model/grant.ts';
import { NetworkPlugin } from './egress-guest.ts';
import { httpServer, type TestServer } from './egress-server.ts';

let http: NetworkPlugin;
let here: TestServer;
let there: TestServer;
const secrets: (string | undefined)[] = [];

beforeAll(async () => {
  http = await NetworkPlugin.compile('http');
  there = await httpServer((request, response) => {
    secrets.push(request.headers.authorization, request.headers.cookie, request.headers['x-kept'] as string);
    response.end(`there ${request.method}`);
  });
  here = await httpServer((request, response) => {
    const [, status = '302', where = ''] = (request.url ?? '').split('|');
    const location = decodeURIComponent(where);
    if (location === '') return response.end(`here ${request.method} ${request.headers.authorization}`);
    request.resume().on('end', () => response.writeHead(Number(status), { location }).end('moved'));
    return response;
  });
});
afterAll(() => Promise.all([here.close(), there.close()]));

const allow = (server: TestServer): HttpGrant => ({
  scheme: 'http',
  host: '127.0.0.1',
  port: server.port,
  methods: ['GET', 'POST'],
  privateAddresses: true,
});
const away = (location: string, status = 302) =>
  `url http://${here.authority}/|${status}|${encodeURIComponent(location)}`;
const credentials = ['header Authorization: secret', 'header Cookie: secret', 'header X-Kept: kept'];

describe('a redirect', () => {
  it('within the origin is followed, with the credentials', async () => {
    const ran = await http.run([away('/'), ...credentials].join('\n'), { grants: { http: [allow(here)] } });
    expect(ran.said).toMatch(/here GET secret$/);
    expect(ran.handles).toBe(0);
  });

  it('to another granted origin is followed without them', async () => {
    const ran = await http.run([away(`http://${there.authority}/`), ...credentials].join('\n'), {
      grants: { http: [allow(here), allow(there)] },
    });
    expect(ran.said).toMatch(/there GET$/);
    expect(secrets).toEqual([undefined, undefined, 'kept']);
  });

  it('to what was not granted is denied, and nothing is sent there', async () => {
    const before = there.connections();
    const ran = await http.run(away(`http://${there.authority}/`), { grants: { http: [allow(here)] } });
    expect(ran).toMatchObject({ said: 'error: ErrorCode::HttpRequestDenied', handles: 0 });
    expect(ran.refusals).toEqual([`http refused: GET http://${there.authority}`]);
    expect(there.connections()).toBe(before);
  });

  it('to an address that is not public is refused', async () => {
    const before = there.connections();
    const ran = await http.run(away(`http://inner.test:${there.port}/`), {
      grants: { http: [allow(here), { ...allow(there), host: '*.test', privateAddresses: false }] },
      resolver: async () => ['127.0.0.1'],
    });
    expect(ran.said).toBe('error: ErrorCode::DestinationIpProhibited');
    expect(there.connections()).toBe(before);
  });

  it('in a loop ends', async () => {
    const loop = await httpServer((_request, response) => response.writeHead(302, { location: '/again' }).end());
    const ran = await http.run(`url http://${loop.authority}/`, { grants: { http: [allow(loop)] } });
    expect(ran.said).toBe('error: ErrorCode::LoopDetected');
    expect(loop.connections()).toBe(11);
    await loop.close();
  });

  it("after a POST becomes a GET, and one that would send the body again is the guest's", async () => {
    const options = { grants: { http: [allow(here)] } };
    expect((await http.run(`${away('/', 303)}\nmethod POST\nbody x`, options)).said).toMatch(/here GET/);
    expect((await http.run(`${away('/', 307)}\nmethod POST\nbody x`, options)).said).toMatch(/^307\n(.*\n)*moved$/);
  });

  it("to another scheme is the guest's", async () => {
    const ran = await http.run(away('file:///etc/passwd'), { grants: { http: [allow(here)] } });
    expect(ran.said).toMatch(/^302\n/);
  });
});
