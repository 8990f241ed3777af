/** Manifests: what is read, what is refused and in which words, and that the published schema says the same. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { root } from '../../runtime/cli/toolbox/paths.mjs';
import { BulkheadError } from '../../runtime/errors.ts';
import { checkManifest, findManifest, readManifest, strayManifests } from '../../runtime/plugins/manifest.ts';
import { grantsShape, manifestShape } from '../../runtime/plugins/manifest-fields.ts';
import { jsonSchemaOf } from '../../runtime/toml/shape.ts';

const cases = join(root, 'test', 'capabilities', 'manifest-errors');

async function errorOf(act: () => Promise<unknown>): Promise<BulkheadError> {
  try {
    await act();
  } catch (error) {
    if (error instanceof BulkheadError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a manifest', () => {
  let folder: string;
  const write = (name: string, text = ''): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bulkhead-manifest-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is read as a whole', async () => {
    const path = write(
      'plugin.toml',
      `schema_version = 1
name = "Files"
version = "1.2.3-rc.1"
description = "Does with files what it is told"
[permissions]
env = ["TOKEN", "__proto__"]
clock = "fine"
filesystem = [{ guest = "/data", access = "read-write", max_bytes = 1_000, max_files = 10 }]
[[permissions.http]]
scheme = "https"
host = "*.example.com"
port = 8443
methods = ["GET", "POST"]
private_addresses = true
[[permissions.sockets]]
host = "::1"
port = 5432
[[permissions.sockets]]
protocol = "udp"
host = "dns.example.com"
port = 53
[[permissions.listen]]
address = "0.0.0.0"
port = 8080
last_port = 8089
[limits]
cpu_ms = 100
log_bytes_per_second = 10
`,
    );
    const { asked, limits, name, version } = await readManifest(path);
    expect({ name, version }).toEqual({ name: 'Files', version: '1.2.3-rc.1' });
    expect(Object.keys(asked.env ?? {})).toEqual(['TOKEN', '__proto__']);
    expect({ ...asked, env: undefined }).toEqual({
      env: undefined,
      clock: 'fine',
      filesystem: [{ guest: '/data', access: 'read-write', maxBytes: 1000, maxFiles: 10 }],
      http: [{ scheme: 'https', host: '*.example.com', port: 8443, methods: ['GET', 'POST'], privateAddresses: true }],
      sockets: [
        { host: '::1', port: 5432 },
        { protocol: 'udp', host: 'dns.example.com', port: 53 },
      ],
      listen: [{ address: '0.0.0.0', port: 8080, lastPort: 8089 }],
    });
    expect(limits).toEqual({ cpuMs: 100, logBytesPerSecond: 10 });
  });

  it.each(readdirSync(cases).filter((name) => name.endsWith('.toml')))('is refused in one line: %s', async (name) => {
    const { code, message } = await errorOf(() => readManifest(join(cases, name)));
    expect(code).toBe('plugin-refused');
    expect(message).not.toMatch(/\p{Cc}/u);
    await expect(`${message}\n`).toMatchFileSnapshot(join(cases, name.replace(/toml$/, 'txt')));
  });

  it.each([
    ['no JSON', '{\n  "schema_version": 1,\n}', 'plugin.json:3: no JSON: property name expected'],
    ['nothing', '', 'plugin.json:1: no JSON: value expected'],
    ['a comment', '// hello\n{}', 'plugin.json:1: no JSON: invalid comment token'],
    ['a key twice', '{\n"name": "a",\n"name": "b"}', 'plugin.json:3: the key "name" stands there twice'],
    ['a list', '[]', 'plugin.json:1: the file: it is a list; expected a table'],
    [
      'a misspelt field',
      '{ "schema_version": 1, "name": "x", "version": "1.0.0",\n  "permissions": {\n    "clocks": "fine" } }',
      'plugin.json:3: permissions.clocks: an unknown field (did you mean clock?); expected one of env, clock, filesystem, http, sockets, listen',
    ],
    [
      'a number that is none',
      '{ "schema_version": 1, "name": "x", "version": "1.0.0", "permissions": { "sockets": [\n{ "host": "a.b", "port": 1 },\n{ "host": "a.b", "port": "1" }] } }',
      'plugin.json:3: permissions.sockets[1].port: it is "1"; expected a whole number from 1 to 65535',
    ],
    ['levels without end', '['.repeat(30_000), 'plugin.json:1: it nests deeper than 16 levels'],
  ])('in JSON is refused in one line where it has %s', async (_, text, complaint) => {
    const { code, message } = await errorOf(() => readManifest(write('plugin.json', text)));
    expect({ code, message }).toEqual({ code: 'plugin-refused', message: complaint });
  });

  it('says the same in JSON as in TOML', async () => {
    const permissions = { env: ['TOKEN'], clock: 'fine', http: [{ scheme: 'https', host: 'a.example.com' }] };
    const fields = { schema_version: 1, name: 'Files', version: '1.0.0', permissions, limits: { cpu_ms: 5 } };
    const json = await readManifest(write('plugin.json', JSON.stringify(fields, null, 2)));
    const toml = await readManifest(
      write(
        'plugin.toml',
        `schema_version = 1\nname = "Files"\nversion = "1.0.0"\nlimits.cpu_ms = 5\n[permissions]\nenv = ["TOKEN"]\nclock = "fine"\n[[permissions.http]]\nscheme = "https"\nhost = "a.example.com"\n`,
      ),
    );
    expect({ ...json, path: undefined }).toEqual({ ...toml, path: undefined });
  });

  it('is refused where it is huge, no text, or nested without end', async () => {
    const header = 'schema_version = 1\nname = "x"\nversion = "1.0.0"\n';
    const huge = write('huge', `${header}# ${'x'.repeat(70_000)}`);
    expect((await errorOf(() => readManifest(huge))).message).toMatch(/70\d\d\d bytes; at most 65536/);
    writeFileSync(huge, Buffer.from([0xff, 0xfe]));
    expect((await errorOf(() => readManifest(huge))).message).toMatch(/cannot be read/);
    const nested = write('nested', `${header}x = ${'['.repeat(20_000)}`);
    expect((await errorOf(() => readManifest(nested))).message).toMatch(/nested:4: no TOML/);
    const slow = write('slow', `${header}${`${'a '.repeat(255)}\n`.repeat(100)}`);
    const start = performance.now();
    await errorOf(() => readManifest(slow));
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it('stands beside its component', async () => {
    const component = write('files.wasm');
    expect(await findManifest(component)).toBeUndefined();
    const plain = write('plugin.toml');
    expect(await findManifest(component)).toBe(plain);
    const own = write('files.plugin.toml');
    expect((await errorOf(() => findManifest(component))).message).toMatch(/which component it is for/);
    rmSync(plain);
    expect(await findManifest(component)).toBe(own);
    const json = write('files.plugin.json');
    expect((await errorOf(() => findManifest(component))).message).toMatch(
      /there are two manifests, .*toml and .*json/,
    );
    rmSync(own);
    expect(await findManifest(component)).toBe(json);
    rmSync(json);
    write('plugin.toml');
    write('other.wasm');
    expect((await errorOf(() => findManifest(component))).message).toMatch(/name it files\.plugin\.toml/);
  });

  it('without a component is told of', () => {
    expect(strayManifests(['a.wasm', 'a.plugin.toml', 'b.plugin.toml'])).toEqual(['b.plugin.toml']);
    expect(strayManifests(['a.wasm', 'b.plugin.json', 'plugin.json'])).toEqual(['b.plugin.json']);
    expect(strayManifests(['plugin.toml'])).toEqual(['plugin.toml']);
    expect(strayManifests(['plugin.toml', 'a.wasm'])).toEqual([]);
  });

  it('is for the plugin that it names', () => {
    const manifest = { path: 'x/plugin.toml', name: 'Files', asked: {}, limits: {} };
    checkManifest(manifest, 'Files');
    expect(() => checkManifest(manifest, 'Other')).toThrow('plugin.toml is for "Files"; the component is "Other"');
  });
});

describe('the published schemas', () => {
  it.each([
    ['manifest', manifestShape],
    ['grants', grantsShape],
  ])('say what the validator checks: %s (npm test -- manifest -u writes it)', async (name, shape) => {
    const schema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: `Bulkhead ${name}`,
      ...jsonSchemaOf(shape),
    };
    const file = join(root, 'runtime', 'plugins', `${name}.schema.json`);
    await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot(file);
  });
});
