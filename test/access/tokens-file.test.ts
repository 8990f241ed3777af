/** The tokens file and what it may not be, and the files of TLS. */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exposure } from '../../runtime/access/private-file.ts';
import { readAccess } from '../../runtime/access/read-access.ts';
import { readTls } from '../../runtime/access/tls-files.ts';
import { readTokens } from '../../runtime/access/tokens-file.ts';
import { createAuthority } from '../support/certificates.ts';

const secret = 'correct horse battery staple';
const sha256 = createHash('sha256').update(secret).digest('hex');
const reach = 'workers = ["*"]\nchannels = ["*"]';
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulkhead-tokens-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const demand = { what: 'x', role: 'reader', scope: 'checked' } as const;

describe('a tokens file', () => {
  it('gives tokens with names, roles, reach and limits', async () => {
    write('ci.secret', `${secret}, the file's\n`);
    const path = write(
      'tokens.toml',
      `[token.boss]
role = "admin"
secret = "${secret}, the first"
${reach}
[token.ci]
role = "submitter"
secret_file = "ci.secret"
workers = ["build-*", "deploy"]
channels = ["[default]", "ci"]
limits = { calls_per_second = 50, burst = 100, calls_at_once = 20, message_bytes = 1048576 }
[token."a.b-c_d"]
role = "reader"
sha256 = "${sha256}"
${reach}`,
    );
    const { tokens, notes } = await readTokens(path);
    expect(notes).toEqual([]);
    expect(tokens.map(({ caller: { name, role } }) => [name, role])).toEqual([
      ['boss', 'admin'],
      ['ci', 'submitter'],
      ['a.b-c_d', 'reader'],
    ]);
    expect(tokens[1]).toMatchObject({
      caller: { workers: { patterns: ['build-*', 'deploy'] }, channels: { patterns: ['[default]', 'ci'] } },
      limits: { callsPerSecond: 50, burst: 100, callsAtOnce: 20, messageBytes: 1048576 },
    });
    const { access } = await readAccess({ tokensFile: path });
    for (const [given, name] of [
      [`${secret}, the first`, 'boss'],
      [`${secret}, the file's`, 'ci'],
      [secret, 'a.b-c_d'],
    ] as const)
      expect(access.enter(demand, [given]).caller.name).toBe(name);
  });

  const token = (fields: string) => `[token.t]\nrole = "reader"\n${fields}`;
  it.each([
    ['nothing', '', /token: it is missing/],
    ['no token', '[token]', /token: it has no tokens/],
    [
      'an unknown role',
      token(`secret = "${secret}"\n${reach}`).replace('reader', 'owner'),
      /:2: token\.t\.role.*"reader"/,
    ],
    ['no workers', token(`secret = "${secret}"\nchannels = ["*"]`), /:1: token\.t\.workers: it is missing/],
    ['no channels', token(`secret = "${secret}"\nworkers = ["*"]`), /:1: token\.t\.channels: it is missing/],
    ['no secret', token(reach), /:1: token\.t: .*one of secret, secret_file and sha256/],
    [
      'two secrets',
      token(`secret = "${secret}"\nsha256 = "${sha256}"\n${reach}`),
      /one of secret, secret_file and sha256/,
    ],
    ['a short secret', token(`secret = "fifteen letters"\n${reach}`), /:3: token\.t\.secret.*16 to 1024/],
    ['a secret that no header carries', token(`secret = "schlüssel schlüssel"\n${reach}`), /:3: token\.t\.secret/],
    ['a secret on several lines', token(`secret = "${secret}\\nsecond"\n${reach}`), /:3: token\.t\.secret.*one line/],
    ['a digest that is none', token(`sha256 = "${secret}"\n${reach}`), /:3: token\.t\.sha256.*64 hexadecimal/],
    ['an empty name of a worker', token(`secret = "${secret}"\nworkers = [""]\nchannels = ["*"]`), /workers\[0\]/],
    [
      'an unknown field',
      token(`secret = "${secret}"\n${reach}\nworker = "x"`),
      /:6: token\.t\.worker: an unknown field/,
    ],
    ['a bad name', `[token."a b"]\nrole = "reader"\nsecret = "${secret}"\n${reach}`, /token\."a b".*letters/],
    ['a burst without a rate', token(`secret = "${secret}"\n${reach}\nlimits.burst = 3`), /burst: it has no rate/],
    ['a rate of nothing', token(`secret = "${secret}"\n${reach}\nlimits.calls_per_second = 0`), /calls_per_second/],
    [
      'one secret for two',
      `[token.a]\nrole = "reader"\nsecret = "${secret}"\n${reach}\n[token.b]\nrole = "admin"\nsha256 = "${sha256}"\n${reach}`,
      /the tokens 'a' and 'b' have the same secret/,
    ],
    [
      'a secret file that is not there',
      token(`secret_file = "nowhere"\n${reach}`),
      /the secret of token 't' .*nowhere/,
    ],
  ])('with %s is refused in one line that shows no secret', async (_, text, message) => {
    const error: unknown = await readTokens(write('tokens.toml', text)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'config-invalid', message: expect.stringMatching(message) as string });
    expect(String(error)).not.toMatch(/correct horse|fifteen letters|schlüssel|\n/);
  });

  it('has at most 256 tokens', async () => {
    const tokens = Array.from(
      { length: 257 },
      (_, index) => `[token.t${index}]\nrole = "reader"\nsecret = "${secret} ${index}"\n${reach}`,
    );
    await expect(readTokens(write('tokens.toml', tokens.join('\n')))).rejects.toThrow(/it has 257 tokens/);
  });

  describe('that others can get at', () => {
    const text = token(`secret = "${secret}"\n${reach}`);

    it.each([
      [0o604, /every user of this machine can reach it \(mode 0604\): chmod 600/],
      [0o644, /every user of this machine can reach it/],
      [0o602, /every user of this machine can reach it/],
      [0o620, /its group can change it \(mode 0620\)/],
    ])('(mode %o) is refused', async (mode, message) => {
      await expect(readTokens(write('tokens.toml', text, mode))).rejects.toMatchObject({
        code: 'config-invalid',
        message: expect.stringMatching(message) as string,
      });
      write('secret', secret, mode);
      await expect(readTokens(write('by-file.toml', token(`secret_file = "secret"\n${reach}`)))).rejects.toThrow(
        message,
      );
    });

    it('because it is theirs is refused, unless they are root', () => {
      expect(exposure(0o100600, 1001, 1000).refused).toMatch(/it belongs to user 1001/);
      expect(exposure(0o100600, 1001, 0).refused).toMatch(/it belongs to user 1001/);
      expect([exposure(0o100600, 0, 1000), exposure(0o100400, 1000, 1000)]).toEqual([{}, {}]);
    });

    it('by reading, in its group, is taken with a note', async () => {
      const { tokens, notes } = await readTokens(write('tokens.toml', text, 0o640));
      expect(tokens).toHaveLength(1);
      expect(notes).toEqual([expect.stringMatching(/tokens\.toml: its group can read it \(mode 0640\)/)]);
    });
  });

  it('is a file', async () => {
    mkdirSync(join(folder, 'directory'));
    await expect(readTokens(join(folder, 'directory'))).rejects.toThrow(/it is no file/);
    await expect(readTokens(join(folder, 'nowhere'))).rejects.toThrow(/the tokens file .*nowhere is not used: ENOENT/);
  });
});

describe('AUTH_TOKEN', () => {
  it('is one admin who reaches everything, beside the file', async () => {
    const file = write('tokens.toml', `[token.t]\nrole = "reader"\nsecret = "${secret}"\n${reach}`);
    const { access, notes } = await readAccess({ adminToken: 'a much longer secret', tokensFile: file });
    expect(notes).toEqual([]);
    expect(access.enter({ ...demand, role: 'admin', scope: 'whole' }, ['a much longer secret']).caller.role).toBe(
      'admin',
    );
    expect(access.enter(demand, [secret]).caller.name).toBe('t');
    await expect(readAccess({ adminToken: secret, tokensFile: file })).rejects.toThrow(/the same secret/);
  });

  it('may be short, as jobworkerp allows it, with a note', async () => {
    const { access, notes } = await readAccess({ adminToken: 'short' });
    expect(access.enter(demand, ['short']).caller.name).toBe('AUTH_TOKEN');
    expect(notes).toEqual([expect.stringMatching(/5 characters and can be guessed/)]);
  });

  it.each([
    ['', /set and empty/],
    [' blank', /printable ASCII/],
    ['schlüssel', /printable ASCII/],
  ])('%j is refused: access is never open by mistake', async (adminToken, message) => {
    await expect(readAccess({ adminToken })).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringMatching(message) as string,
    });
  });

  it('and file left out mean open access', async () => {
    expect((await readAccess({})).access.isOpen).toBe(true);
  });
});

describe('files of TLS', () => {
  const authority = createAuthority('test authority');
  const server = authority.issue('localhost');
  const other = authority.issue('other');

  it('are certificate and key, and the authority of clients where they need one', async () => {
    const [certFile, keyFile] = [write('cert.pem', server.cert), write('key.pem', server.key)];
    expect((await readTls({ certFile, keyFile })).tls).toMatchObject({ requestCert: false });
    const clientCaFile = write('ca.pem', `# ours\n${authority.cert}${other.cert}`);
    expect(await readTls({ certFile, keyFile, clientCaFile })).toMatchObject({
      tls: { requestCert: true, rejectUnauthorized: true },
      notes: [],
    });
  });

  it('are used with a note where the key can be read by others, or the certificate has ended', async () => {
    const ended = authority.issueEnded('ended');
    const files = { certFile: write('cert.pem', ended.cert), keyFile: write('key.pem', ended.key, 0o644) };
    expect((await readTls(files)).notes).toEqual([
      expect.stringMatching(/key\.pem: every user of this machine can reach it/),
      expect.stringMatching(/cert\.pem expired on 20/),
    ]);
  });

  it.each([
    ['a certificate that is not there', { cert: undefined }, /the certificate .*cert\.pem is not used: ENOENT/],
    ['a certificate that is none', { cert: 'hello' }, /the certificate .*it holds no certificate/],
    ['a torn certificate', { cert: server.cert.replace(/M/g, 'N') }, /the certificate .*cannot be read/],
    ['a key that is not there', { key: undefined }, /the key .*key\.pem is not used: ENOENT/],
    ['a key that is none', { key: server.cert }, /the key .*no private key in PEM/],
    ['an encrypted key', { key: '-----BEGIN ENCRYPTED PRIVATE KEY-----' }, /the key .*encrypted/],
    ["another certificate's key", { key: other.key }, /the key .*does not belong to the certificate .*cert\.pem/],
    ['an authority that is none', { ca: 'hello' }, /the clients' authority .*no certificate/],
  ])('with %s are refused', async (_, change, message) => {
    const texts: Record<string, string | undefined> = { ...server, ca: authority.cert, ...change };
    for (const [name, text] of Object.entries(texts)) if (text !== undefined) write(`${name}.pem`, text);
    const [certFile, keyFile, clientCaFile] = ['cert', 'key', 'ca'].map((name) => join(folder, `${name}.pem`)) as [
      string,
      string,
      string,
    ];
    await expect(readTls({ certFile, keyFile, clientCaFile })).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringMatching(message) as string,
    });
  });
});
