/** HTTPS from a plugin: whose certificates are believed, for which hosts, and how the operator says so. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HttpGrant } from '../../runtime/model/grant.ts';
import { readGrants } from '../../runtime/plugins/grants-file.ts';
import { testPlugin } from '../support/artifacts.ts';
import { createAuthority } from '../support/certificates.ts';
import { bulkhead } from '../support/cli.ts';
import { type GuestOptions, NetworkPlugin } from './egress-guest.ts';
import { httpsServer, type TestServer } from './egress-server.ts';

const ours = createAuthority('An authority of ours');
const other = createAuthority('Another authority');
const trust = (...certificates: string[]) => ({ file: 'ca.pem', certificates: certificates.join('\n') });

let http: NetworkPlugin;
/** Has a certificate of ours for api.test and both loopback addresses. */
let server: TestServer;
let server6: TestServer;
beforeAll(async () => {
  http = await NetworkPlugin.compile('http');
  const identity = ours.issue('api.test', '127.0.0.1', '::1');
  server = await httpsServer(identity, (request, response) => response.end(`secret ${request.url}`));
  server6 = await httpsServer(identity, (_, response) => response.end('secret'), '::1');
});
afterAll(() => Promise.all([server.close(), server6.close()]));

const granted = (...grants: Partial<HttpGrant>[]): GuestOptions => ({
  grants: {
    http: grants.map((more) => ({
      scheme: 'https',
      host: 'api.test',
      port: server.port,
      privateAddresses: true,
      ...more,
    })),
  },
  resolver: async () => ['127.0.0.1'],
});
const url = (host = 'api.test') => `url https://${host}:${server.port}/path`;
const certificateError = 'error: ErrorCode::TlsCertificateError';

describe('a host with a certificate of a private authority', () => {
  it('is believed where the operator trusts that authority for it', async () => {
    const ran = await http.run(url(), granted({ authorities: trust(ours.cert) }));
    expect(ran).toMatchObject({ said: expect.stringMatching(/^200\n.*secret \/path$/s), refusals: [], handles: 0 });
  });

  it('is believed beside others in the file, and by its address', async () => {
    const authorities = trust(other.cert, ours.cert);
    expect((await http.run(url(), granted({ authorities }))).said).toMatch(/^200\n/);
    expect((await http.run(url('127.0.0.1'), granted({ host: '127.0.0.1', authorities }))).said).toMatch(/^200\n/);
    const ran = await http.run(
      `url https://${server6.authority}/`,
      granted({ host: '::1', port: server6.port, authorities }),
    );
    expect(ran.said).toMatch(/^200\n/);
  });

  it.each([
    ['nobody said whom to trust', [{}]],
    ['another authority is trusted', [{ authorities: trust(other.cert) }]],
    ['ours is trusted for another host only', [{}, { host: 'other.test', authorities: trust(ours.cert) }]],
  ])('is not believed where %s', async (_, grants) => {
    const ran = await http.run(url(), granted(...grants));
    expect(ran).toMatchObject({ said: certificateError, handles: 0 });
  });

  it('is not believed by another name, whoever vouches for it', async () => {
    const authorities = trust(ours.cert);
    for (const host of ['other.test', 'sub.api.test']) {
      expect((await http.run(url(host), granted({ host, authorities }))).said).toBe(certificateError);
    }
    const named = await httpsServer(ours.issue('api.test'), (_, response) => response.end('secret'));
    const byAddress = granted({ host: '127.0.0.1', port: named.port, authorities });
    expect((await http.run(`url https://${named.authority}/`, byAddress)).said).toBe(certificateError);
    await named.close();
  });

  it('is not trusted by whom its own certificate names as issuer: names prove nothing', async () => {
    const forged = createAuthority('An authority of ours');
    expect((await http.run(url(), granted({ authorities: trust(forged.cert) }))).said).toBe(certificateError);
  });
});

describe('the operator', () => {
  let folder: string;
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const grant = (more: string) =>
    file(
      'grants.toml',
      `[[plugin.Http.http]]\nscheme = "https"\nhost = "127.0.0.1"\nport = ${server.port}\nprivate_addresses = true\n${more}`,
    );
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bulkhead-https-'));
    file('ca.pem', `ours:\n${ours.cert}`);
    copyFileSync(testPlugin('net/http'), join(folder, 'http.wasm'));
    file(
      'http.plugin.toml',
      `schema_version = 1\nname = "Http"\nversion = "1.0.0"\n[[permissions.http]]\nscheme = "https"\nhost = "127.0.0.1"\nport = ${server.port}\nprivate_addresses = true\n`,
    );
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const run = async (grants: string, env: NodeJS.ProcessEnv = {}) => {
    const args = ['--grants', grants, '--args', JSON.stringify(url('127.0.0.1'))];
    const { stdout, stderr } = await bulkhead(['run', join(folder, 'http.wasm'), ...args], { env });
    return stdout + stderr;
  };

  it('says whom to trust in the grants', async () => {
    expect(await run(grant(''))).toContain('TlsCertificateError');
    expect(await run(grant('ca_file = "ca.pem"\n'))).toContain('secret /path');
  });

  it('says whom to trust for the whole server in the environment, as with all of Node', async () => {
    const env = { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') };
    expect(await run(grant(''), env)).toContain('secret /path');
    file('other.pem', other.cert);
    expect(await run(grant('ca_file = "other.pem"\n'), env)).toContain('TlsCertificateError');
  });

  it('is shown the file, and not what is in it', async () => {
    const component = join(folder, 'http.wasm');
    const { stdout } = await bulkhead(['inspect', component, '--grants', grant('ca_file = "ca.pem"\n')]);
    expect(stdout).toContain(`also at private addresses, vouched for by ${join(folder, 'ca.pem')}`);
    const json = await bulkhead(['inspect', component, '--json', '--grants', join(folder, 'grants.toml')]);
    expect(json.stdout).not.toContain('CERTIFICATE');
    expect(JSON.parse(json.stdout)).toMatchObject({
      permissions: { effective: { http: [{ caFile: join(folder, 'ca.pem') }] } },
    });
  });

  it.each([
    ['is not there', 'ca_file = "none.pem"', /none\.pem is not there; expected a file of certificates in PEM/],
    [
      'holds none',
      'ca_file = "grants.toml"',
      /:6: plugin\.Http\.http\[0\]\.ca_file: .*grants\.toml holds no certificate/,
    ],
    ['holds a broken one', 'ca_file = "broken.pem"', /broken\.pem cannot be read/],
    ['is a folder', 'ca_file = "."', /cannot be read/],
    ['is large', 'ca_file = "large.pem"', /large\.pem has 70000 bytes; at most 65536/],
  ])('is told before anything runs that the file %s', async (_, line, message) => {
    file('broken.pem', '-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n');
    file('large.pem', 'x'.repeat(70_000));
    const error = { code: 'config-invalid', message: expect.stringMatching(message) };
    await expect(readGrants(grant(`${line}\n`))).rejects.toMatchObject(error);
  });

  it('is told that plain HTTP has no certificates, and a manifest cannot bring any', async () => {
    const plain = file('plain.toml', '[[plugin.Http.http]]\nscheme = "http"\nhost = "a"\nca_file = "ca.pem"\n');
    await expect(readGrants(plain)).rejects.toMatchObject({ message: expect.stringMatching(/the scheme is http/) });
  });
});
