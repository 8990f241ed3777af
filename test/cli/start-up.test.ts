/**
 * What a command loads, because that is most of the time that a short one takes: nobody waits for the sandbox to ask
 * for help, or for a server's code to submit a job.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../runtime/cli/toolbox/paths.mjs';
import { ended, launcher, startNode } from '../support/cli.ts';

const hook = `
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
registerHooks({
  load(url, context, next) {
    appendFileSync(process.env.LOADED, url + '\\n');
    return next(url, context);
  },
});`;

describe('a command loads what it needs and no more', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bulkhead-start-up-'));
    writeFileSync(join(folder, 'hook.mjs'), hook);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** The files of runtime/ and the packages that a command loaded. */
  const loaded = async (args: readonly string[], exitCode: number): Promise<ReadonlySet<string>> => {
    const list = join(folder, 'loaded');
    writeFileSync(list, '');
    const env = { LOADED: list, XDG_CONFIG_HOME: folder };
    const preload = ['--import', pathToFileURL(join(folder, 'hook.mjs')).href];
    expect((await ended(startNode([...preload, launcher, ...args], { env }))).code).toBe(exitCode);
    const paths = readFileSync(list, 'utf8').split('\n').filter(Boolean);
    const prefix = `${pathToFileURL(root).href}/`;
    return new Set(
      paths.map((url) => {
        const path = url.replace(prefix, '');
        return /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path.replace('runtime/', '');
      }),
    );
  };
  const heavy = [
    'app.ts',
    'api/server.ts',
    '@grpc/grpc-js',
    'protobufjs',
    'smol-toml',
    'pino',
    'piscina',
    'string-width',
  ];

  it.each([[['--help']], [['job', 'enqueue', '--help']], [['__complete', '--', 'job', '']]])('%j', async (args) => {
    const names = await loaded(args, 0);
    expect(names).toContain('cli/program.ts');
    expect(heavy.filter((name) => names.has(name))).toEqual([]);
  });

  it('of a client: the wire, and nothing of the server', async () => {
    const names = await loaded(['job', 'enqueue', 'worker', '--address', '127.0.0.1:1'], 4);
    expect(heavy.filter((name) => names.has(name))).toEqual(['@grpc/grpc-js', 'protobufjs']);
  });
});
