/** What is asked and what is granted: both are needed, in every kind. And the operator's file. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Grants, type HttpGrant, listenText } from '../../runtime/model/grant.ts';
import { defaultLimits } from '../../runtime/model/limits.ts';
import { effectiveGrants, effectiveLimits, refusedRequests } from '../../runtime/plugins/grants.ts';
import { readGrants } from '../../runtime/plugins/grants-file.ts';

describe('what holds', () => {
  const all: Grants = {
    env: { TOKEN: 'value' },
    clock: 'fine',
    filesystem: [{ guest: '/data', host: '/srv/data', access: 'read-write', maxBytes: 10, maxFiles: 2 }],
    http: [{ scheme: 'https', host: 'example.com' }],
    sockets: [
      { host: 'db', port: 5432 },
      { protocol: 'udp', host: 'dns', port: 53 },
    ],
    listen: [
      { address: '127.0.0.1', port: 8000, lastPort: 8010 },
      { protocol: 'udp', address: '::', port: 514 },
    ],
  };

  it('is what is both asked for and granted', () => {
    expect(effectiveGrants(all, all)).toMatchObject({ ...all, http: [{ port: 443, methods: ['GET', 'HEAD'] }] });
  });
  it('is nothing where nothing is granted', () => {
    expect(effectiveGrants(all, {})).toEqual({});
  });
  it('is nothing where nothing is asked for', () => {
    expect(effectiveGrants({}, all)).toEqual({});
  });

  it('has the operator’s values of the variables that both name', () => {
    const asked: Grants = { env: JSON.parse('{"A":"","C":"","__proto__":""}') as Record<string, string> };
    const granted: Grants = { env: JSON.parse('{"A":"1","B":"2","__proto__":"3"}') as Record<string, string> };
    expect(Object.entries(effectiveGrants(asked, granted).env ?? {})).toEqual([
      ['A', '1'],
      ['__proto__', '3'],
    ]);
    expect(effectiveGrants({ env: {} }, { env: { toString: 'x' } })).toEqual({});
  });

  it.each([
    ['read-write', 'read-write', 'read-write'],
    ['read-write', 'read-only', 'read-only'],
    ['read-only', 'read-write', 'read-only'],
  ] as const)('has the weaker access: %s asked, %s granted', (asked, granted, effective) => {
    const directory = { guest: '/data', host: '/srv' };
    const { filesystem } = effectiveGrants(
      { filesystem: [{ guest: '/data', access: asked }] },
      { filesystem: [{ ...directory, access: granted }] },
    );
    expect(filesystem).toEqual([{ ...directory, access: effective, maxBytes: 268_435_456, maxFiles: 10_000 }]);
  });

  it.each([
    [undefined, undefined, 268_435_456],
    [10, undefined, 10],
    [10, 20, 10],
    [20, 10, 10],
    [undefined, 20, 20],
    [2 ** 40, undefined, 268_435_456],
    [undefined, 2 ** 40, 2 ** 40],
  ])('has the smaller quota: %s asked, %s granted', (asked, granted, effective) => {
    const entry = (maxBytes: number | undefined) => ({
      filesystem: [
        { guest: '/d', host: '/h', access: 'read-only' as const, ...(maxBytes !== undefined && { maxBytes }) },
      ],
    });
    expect(effectiveGrants(entry(asked), entry(granted)).filesystem?.[0]?.maxBytes).toBe(effective);
  });

  it('knows directories by their path in the plugin, and takes no host from a manifest', () => {
    const asked: Grants = { filesystem: [{ guest: '/data', host: '/etc', access: 'read-only' }] };
    expect(effectiveGrants(asked, { filesystem: [{ guest: '/other', host: '/srv', access: 'read-only' }] })).toEqual(
      {},
    );
    expect(effectiveGrants(asked, { filesystem: [{ guest: '/data', access: 'read-only' }] })).toEqual({});
    const { filesystem } = effectiveGrants(asked, {
      filesystem: [{ guest: '/data', host: '/srv', access: 'read-only' }],
    });
    expect(filesystem?.[0]?.host).toBe('/srv');
  });

  const https = (host: string, more: Partial<HttpGrant> = {}): Grants => ({
    http: [{ scheme: 'https', host, ...more }],
  });
  it.each([
    ['example.com', 'example.com', 'example.com'],
    ['api.example.com', '*.example.com', 'api.example.com'],
    ['*.example.com', 'api.example.com', 'api.example.com'],
    ['*.eu.example.com', '*.example.com', '*.eu.example.com'],
    ['a.b.example.com', '*.example.com', 'a.b.example.com'],
    ['example.com', '*.example.com', undefined],
    ['badexample.com', '*.example.com', undefined],
    ['*.example.com', '*.example.org', undefined],
    ['127.0.0.1', '*.0.0.1', undefined],
    ['example.com.', 'example.com', undefined],
  ])('has the narrower host: %s asked, %s granted', (asked, granted, effective) => {
    expect(effectiveGrants(https(asked), https(granted)).http?.[0]?.host).toBe(effective);
  });

  it('has the same scheme and port, the methods and private addresses of both', () => {
    expect(effectiveGrants(https('a'), { http: [{ scheme: 'http', host: 'a' }] })).toEqual({});
    expect(effectiveGrants(https('a', { port: 8443 }), https('a'))).toEqual({});
    expect(effectiveGrants(https('a', { port: 443 }), https('a')).http).toHaveLength(1);
    expect(effectiveGrants(https('a', { methods: ['POST'] }), https('a'))).toEqual({});
    const asked = https('a', { methods: ['POST', 'GET'], privateAddresses: true });
    expect(effectiveGrants(asked, https('a', { methods: ['POST', 'PUT'] })).http).toEqual([
      { scheme: 'https', host: 'a', port: 443, methods: ['POST'], privateAddresses: false },
    ]);
    expect(effectiveGrants(asked, https('a', { privateAddresses: true })).http?.[0]?.privateAddresses).toBe(true);
    const authorities = { file: 'ca.pem', certificates: 'PEM' };
    expect(effectiveGrants(https('a'), https('a', { authorities })).http?.[0]?.authorities).toEqual(authorities);
    expect(effectiveGrants(https('a', { authorities }), https('a')).http?.[0]?.authorities).toBeUndefined();
    const socket = (port: number, protocol?: 'tcp' | 'udp'): Grants => ({
      sockets: [{ host: 'db', port, ...(protocol && { protocol }) }],
    });
    expect(effectiveGrants(socket(1), socket(2))).toEqual({});
    expect(effectiveGrants(socket(1, 'udp'), socket(1))).toEqual({});
    expect(effectiveGrants(socket(1, 'tcp'), socket(1)).sockets).toHaveLength(1);
  });

  it.each([
    [{ address: '127.0.0.1', port: 80 }, { address: '127.0.0.1', port: 80 }, '127.0.0.1:80'],
    [{ address: '0.0.0.0', port: 80 }, { address: '127.0.0.1', port: 80 }, '127.0.0.1:80'],
    [{ address: '::1', port: 80 }, { address: '::', port: 80 }, '[::1]:80'],
    [{ address: '::', port: 80 }, { address: '127.0.0.1', port: 80 }, undefined],
    [{ address: '127.0.0.1', port: 80 }, { address: '127.0.0.2', port: 80 }, undefined],
    [{ address: '::', port: 80, lastPort: 90 }, { address: '::', port: 85, lastPort: 100 }, '[::]:85-90'],
    [{ address: '::', port: 80, lastPort: 90 }, { address: '::', port: 90, lastPort: 100 }, '[::]:90'],
    [{ address: '::', port: 80, lastPort: 90 }, { address: '::', port: 91 }, undefined],
    [{ address: '::', port: 80 }, { address: '::', port: 80, protocol: 'udp' }, undefined],
  ] as const)('has the ports that both list, at the narrower address: %o asked, %o granted', (asked, granted, both) => {
    const { listen } = effectiveGrants({ listen: [asked] }, { listen: [granted] });
    expect(listen?.map(listenText)).toEqual(both === undefined ? undefined : [both]);
  });

  it.each([
    ['neither says anything', undefined, undefined, 1024],
    ['less is asked for', 10, undefined, 10],
    ['more is asked for', 5000, undefined, 1024],
    ['more is asked for and allowed', 5000, 4000, 4000],
    ['more is allowed and not asked for', undefined, 4000, 1024],
    ['less is allowed', undefined, 10, 10],
    ['less is allowed than asked for', 20, 10, 10],
  ])('caps handles where %s', (_, asked, granted, effective) => {
    const of = (handles: number | undefined) => (handles === undefined ? {} : { handles });
    expect(effectiveLimits(of(asked), of(granted), defaultLimits)).toEqual({ ...defaultLimits, handles: effective });
  });

  it('tells the operator what was asked for in vain', () => {
    const granted: Grants = { env: { TOKEN: 'x' } };
    const limits = { asked: {}, granted: {}, effective: defaultLimits, workers: new Map() };
    const lines = refusedRequests({ asked: all, granted, effective: effectiveGrants(all, granted), limits });
    expect(lines).toEqual([
      'clock fine',
      'filesystem /data',
      'http example.com',
      'sockets db:5432',
      'sockets udp dns:53',
      'listen 127.0.0.1:8000-8010',
      'listen udp [::]:514',
    ]);
  });
});

describe('the grants file', () => {
  let folder: string;
  const read = (text: string) => {
    writeFileSync(join(folder, 'grants.toml'), text);
    return readGrants(join(folder, 'grants.toml'));
  };
  const directory = (host: string) =>
    `[[plugin.Files.filesystem]]\nguest = "/d"\naccess = "read-only"\nhost = "${host}"\n`;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bulkhead-grants-'));
    mkdirSync(join(folder, 'data'));
    symlinkSync(join(folder, 'data'), join(folder, 'link'));
    symlinkSync('/proc', join(folder, 'proc'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('grants by the name of the plugin', async () => {
    const { limits, plugins } = await read(
      `[limits]\nhandles = 9\n[plugin.Files]\nclock = "fine"\n[plugin.Files.env]\nTOKEN = "x"\n[plugin.Files.limits]\ncpu_ms = 5\n${directory('link')}[plugin."My plugin"]\n`,
    );
    expect(limits).toEqual({ handles: 9 });
    expect([...plugins.keys()]).toEqual(['Files', 'My plugin']);
    expect(plugins.get('Files')).toEqual({
      grants: {
        clock: 'fine',
        env: { TOKEN: 'x' },
        filesystem: [{ guest: '/d', host: join(folder, 'data'), access: 'read-only' }],
      },
      limits: { cpuMs: 5 },
    });
  });

  it.each([
    [
      'an unknown table',
      '[plugins.Files]\n',
      /grants\.toml:1: plugins: an unknown field \(did you mean plugin\?\); expected one of limits, plugin, worker/,
    ],
    ['an unknown field', '[plugin.Files]\nfilesystems = []\n', /:2: plugin\.Files\.filesystems: an unknown field/],
    [
      'a directory without a host',
      '[plugin.Files]\nfilesystem = [{ guest = "/d", access = "read-only" }]\n',
      /:2: plugin\.Files\.filesystem\[0\]\.host: it is missing/,
    ],
    [
      'a directory that is not there',
      directory('nowhere'),
      /:4: plugin\.Files\.filesystem\[0\]\.host: .*nowhere is not there/,
    ],
    ['a file', directory('grants.toml'), /grants\.toml is no directory/],
    ['the whole machine', directory('/'), /the whole machine/],
    ['the kernel’s files', directory('proc'), /kernel's/],
    ['the same path twice', directory('data').repeat(2), /:6: .*\/d is there twice/],
    ['a list of variables', '[plugin.Files]\nenv = ["A"]\n', /plugin\.Files\.env: it is a list; expected a table/],
    ['a digest that is none', '[plugin.Files]\ndigest = "abc"\n', /64 hexadecimal digits/],
    ['an unknown field of a worker', '[worker.A]\ngrants = 1\n', /:2: worker\.A\.grants: an unknown field/],
    ['a misspelt limit of a worker', '[worker.A.limits]\ncpu = 1\n', /:2: worker\.A\.limits\.cpu: an unknown field/],
    [
      'a misspelt field of listen',
      '[[plugin.Files.listen]]\nadress = "::1"\nport = 80\n',
      /:2: plugin\.Files\.listen\[0\]\.adress: an unknown field/,
    ],
    [
      'ports that end before they begin',
      '[[plugin.Files.listen]]\naddress = "::1"\nport = 80\nlast_port = 79\n',
      /:4: plugin\.Files\.listen\[0\]\.last_port: 79 is below the first, 80; expected the last port/,
    ],
    [
      'no address',
      '[[plugin.Files.listen]]\naddress = "1.2.3.400"\nport = 80\n',
      /:2: plugin\.Files\.listen\[0\]\.address: 1\.2\.3\.400 is none; expected an IP address/,
    ],
    [
      'another protocol',
      '[[plugin.Files.sockets]]\nprotocol = "icmp"\nhost = "a"\nport = 80\n',
      /:2: plugin\.Files\.sockets\[0\]\.protocol: it is "icmp"; expected "tcp" or "udp"/,
    ],
    ['a misspelt limit', '[plugin.Files.limits]\nmemory = 1\n', /:2: plugin\.Files\.limits\.memory: an unknown field/],
  ])('is refused with %s', async (_, text, message) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'config-invalid', message: expect.stringMatching(message) });
  });

  it('has caps of workers, which need not be there yet, up to the most that a plugin may use', async () => {
    const limit = (cpu: number) => `[limits]\ncpu_ms = 100\n[plugin.A.limits]\ncpu_ms = 500\n${worker(cpu)}`;
    const worker = (cpu: number) => `[worker."night batch".limits]\nhandles = 3\ncpu_ms = ${cpu}\n`;
    const { workers } = await read(limit(500));
    expect([...workers]).toEqual([['night batch', { handles: 3, cpuMs: 500 }]]);
    await expect(read(limit(501))).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringMatching(/:7: worker\."night batch"\.limits\.cpu_ms: it is 501; expected at most 500, /),
    });
    await expect(read(worker(600_001))).rejects.toMatchObject({ message: expect.stringMatching(/at most 600000, /) });
  });

  it('is refused where it is not there', async () => {
    await expect(readGrants(join(folder, 'none.toml'))).rejects.toMatchObject({ code: 'config-invalid' });
  });
});
