/** The rules of the way out, without a plugin and without a network. */
import { describe, expect, it } from 'vitest';
import { canonical, isPublic, isUnicast, toWit, toWitSocket } from '../../runtime/capabilities/addresses.ts';
import type { InstanceContext } from '../../runtime/capabilities/capability.ts';
import {
  AddressRefused,
  addressesOf,
  canonicalHost,
  httpRule,
  resolverOf,
  socketGrants,
} from '../../runtime/capabilities/egress.ts';
import { redirected } from '../../runtime/capabilities/http-redirect.ts';

describe('public addresses', () => {
  it.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1'])(
    '%s is',
    (address) => {
      expect(isPublic(address)).toBe(true);
    },
  );

  it.each([
    ['loopback', '127.0.0.1', '127.255.0.9', '::1'],
    ['private', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fc00::1', 'fd12::1'],
    ['link-local', '169.254.169.254', 'fe80::1', 'fe80::1%eth0', 'febf::1'],
    ['carrier-grade NAT', '100.64.0.1', '100.127.255.255'],
    ['multicast', '224.0.0.1', '239.255.255.255', 'ff02::1'],
    ['unspecified', '0.0.0.0', '0.1.2.3', '::'],
    ['reserved and broadcast', '240.0.0.1', '255.255.255.255', '192.0.0.1', '198.18.0.1'],
    ['NAT64', '64:ff9b::808:808', '64:ff9b::7f00:1', '64:ff9b:1::1'],
    ['IPv4 in IPv6', '::ffff:8.8.8.8', '::ffff:127.0.0.1', '::ffff:7f00:1', '::8.8.8.8', '::ffff:0:808:808'],
    ['6to4 and Teredo', '2002:7f00:1::', '2001::1', '2001:0:53aa:64c::1', '192.88.99.1'],
    ['documentation', '192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1'],
    ['site-local and discard', 'fec0::1', '100::1'],
    ['no address', '', 'localhost', '127.1', '1.2.3.4.5', '0x7f.0.0.1'],
  ])('%s is not', (_kind, ...addresses) => {
    expect(addresses.filter((address) => isPublic(address))).toEqual([]);
  });

  it('have one text, and go to WIT and back', () => {
    expect(canonical('0:0:0:0:0:FFFF:127.0.0.1')).toBe('::ffff:7f00:1');
    expect(toWit('2001:db8::1:0')).toEqual({ tag: 'ipv6', val: [0x2001, 0xdb8, 0, 0, 0, 0, 1, 0] });
    expect(toWitSocket('1.2.3.4', 80)).toEqual({ tag: 'ipv4', val: { port: 80, address: [1, 2, 3, 4] } });
  });

  it('that stand for one host are told from those that do not', () => {
    expect(['1.2.3.4', '::1', '2000::1'].map((address) => isUnicast(toWit(address)))).toEqual([true, true, true]);
    expect(
      ['0.0.0.0', '224.0.0.1', '255.255.255.255', '::', 'ff02::1', '::ffff:1.2.3.4'].filter((address) =>
        isUnicast(toWit(address)),
      ),
    ).toEqual([]);
  });
});

describe('hosts', () => {
  it.each([
    ['Example.ORG.', 'example.org'],
    ['0x7f.1', '127.0.0.1'],
    ['2130706433', '127.0.0.1'],
    ['0177.0.0.1', '127.0.0.1'],
    ['[::1]', '::1'],
    ['::FFFF:127.0.0.1', '::ffff:7f00:1'],
    ['exämple.org', 'xn--exmple-cua.org'],
    ['①②⑦.0.0.1', '127.0.0.1'],
  ])('%s means %s', (written, meant) => {
    expect(canonicalHost(written)).toBe(meant);
  });

  it.each(['', 'a b', 'a/b', 'a@b', 'a:80', 'a#b', 'a?b', 'a\\b', '%6c', '[::1', 'a\nb'])('%j is none', (written) => {
    expect(canonicalHost(written)).toBeUndefined();
  });
});

describe('grants', () => {
  const target = { scheme: 'https', host: 'api.example.org', port: 443, method: 'GET' } as const;

  it('cover what they name and nothing else', () => {
    const grants = [{ scheme: 'https', host: 'API.example.org' }] as const;
    expect(httpRule(grants, target)).toEqual({ privateAddresses: false, authorities: [] });
    expect(httpRule(grants, { ...target, scheme: 'http', port: 80 })).toBeUndefined();
    expect(httpRule(grants, { ...target, port: 8443 })).toBeUndefined();
    expect(httpRule(grants, { ...target, method: 'POST' })).toBeUndefined();
    expect(httpRule(grants, { ...target, host: 'example.org' })).toBeUndefined();
    expect(httpRule(undefined, target)).toBeUndefined();
  });

  it('with a star cover names below, not the name itself, not its look-alikes, no address', () => {
    const hosts = ['a.example.org', 'a.b.example.org', 'example.org', 'badexample.org', 'example.org.evil.net'];
    const covered = hosts.filter((host) => httpRule([{ scheme: 'https', host: '*.example.org' }], { ...target, host }));
    expect(covered).toEqual(['a.example.org', 'a.b.example.org']);
    expect(socketGrants([{ host: '*.1', port: 1 }], '127.0.0.1')).toEqual([]);
  });

  it('allow other addresses only where they say so', async () => {
    const resolve = async () => ['127.0.0.1', '8.8.8.8', '::1'];
    expect(await addressesOf('x.org', { privateAddresses: false }, resolve)).toEqual(['8.8.8.8']);
    expect(await addressesOf('x.org', { privateAddresses: true }, resolve)).toHaveLength(3);
    await expect(addressesOf('x.org', { privateAddresses: false }, async () => ['::1'])).rejects.toThrow(
      AddressRefused,
    );
    await expect(addressesOf('127.0.0.1', { privateAddresses: false }, resolve)).rejects.toThrow(AddressRefused);
  });
});

describe('lookups', () => {
  it('of one instance are bounded, however many it asks for and leaves', async () => {
    const waiting: ((addresses: string[]) => void)[] = [];
    const resolver = () => new Promise<string[]>((resolve) => waiting.push(resolve));
    const resolve = resolverOf({ resolver } as unknown as InstanceContext);
    const { signal } = new AbortController();
    const asked = Array.from({ length: 100 }, () =>
      resolve('x.org', signal).catch(({ code }: { code: string }) => code),
    );
    for (const answer of waiting) answer(['8.8.8.8']);
    const answers = await Promise.all(asked);
    expect(answers.filter((answer) => answer === 'EAI_AGAIN')).toHaveLength(100 - waiting.length);
    expect(waiting.length).toBeLessThan(100);
    const again = resolve('x.org', signal);
    waiting.at(-1)?.(['1.1.1.1']);
    expect(await again).toEqual(['1.1.1.1']);
  });
});

describe('redirects', () => {
  const bytes = Buffer.from('x');
  const head = {
    method: 'POST',
    url: new URL('https://a.org'),
    path: '/dir/page?q=1',
    headers: [
      ['Authorization', bytes],
      ['Cookie', bytes],
      ['Content-Type', bytes],
      ['X-Other', bytes],
    ],
  } as const;
  const names = (next: ReturnType<typeof redirected>) => next?.headers.map(([name]) => name);

  it('keep the credentials within an origin and drop them across', () => {
    expect(names(redirected(head, 'none', 307, 'other'))).toEqual([
      'Authorization',
      'Cookie',
      'Content-Type',
      'X-Other',
    ]);
    for (const away of ['https://b.org/', 'http://a.org/', 'https://a.org:444/', '//b.org']) {
      expect(names(redirected(head, 'none', 307, away))).toEqual(['Content-Type', 'X-Other']);
    }
  });

  it('resolve against the page, without user and fragment', () => {
    expect(redirected(head, 'none', 307, 'next?r=2#top')?.path).toBe('/dir/next?r=2');
    expect(redirected(head, 'none', 307, 'https://u:p@b.org/')?.url.href).toBe('https://b.org/');
  });

  it.each([
    ['POST', 301, 'GET'],
    ['POST', 302, 'GET'],
    ['POST', 303, 'GET'],
    ['PUT', 303, 'GET'],
    ['HEAD', 303, 'HEAD'],
    ['PUT', 302, 'PUT'],
    ['POST', 307, 'POST'],
    ['POST', 308, 'POST'],
  ])('turn %s at %d into %s', (method, status, after) => {
    expect(redirected({ ...head, method }, 'none', status, '/')?.method).toBe(after);
  });

  it("are the guest's where they cannot be followed", () => {
    expect(redirected(head, 'whole', 307, '/')).toBeUndefined();
    expect(redirected(head, 'unfinished', 302, '/')).toBeUndefined();
    expect(redirected(head, 'whole', 302, '/')?.method).toBe('GET');
    for (const nowhere of [undefined, 'file:///etc/passwd', 'javascript:1', 'http://[', 'ftp://a.org/']) {
      expect(redirected(head, 'none', 302, nowhere)).toBeUndefined();
    }
    expect(redirected(head, 'none', 304, '/')).toBeUndefined();
  });
});
