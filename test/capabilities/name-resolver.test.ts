/** How names are resolved: from the machine's own files and from servers, and that no lookup waits for another. */

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createResolver, type ResolveName } from '../../runtime/capabilities/name-resolver.ts';
import type { Grants } from '../../runtime/model/grant.ts';
import { type DnsServer, dnsServer } from '../support/dns-server.ts';
import { eventually, NetworkPlugin } from './egress-guest.ts';
import { type TestServer, tcpServer } from './egress-server.ts';

let folder: string;
let server: DnsServer;
let resolver: ResolveName;
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bulkhead-names-'));
  server = await dnsServer({
    'both.test': ['2606:4700::1', '192.0.2.1', '192.0.2.2'],
    'six.test': ['2606:4700::1'],
    'short.first.test': ['192.0.2.3'],
    'short.second.test': ['192.0.2.4'],
    'only.second.test': ['192.0.2.5'],
    'a.b.first.test': ['192.0.2.6'],
    'a.b': ['192.0.2.7'],
    'fails.test': 'fails',
    'fails.first.test': 'fails',
    'fails.second.test': ['192.0.2.8'],
    'fast.test': ['127.0.0.1'],
    'huge.test': Array.from({ length: 100 }, (_, at) => `192.0.2.${at}`),
    ...Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`slow${at}.test`, 'silent' as const])),
  });
  resolver = createResolver({
    hostsFile: file('hosts', '127.0.0.9 own.test OTHER.test # not this.test\n::9 own.test\nnonsense here.test\n'),
    resolvConf: file('resolv.conf', 'nameserver 192.0.2.53\ndomain old.test\nsearch first.test second.test.\n'),
    servers: [server.address],
  });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const lookup = (name: string, resolve = resolver) => resolve(name, new AbortController().signal);

describe('a name', () => {
  it.each([
    ['own.test', ['127.0.0.9', '::9']],
    ['other.test', ['127.0.0.9']],
    ['localhost', ['127.0.0.1', '::1']],
    ['sub.localhost', ['127.0.0.1', '::1']],
  ])('is known without a server: %s', async (name, addresses) => {
    const before = server.asked.length;
    expect(await lookup(name)).toEqual(addresses);
    expect(server.asked).toHaveLength(before);
  });

  it.each([
    ['both.test', ['192.0.2.1', '192.0.2.2', '2606:4700::1']],
    ['six.test', ['2606:4700::1']],
  ])('has its IPv4 addresses first: %s', async (name, addresses) => {
    expect(await lookup(name)).toEqual(addresses);
  });

  it.each([
    ['this.test', 'ENOTFOUND'],
    ['here.test', 'ENOTFOUND'],
    [`${'x'.repeat(64)}.test`, 'ENOTFOUND'],
    ['fails.test', 'EAI_AGAIN'],
  ])('fails with its own code: %s', async (name, code) => {
    await expect(lookup(name)).rejects.toMatchObject({ code });
  });

  it.each([
    ['short', 1, ['192.0.2.3']],
    ['only', 1, ['192.0.2.5']],
    ['a.b', 1, ['192.0.2.7']],
    ['a.b', 2, ['192.0.2.6']],
  ])('is completed as resolv.conf says: %s with ndots:%d', async (name, ndots, addresses) => {
    const resolvConf = file('search.conf', `search first.test second.test\noptions timeout:1 ndots:${ndots}\n`);
    expect(await lookup(name, createResolver({ resolvConf, servers: [server.address] }))).toEqual(addresses);
  });

  it('is not completed by the next ending where the first did not answer well', async () => {
    await expect(lookup('fails')).rejects.toMatchObject({ code: 'EAI_AGAIN' });
  });

  it('is looked for in the files as they are now', async () => {
    const hostsFile = file('changing', '127.0.0.8 moving.test\n');
    const changing = createResolver({ hostsFile, servers: [server.address] });
    expect(await lookup('moving.test', changing)).toEqual(['127.0.0.8']);
    file('changing', '127.0.0.10 moving.test\n');
    expect(await lookup('moving.test', changing)).toEqual(['127.0.0.10']);
    rmSync(hostsFile);
    await expect(lookup('moving.test', changing)).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  it('has no more addresses than are worth trying', async () => {
    expect(await lookup('huge.test')).toHaveLength(64);
  });
});

describe('a name whose server does not answer', () => {
  it('keeps neither lookups nor files waiting, and is let go of with who asked', async () => {
    // c-ares shows its sockets nowhere else.
    const open = () => readdirSync('/proc/self/fd').length;
    const before = open();
    const stop = new AbortController();
    let answered = 0;
    const slow = Array.from({ length: 100 }, (_, at) =>
      resolver(`slow${at}.test`, stop.signal).finally(() => answered++),
    );
    const all = Promise.allSettled(slow);
    await eventually('all were asked for', () => server.asked.filter((name) => name.startsWith('slow')).length >= 100);
    expect(await lookup('fast.test')).toEqual(['127.0.0.1']);
    expect(await readFile(join(folder, 'hosts'), 'utf8')).toContain('own.test');
    expect(answered).toBe(0);
    // Some file of another test may have been closed meanwhile.
    expect(open()).toBeGreaterThanOrEqual(before + 90);
    stop.abort();
    await eventually('its sockets are closed', () => open() < before + 10);
    await all;
  });
});

describe('plugins that look up names', () => {
  let tcp: NetworkPlugin;
  let echo: TestServer;
  beforeAll(async () => {
    tcp = await NetworkPlugin.compile('tcp');
    echo = await tcpServer((socket) => {
      socket.pipe(socket);
    });
  });
  afterAll(() => echo.close());
  const granted = (host: string): Grants => ({ sockets: [{ host, port: echo.port, privateAddresses: true }] });

  it('do not wait for each other’s', async () => {
    const before = server.asked.length;
    const slow = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        tcp.start(`lookup slow${at}.test`, { grants: granted('*.test'), resolver }),
      ),
    );
    let ended = 0;
    const ends = slow.map(({ done }) => done.catch(() => ended++));
    await eventually('all wait', () => server.asked.length >= before + 20);
    const ran = await tcp.run(`connect fast.test:${echo.port}\nsend hi\nread 2`, {
      grants: granted('fast.test'),
      resolver,
    });
    expect(ran.said).toBe('connect=\nsend=\nread=hi\n');
    expect(ended).toBe(0);
    for (const running of slow) running.end();
    await Promise.all(ends);
    expect(ended).toBe(20);
  });

  it('are told that it failed when the time is up', async () => {
    const options = { grants: granted('*.test'), resolver, limits: { networkMs: 100 } };
    expect((await tcp.run('lookup slow1.test', options)).said).toMatch(/^lookup!/);
    const http = await NetworkPlugin.compile('http');
    const grants: Grants = { http: [{ scheme: 'http', host: '*.test' }] };
    const ran = await http.run('url http://slow1.test/', { ...options, grants });
    expect(ran.said).toBe('error: ErrorCode::DnsTimeout');
  });
});
