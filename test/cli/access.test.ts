/** The command line and a server that wants TLS and tokens: the same secrets in a profile and in the server's file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { component } from '../support/artifacts.ts';
import { createAuthority } from '../support/certificates.ts';
import { type ClientTest, startClientTest, writeProfiles } from './client.ts';

const roles = ['admin', 'submitter', 'reader'] as const;
const secretOf = (name: string): string => `the secret of ${name}`.replaceAll(' ', '-');

describe('a server that wants to know who calls', () => {
  let test: ClientTest;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bulkhead-access-'));
    const file = (name: string, content: string): string => {
      writeFileSync(join(folder, name), content, { mode: 0o600 });
      return join(folder, name);
    };
    const authority = createAuthority('Test Authority');
    const { cert, key } = authority.issue('127.0.0.1');
    const tokens = roles.map((role) => {
      file(`${role}.token`, secretOf(role));
      return `[token.${role}]\nrole = "${role}"\nworkers = ["*"]\nchannels = ["*"]\nsecret_file = "${role}.token"\n`;
    });
    test = await startClientTest([component('hello')], {
      access: { tokensFile: file('tokens.toml', tokens.join('')) },
      tls: { certFile: file('server.pem', cert), keyFile: file('server.key', key) },
    });
    const ca = file('ca.pem', authority.cert);
    const profiles = [...roles, 'nobody'].map((name) => {
      const token =
        name === 'nobody' ? 'token = "a-secret-of-nobody"' : `token_file = "${join(folder, `${name}.token`)}"`;
      return `[profile.${name}]\naddress = "${test.address}"\n${token}\n[profile.${name}.tls]\nca = "${ca}"\n`;
    });
    writeProfiles(test.folder, profiles.join(''));
  });
  afterAll(async () => {
    await test.stop();
    rmSync(folder, { recursive: true });
  });

  const as = (profile: string, ...args: string[]) => test.run([...args, '--profile', profile]);

  it('serves each as far as its role goes', async () => {
    expect((await as('admin', 'worker', 'create', 'greeter', '--runner', 'Hello', '--response', 'direct')).code).toBe(
      0,
    );
    const job = ['job', 'enqueue', 'greeter', '--args', '{"name":"Ann"}'];
    expect(await as('submitter', ...job)).toEqual({ code: 0, stdout: '{"greeting":"Hello, Ann!"}\n', stderr: '' });
    expect((await as('reader', 'worker', 'show', 'greeter', '--json')).stdout).toContain('"name":"greeter"');
    const refused = await as('reader', ...job);
    expect(refused).toMatchObject({ code: 5, stdout: '' });
    expect(refused.stderr).toMatch(
      /^bulkhead: worker 'greeter': .*\[PERMISSION_DENIED permission-denied\]; take a token/,
    );
    expect((await as('submitter', 'worker', 'delete', 'greeter')).code).toBe(5);
    expect((await as('reader', 'runner', 'remove', 'Hello')).code).toBe(5);
  });

  it('says what it says of itself to a reader, too', async () => {
    const { code, stdout } = await as('reader', 'status', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ health: 'SERVING', runners: 1, results: 0 });
  });

  it('refuses strangers, and says what they lack', async () => {
    const { code, stdout, stderr } = await as('nobody', 'worker', 'list');
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
    expect(stderr).toMatch(/^bulkhead: workers: .*\[UNAUTHENTICATED unauthenticated\]; give a token with --token-file/);
    expect(stderr).not.toContain('a-secret-of-nobody');
  });

  it('is reached although its own settings stand in the environment', async () => {
    // Whoever runs both on one machine has these set; they are files of the server, not of its clients.
    const env = { BULKHEAD_TLS_CERT: '/nowhere/server.pem', BULKHEAD_TLS_KEY: '/nowhere/server.key' };
    expect((await test.run(['status', '--profile', 'reader'], { env })).code).toBe(0);
  });
});
