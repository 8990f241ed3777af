/** The network over IPv6: what is reached at ::1, and which addresses are refused whoever writes them how. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Grants } from '../../runtime/model/grant.ts';
import { eventually, NetworkPlugin } from './egress-guest.ts';
import { httpServer, type TestServer, tcpServer } from './egress-server.ts';

let http: NetworkPlugin;
let tcp: NetworkPlugin;
let web: TestServer;
let echo: TestServer;
/** On 127.0.0.1, to be reached by an IPv4 address in IPv6's clothes. */
let web4: TestServer;
beforeAll(async () => {
  [http, tcp] = await Promise.all([NetworkPlugin.compile('http'), NetworkPlugin.compile('tcp')]);
  web = await httpServer((request, response) => response.end(`at ${request.headers.host}`), '::1');
  web4 = await httpServer((_, response) => response.end('at 127.0.0.1'));
  echo = await tcpServer((socket) => {
    socket.pipe(socket);
  }, '::1');
});
afterAll(() => Promise.all([web.close(), web4.close(), echo.close()]));

const sockets = (host: string, privateAddresses: boolean): Grants => ({
  sockets: [{ host, port: echo.port, privateAddresses }],
});
const destination = (host: string, privateAddresses: boolean, port = web.port): Grants => ({
  http: [{ scheme: 'http', host, port, privateAddresses }],
});
const connections = () => web.connections() + echo.connections();

/** Not public, each for a reason of its own. */
const refused = [
  ['loopback', '::1'],
  ['unique local', 'fd12:3456::1'],
  ['link-local', 'fe80::1'],
  ['NAT64 of loopback', '64:ff9b::7f00:1'],
  ['NAT64 of a public address', '64:ff9b::808:808'],
  ['6to4 of loopback', '2002:7f00:1::1'],
  ['Teredo', '2001::1'],
] as const;
const mapped = '::ffff:7f00:1';

describe('a granted IPv6 host', () => {
  it('is reached over TCP, both ways and with both addresses', async () => {
    const ran = await tcp.run(
      [`connect ${echo.authority}`, 'peer', 'local', 'send hello', 'read 5', 'drop'].join('\n'),
      { grants: sockets('::1', true) },
    );
    expect(ran.said).toMatch(
      new RegExp(`^connect=\npeer=\\[::1\\]:${echo.port}\nlocal=\\[::1\\]:\\d+\nsend=\nread=hello\ndrop=\n$`),
    );
    await eventually('the server sees the end', () => echo.open() === 0);
  });

  it('is reached over HTTP', async () => {
    const ran = await http.run(`url http://${web.authority}/`, { grants: destination('::1', true) });
    expect(ran.said).toMatch(new RegExp(`^200\n.*at \\[::1\\]:${web.port}$`, 's'));
  });

  it('is the same however it is written', async () => {
    const ran = await http.run(`url http://[0:0::0:1]:${web.port}/`, { grants: destination('::0001', true) });
    expect(ran.said).toMatch(/^200\n/);
  });

  it('may be a name, and is reached where IPv4 is not answered', async () => {
    const resolver = async () => ['127.0.0.1', '::1'];
    const overTcp = await tcp.run(`connect dual.test:${echo.port}\npeer`, {
      grants: sockets('dual.test', true),
      resolver,
    });
    expect(overTcp.said).toBe(`connect=\npeer=${echo.authority}\n`);
    const overHttp = await http.run(`url http://dual.test:${web.port}/`, {
      grants: destination('dual.test', true),
      resolver,
    });
    expect(overHttp.said).toMatch(/^200\n/);
  });

  it('may be IPv4 in disguise where that is granted: over HTTP, for wasi:sockets has none', async () => {
    const ran = await http.run(`url http://[${mapped}]:${web4.port}/`, {
      grants: destination(mapped, true, web4.port),
    });
    expect(ran.said).toMatch(/^200\n/);
    const overTcp = await tcp.run(`connect [${mapped}]:${echo.port}`, { grants: sockets(mapped, true) });
    expect(overTcp.said).toBe('connect!InvalidInput\n');
  });
});

describe('without private addresses granted', () => {
  it.each([...refused, ['mapped loopback', mapped] as const])('%s is refused over HTTP: %s', async (_, address) => {
    const before = connections();
    const literal = await http.run(`url http://[${address}]:${web.port}/`, { grants: destination(address, false) });
    expect(literal.said).toBe('error: ErrorCode::DestinationIpProhibited');
    const named = await http.run(`url http://rebound.test:${web.port}/`, {
      grants: destination('rebound.test', false),
      resolver: async () => [address],
    });
    expect(named).toMatchObject({
      said: 'error: ErrorCode::DestinationIpProhibited',
      refusals: [`http refused: GET rebound.test (${address})`],
    });
    expect(connections()).toBe(before);
  });

  it.each(refused)('%s is refused over TCP: %s', async (_, address) => {
    const before = connections();
    const literal = await tcp.run(`connect [${address}]:${echo.port}`, { grants: sockets(address, false) });
    expect(literal).toMatchObject({
      said: 'connect!PermissionDenied\n',
      refusals: [`sockets refused: connection to ${address} port ${echo.port}`],
    });
    const named = await tcp.run(`connect rebound.test:${echo.port}\nconnect [${address}]:${echo.port}`, {
      grants: sockets('rebound.test', false),
      resolver: async () => [address],
    });
    expect(named.said).toBe('connect!PermissionDenied\nconnect!PermissionDenied\n');
    expect(connections()).toBe(before);
  });
});
