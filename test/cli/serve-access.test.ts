/** `bulkhead serve` and who may connect and call: flags, environment, reload. */
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { component } from '../support/artifacts.ts';
import { createAuthority } from '../support/certificates.ts';
import { bulkhead, ended, launcher, lineOf, startNode } from '../support/cli.ts';

let folder: string;
let plugins: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulkhead-serve-access-'));
  plugins = join(folder, 'plugins');
  mkdirSync(plugins);
  copyFileSync(component('hello'), join(plugins, 'hello.wasm'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const args = (...more: string[]) => [
  ...['serve', '--database', ':memory:', '--log-format', 'text', '--plugins', plugins],
  ...more,
];

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, 0o600);
  return path;
}

function tokensFile(secret: string): string {
  const reach = 'workers = ["*"]\nchannels = ["*"]';
  return write('tokens.toml', `[token.ops]\nrole = "admin"\nsecret = "${secret}"\n${reach}\n`);
}

/** Status of `RunnerService.Count` with a token. */
function count(port: string | undefined, token?: string, channel = credentials.createInsecure()): Promise<string> {
  const client = new Client(`localhost:${port}`, channel);
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('jobworkerp-auth', token);
  const asIs = (bytes: Buffer) => bytes;
  return new Promise<string>((resolve) => {
    const path = '/jobworkerp.service.RunnerService/Count';
    client.makeUnaryRequest(path, asIs, asIs, Buffer.alloc(0), metadata, (error: ServiceError | null) =>
      resolve(status[error?.code ?? 0] ?? ''),
    );
  }).finally(() => client.close());
}

describe('bulkhead serve', () => {
  it.each(['0.0.0.0:0', ':0', '[::]:0'])('refuses %s without tokens, and names both ways out', async (address) => {
    const { code, stderr } = await bulkhead(args('--listen', address), { env: { AUTH_TOKEN: undefined } });
    expect(code).toBe(3);
    expect(stderr).toMatch(
      /^bulkhead: will not listen on .*--tokens FILE.*AUTH_TOKEN.*127\.0\.0\.1.*\[config-invalid\]$/m,
    );
  });

  it('takes any address with AUTH_TOKEN, says that it is not encrypted, and asks for the token', async () => {
    const env = { AUTH_TOKEN: 'a secret of some length' };
    const server = startNode([launcher, ...args('--listen', '0.0.0.0:0')], { cwd: folder, env });
    const end = ended(server);
    const [, port] = await lineOf(server, /listens on 0\.0\.0\.0:(\d+)/);
    expect([await count(port), await count(port, 'wrong'), await count(port, env.AUTH_TOKEN)]).toEqual([
      'UNAUTHENTICATED',
      'UNAUTHENTICATED',
      'OK',
    ]);
    server.kill('SIGTERM');
    const { code, stderr } = await end;
    expect(code).toBe(0);
    expect(stderr).toMatch(/warn +there is no encryption/);
    expect(stderr).not.toContain(env.AUTH_TOKEN);
  });

  it('reads tokens and certificates again with SIGHUP, and keeps the old ones where the new are wrong', async () => {
    const [first, second] = [createAuthority('first'), createAuthority('second')];
    const renew = (authority: typeof first) => {
      const { cert, key } = authority.issue('localhost');
      return ['--tls-cert', write('cert.pem', cert), '--tls-key', write('key.pem', key)];
    };
    const trust = (authority: typeof first) => credentials.createSsl(Buffer.from(authority.cert));
    const tls = renew(first);
    const flags = args('--listen', '127.0.0.1:0', '--tokens', tokensFile('the first secret of ops'), ...tls);
    const server = startNode([launcher, ...flags], { cwd: folder, env: { AUTH_TOKEN: undefined } });
    const end = ended(server);
    let said = '';
    server.stderr?.on('data', (text: string) => {
      said += text;
    });
    const [, port] = await lineOf(server, /listens on 127\.0\.0\.1:(\d+)/);
    expect(await count(port, 'the first secret of ops', trust(first))).toBe('OK');
    expect(await count(port, 'the first secret of ops', trust(second))).toBe('UNAVAILABLE');

    renew(second);
    tokensFile('short');
    server.kill('SIGHUP');
    await expect.poll(() => said).toMatch(/error nothing was read again: .*tokens\.toml:3: token\.ops\.secret/);
    expect(await count(port, 'the first secret of ops', trust(first))).toBe('OK');
    tokensFile('the second secret of ops');
    server.kill('SIGHUP');
    await expect.poll(() => said).toMatch(/info +tokens and certificates were read again/);
    expect(await count(port, 'the second secret of ops', trust(second))).toBe('OK');
    expect(await count(port, 'the first secret of ops', trust(second))).toBe('UNAUTHENTICATED');
    server.kill('SIGTERM');
    expect((await end).code).toBe(0);
  });

  it.each([
    ['a certificate without a key', ['--tls-cert', 'x.pem'], 2, /tls\.key \(--tls-key\) is not set/],
    ['a key without a certificate', ['--tls-key', 'x.pem'], 2, /tls\.cert \(--tls-cert\) is not set/],
    ["clients' certificates without its own", ['--tls-client-ca', 'x.pem'], 2, /tls\.cert \(--tls-cert\) is not set/],
    ['a certificate that is not there', ['--tls-cert', 'x.pem', '--tls-key', 'y.pem'], 3, /the certificate x\.pem/],
    ['tokens that are not there', ['--tokens', 'x.toml'], 3, /the tokens file x\.toml/],
    ['what is no origin', ['--web-origin', 'example.com'], 2, /scheme and host/],
    ['an origin with a path', ['--web-origin', 'https://a.example/x'], 2, /scheme and host/],
    ['an origin that browsers write otherwise', ['--web-origin', 'https://A.example:443'], 3, /is no web origin/],
    ['no connections', ['--max-connections', '0'], 2, /whole number from 1/],
  ])('refuses %s', async (_, flags, expected, message) => {
    const { code, stderr } = await bulkhead(args('--listen', '127.0.0.1:0', ...flags), {
      env: { AUTH_TOKEN: undefined },
    });
    expect({ code, stderr }).toEqual({ code: expected, stderr: expect.stringMatching(message) as string });
  });

  it('refuses an AUTH_TOKEN that is empty', async () => {
    const { code, stderr } = await bulkhead(args('--listen', '127.0.0.1:0'), { env: { AUTH_TOKEN: '' } });
    expect(code).toBe(3);
    expect(stderr).toMatch(/AUTH_TOKEN is set and empty/);
  });
});
