/** `runner install|remove`: plugins that come and go while the server runs. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Init } from '../../api/client.ts';
import type { UploadHead, UploadRequest } from '../../model/messages.gen.ts';
import { RunnerType } from '../../model/messages.gen.ts';
import { CliError } from '../exit-codes.ts';
import { waiting } from '../toolbox/progress.mjs';
import { interruptible } from './interrupt.ts';
import { findRunner } from './lookup.ts';
import type { ConnectionOptions } from './options.ts';
import { note, print, printJson } from './output.ts';
import { type Session, withSession } from './session.ts';

const runnerService = 'jobworkerp.service.RunnerService';
const pluginService = 'bulkhead.plugin.v1.PluginService';

/** Bytes of a component that go in one message. */
const chunkBytes = 256 << 10;

export interface InstallOptions extends ConnectionOptions {
  readonly name?: string;
  readonly replace?: true;
  /** The file lies in a plugin folder of the server. */
  readonly onServer?: true;
  /** Folder of transpiled components. */
  readonly cache: string;
}

/** A component of this machine, and what the server has to know of it. */
interface Local {
  readonly path: string;
  readonly name: string;
  /** Path of its manifest. */
  readonly manifest?: string;
}

/** Brings a plugin to the server, or has it serve a file that lies there. Prints the runner's name. */
export async function install(file: string, options: InstallOptions): Promise<void> {
  if (options.onServer) return await register(file, options);
  const local = await localPlugin(file, options);
  const head = headOf(local, options);
  await withSession(options, `plugin '${local.name}'`, async ({ client }) => {
    const answer = await interruptible(
      (signal) =>
        waiting(`uploading ${basename(local.path)}`, () =>
          client.send(pluginService, 'Upload', messages(head, local.path), { signal }),
        ),
      () => 'interrupted: the server forgets what it got',
    );
    const { runner_id: id, not_granted: notGranted } = answer;
    await tell(String(id?.value ?? ''), local.name, { not_granted: notGranted }, options);
    if (notGranted.length > 0) note(`it asks for what the server's operator does not grant: ${notGranted.join(', ')}`);
  });
}

/**
 * Finds out what the plugin calls itself by running it here, as `inspect` does: what a server would refuse is refused
 * before it is sent. With a name that was given it is not run, and needs no compiler here.
 */
async function localPlugin(file: string, { name, cache }: InstallOptions): Promise<Local> {
  if (name !== undefined && file.endsWith('.wasm')) {
    const own = ['toml', 'json'].map((spelling) => file.replace(/\.wasm$/, `.plugin.${spelling}`));
    const manifest = own.find((path) => existsSync(path));
    return { path: file, name, ...(manifest !== undefined && { manifest }) };
  }
  const { withPlugin } = await import('../local-plugin.ts');
  return await withPlugin(file, { cache }, async ({ plugin, manifest }) => ({
    path: plugin.path,
    name: name ?? plugin.runner.name,
    ...(manifest.path !== undefined && { manifest: manifest.path }),
  }));
}

function headOf({ path, name, manifest }: Local, { replace }: InstallOptions): Init<UploadHead> {
  if (!existsSync(path)) throw new CliError('usage', `${path}: there is no such file`);
  return {
    name,
    sha256: createHash('sha256').update(readFileSync(path)).digest('hex'),
    replace: replace ?? false,
    ...(manifest !== undefined && { manifest: readFileSync(manifest, 'utf8') }),
  };
}

async function* messages(head: Init<UploadHead>, path: string): AsyncGenerator<Init<UploadRequest>> {
  yield { head };
  for await (const chunk of createReadStream(path, { highWaterMark: chunkBytes })) yield { chunk: chunk as Buffer };
}

async function register(file: string, options: InstallOptions): Promise<void> {
  const { name } = options;
  if (name === undefined) throw new CliError('usage', '--on-server needs --name: what the plugin calls itself');
  await withSession(options, `plugin '${file}'`, async ({ client, question }) => {
    const request = { name, runner_type: RunnerType.PLUGIN, definition: file };
    const { id } = await client.unary(runnerService, 'Create', request, question);
    await tell(String(id?.value ?? ''), name, {}, options);
  });
}

async function tell(id: string, name: string, more: object, { json }: InstallOptions): Promise<void> {
  if (json) await printJson({ id, name, ...more });
  else await print(`${name}\n`);
  note(`runner ${name} is served; make a worker of it with: bulkhead worker create NAME --runner ${name}`);
}

/** Has the server serve a runner no longer; an upload is deleted there, another file stays where it is. */
export async function remove(nameOrId: string, options: ConnectionOptions): Promise<void> {
  await withSession(options, `runner '${nameOrId}'`, async (session) => {
    const { client, question } = session;
    const uploads = await uploadedNames(session);
    // An upload may be there and not be served.
    const runner = uploads.has(nameOrId) ? undefined : await findRunner(session, nameOrId);
    const name = runner?.data.name ?? nameOrId;
    const upload = uploads.has(name);
    if (upload) await client.unary(pluginService, 'Remove', { name }, question);
    else if (runner) await client.unary(runnerService, 'Delete', runner.id, question);
    if (options.json) await printJson({ name, upload, removed: true });
    else await print(`${name}\n`);
    if (!upload) note('its file stays in the plugin folder: the next start of the server serves it again');
  });
}

/** None, too, where the server takes no uploads or does not tell. */
async function uploadedNames({ client, question }: Session): Promise<ReadonlySet<string>> {
  try {
    const { plugins } = await client.unary(pluginService, 'List', {}, question);
    return new Set(plugins.map(({ name }) => name));
  } catch (thrown) {
    const status = client.failure(thrown)?.status ?? '';
    if (['FAILED_PRECONDITION', 'UNIMPLEMENTED', 'PERMISSION_DENIED'].includes(status)) return new Set();
    throw thrown;
  }
}
