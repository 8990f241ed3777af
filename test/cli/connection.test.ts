/** How the command line reaches a server: flags, environment and profiles; TLS and tokens. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Metadata, Server, ServerCredentials, type UntypedHandleCall } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WireSchema } from '../../runtime/api/schema.ts';
import { createAuthority } from '../support/certificates.ts';
import { bulkhead, type Ended } from '../support/cli.ts';
import { bareEnv, writeProfiles } from './client.ts';

/** A server that answers `runner list` with nothing, and keeps the headers that came. */
async function listen(credentials: ServerCredentials): Promise<{ server: Server; port: number; headers: Metadata[] }> {
  const schema = new WireSchema();
  const name = 'jobworkerp.service.RunnerService';
  const server = new Server();
  const headers: Metadata[] = [];
  const answer = (call: { metadata: Metadata; end(): void }): void => {
    headers.push(call.metadata);
    call.end();
  };
  server.addService(schema.service(name), { FindListBy: answer as UntypedHandleCall });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return { server, port, headers };
}

describe('the connection of the command line', () => {
  const authority = createAuthority('Test Authority');
  const tls = authority.issue('jobs.example.com');
  let plain: Awaited<ReturnType<typeof listen>>;
  let secure: Awaited<ReturnType<typeof listen>>;
  let folder: string;

  beforeAll(async () => {
    plain = await listen(ServerCredentials.createInsecure());
    const keys = [{ cert_chain: Buffer.from(tls.cert), private_key: Buffer.from(tls.key) }];
    secure = await listen(ServerCredentials.createSsl(Buffer.from(authority.cert), keys, true));
  });
  afterAll(() => {
    plain.server.forceShutdown();
    secure.server.forceShutdown();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bulkhead-connection-'));
    plain.headers.length = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const run = (args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
    bulkhead(['runner', 'list', '--json', ...args], { env: { ...bareEnv(folder), ...env } });
  const file = (name: string, content: string, mode = 0o600): string => {
    writeFileSync(join(folder, name), content, { mode });
    return join(folder, name);
  };
  const profiles = (content: string, mode?: number): string => writeProfiles(folder, content, mode);
  const tokens = (): unknown[] => plain.headers.map((each) => each.get('jobworkerp-auth')[0]);
  const here = (): string => `127.0.0.1:${plain.port}`;

  describe('takes the address', () => {
    it('from the flag, else the environment, else the profile', async () => {
      profiles(`default = "here"\n[profile.here]\naddress = "${here()}"\n[profile.nowhere]\naddress = "127.0.0.1:1"\n`);
      expect(await run()).toEqual({ code: 0, stdout: '', stderr: '' });
      expect((await run(['--profile', 'nowhere'])).stderr).toContain('server 127.0.0.1:1:');
      expect((await run([], { BULKHEAD_PROFILE: 'nowhere' })).code).toBe(4);
      expect((await run(['--profile', 'here'], { BULKHEAD_PROFILE: 'nowhere' })).code).toBe(0);
      expect((await run([], { BULKHEAD_ADDRESS: '127.0.0.1:2' })).stderr).toContain('server 127.0.0.1:2:');
      expect((await run(['--address', here()], { BULKHEAD_ADDRESS: '127.0.0.1:2' })).code).toBe(0);
      expect((await run([], { BULKHEAD_ADDRESS: '' })).code).toBe(0);
    });

    it('only where it is one', async () => {
      for (const address of ['jobs', 'jobs:0', 'https://jobs:9000', 'jobs:99999']) {
        const { code, stderr } = await run(['--address', address]);
        expect({ address, code }).toEqual({ address, code: 2 });
        expect(stderr).toMatch(/it has to be HOST:PORT, such as 127\.0\.0\.1:9000 or \[::1\]:9000\n$/);
      }
    });
  });

  describe('sends the token', () => {
    it('from a file, the environment or the profile', async () => {
      const address = ['--address', here()];
      const env = { BULKHEAD_TOKEN_FILE: file('env.token', 'from-env-file\n') };
      await run([...address, '--token-file', file('flag.token', 'from-flag')], env);
      await run(address, env);
      await run(address, { BULKHEAD_TOKEN: 'from-env' });
      file('bulkhead.token', 'from-profile-file');
      profiles(
        `[profile.file]\ntoken_file = "../bulkhead.token"\n[profile.env]\ntoken_env = "MY_TOKEN"\n[profile.plain]\ntoken = "from-profile"`,
      );
      await run([...address, '--profile', 'file']);
      await run([...address, '--profile', 'env'], { MY_TOKEN: 'from-named' });
      await run([...address, '--profile', 'plain']);
      await run([...address, '--profile', 'plain'], { BULKHEAD_TOKEN: 'from-env' });
      await run(address);
      expect(tokens()).toEqual([
        'from-flag',
        'from-env-file',
        'from-env',
        'from-profile-file',
        'from-named',
        'from-profile',
        'from-env',
        undefined,
      ]);
    });

    it('never in the clear to another machine, unless it is told to', async () => {
      const env = { BULKHEAD_TOKEN: 'secret' };
      const { code, stderr } = await run(['--address', '192.0.2.1:9000'], env);
      expect(code).toBe(2);
      expect(stderr).toMatch(
        /^bulkhead: 192\.0\.2\.1:9000: the token would cross the network in the clear; .*--tls.*\n$/,
      );
      expect(stderr).not.toContain('secret');
      const allowed = await run(['--address', 'no.such.host.invalid:9000', '--plaintext-token'], env);
      expect(allowed.code).toBe(4);
    });

    it.each([
      ['an empty one', { BULKHEAD_TOKEN: ' ' }, /BULKHEAD_TOKEN: the token is empty/],
      ['one that no header can carry', { BULKHEAD_TOKEN: 'a b' }, /printable ASCII characters only/],
      ['two', { BULKHEAD_TOKEN: 'a', BULKHEAD_TOKEN_FILE: 'b' }, /BULKHEAD_TOKEN and BULKHEAD_TOKEN_FILE are both set/],
      [
        'one whose file is not there',
        { BULKHEAD_TOKEN_FILE: '/nowhere' },
        /BULKHEAD_TOKEN_FILE: \/nowhere cannot be read/,
      ],
    ])('but not %s', async (_, env, message) => {
      const { code, stderr } = await run(['--address', here()], env);
      expect(code).toBe(2);
      expect(stderr).toMatch(message);
      expect(tokens()).toEqual([]);
    });

    it('but not from a file that everybody may read', async () => {
      const open = file('open.token', 'secret', 0o644);
      const token = await run(['--address', here(), '--token-file', open]);
      expect(token).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/everybody on this machine may read .*chmod 600/),
      });
      profiles(`[profile.p]\naddress = "${here()}"\ntoken = "secret"\n`, 0o644);
      const profile = await run(['--profile', 'p']);
      expect(profile).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/may read the token of profile 'p'; run: chmod 600/),
      });
      profiles(`[profile.p]\naddress = "${here()}"\n`, 0o644);
      expect((await run(['--profile', 'p'])).code).toBe(0);
      expect(tokens()).toEqual([undefined]);
    });
  });

  describe('is encrypted', () => {
    const address = (): string => `127.0.0.1:${secure.port}`;
    const client = authority.issue('client');
    const files = (ca = authority.cert): string[] => [
      ...['--tls-ca', file('ca.pem', ca), '--tls-cert', file('client.pem', client.cert)],
      ...['--tls-key', file('client.key', client.key), '--address', address()],
    ];

    it('with an authority, a name and a certificate of the client', async () => {
      const ended = await run([...files(), '--tls-server-name', 'jobs.example.com']);
      expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });
    });

    it('as the profile says, its paths beside it, or not as the flag says', async () => {
      files();
      const text = `address = "${address()}"\n[profile.p.tls]\nca = "../ca.pem"\ncert = "../client.pem"\nkey = "../client.key"\nserver_name = "jobs.example.com"\n`;
      profiles(`[profile.p]\n${text}`);
      expect(await run(['--profile', 'p'])).toEqual({ code: 0, stdout: '', stderr: '' });
      expect((await run(['--profile', 'p', '--no-tls', '--address', here()])).code).toBe(0);
      expect((await run(['--profile', 'p', '--tls-server-name', 'other.example.com'])).code).toBe(4);
    });

    it('to an address, which the certificate has to be for', async () => {
      const { cert, key } = authority.issue('127.0.0.1');
      const keys = [{ cert_chain: Buffer.from(cert), private_key: Buffer.from(key) }];
      const { server, port } = await listen(ServerCredentials.createSsl(null, keys));
      const ca = ['--tls-ca', file('ca.pem', authority.cert)];
      const ended = await run([...ca, '--address', `127.0.0.1:${port}`]);
      const other = await run(files());
      server.forceShutdown();
      expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });
      expect(other.code).toBe(4);
      expect(other.stderr).toMatch(/server 127\.0\.0\.1:\d+: .*127\.0\.0\.1 is not in the cert.*another name/);
    });

    it('and not made where the server is somebody else, or speaks no TLS', async () => {
      const stranger = await run([...files(createAuthority('Other').cert), '--tls-server-name', 'jobs.example.com']);
      expect(stranger.code).toBe(4);
      expect(stranger.stderr).toMatch(/ \[UNAVAILABLE\]; .*of another authority \(--tls-ca\)\n$/);
      expect((await run(['--tls', '--address', here()])).stderr).toMatch(/ \[UNAVAILABLE\]; it may not speak TLS, /);
      expect((await run(['--address', address()])).stderr).toMatch(/ \[UNAVAILABLE\]; it may speak nothing but TLS/);
    });

    it.each([
      [
        'a key without its certificate',
        () => ['--tls-key', file('k', client.key)],
        /a client certificate needs its key/,
      ],
      [
        'a key that everybody may read',
        () => ['--tls-cert', file('c', client.cert), '--tls-key', file('k', client.key, 0o644)],
        /may read TLS key/,
      ],
      [
        'a text that is no certificate',
        () => ['--tls-ca', file('ca', 'nonsense'), '--tls-cert', file('c', 'x'), '--tls-key', file('k', 'y')],
        /the TLS files cannot be used: /,
      ],
    ])('and refuses %s', async (_, args, message) => {
      const { code, stderr } = await run(['--address', address(), ...args()]);
      expect(code).toBe(2);
      expect(stderr).toMatch(message);
    });
  });

  describe('refuses a file of profiles', () => {
    it.each([
      [
        'with a key that there is none of',
        '[profile.p]\nadress = "x:1"\n',
        /profiles\.toml:2: profile\.p\.adress: an unknown field \(did you mean address\?\); expected one of address, /,
      ],
      [
        'with an address that is none',
        '[profile.p]\naddress = "x"\n',
        /profiles\.toml:2: profile\.p\.address: it is "x"; expected HOST:PORT/,
      ],
      ['that is no TOML', '[profile.p\n', /profiles\.toml:1: no TOML: /],
      [
        'with two tokens',
        '[profile.p]\ntoken_file = "x"\ntoken_env = "X"\n',
        /profile 'p' has token_file and token_env; keep one of them/,
      ],
      ['without the profile that is named', '[profile.q]\n', /profile 'p': \S+ has no such profile; it has: q/],
    ])('%s', async (_, content, message) => {
      profiles(content);
      const { code, stderr } = await run(['--profile', 'p']);
      expect(code).toBe(2);
      expect(stderr).toMatch(message);
    });

    it('that is not there, where a profile was named', async () => {
      const { code, stderr } = await run(['--profile', 'p']);
      expect(code).toBe(2);
      expect(stderr).toMatch(
        /^bulkhead: profile 'p': \S+profiles\.toml is not there; write one with: \[profile\.p\]\n$/,
      );
    });
  });
});
