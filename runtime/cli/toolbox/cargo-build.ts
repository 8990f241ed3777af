/**
 * Compiles crates to components and says which files came out, from cargo's own JSON messages.
 *
 * Cargo names every file that it made or found up to date; guessing names from Cargo.toml would be wrong for
 * renamed libraries, target folders of the user's own, and workspaces.
 */
import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { targetFolder, wasmCargo, wasmTarget } from './paths.mjs';

/** A component that cargo made. */
export interface BuiltComponent {
  /** The folder of the crate. */
  readonly crate: string;
  /** The `.wasm` file. */
  readonly path: string;
}

/** What cargo answered. A crate that does not compile is an answer, not an error. */
export type CargoBuild =
  | { readonly ok: true; readonly components: readonly BuiltComponent[] }
  | { readonly ok: false; readonly output: string };

export interface CargoBuildOptions {
  /** A folder with a Cargo.toml: a crate, or a workspace of which all members are built. */
  readonly folder: string;
  /** Sees each line of cargo's progress, without colours. */
  readonly onProgress?: (line: string) => void;
  /** Builds into the checkout's target folder, where the dependencies of plugins are compiled already. */
  readonly shareTarget: boolean;
}

interface CargoMessage {
  readonly reason: string;
  readonly target?: { readonly name: string; readonly kind: readonly string[] };
  readonly manifest_path?: string;
  readonly filenames?: readonly string[];
  readonly message?: { readonly rendered?: string };
}

/** Builds for release. Throws where cargo cannot be started. */
export async function cargoBuild(options: CargoBuildOptions): Promise<CargoBuild> {
  const { command, env } = wasmCargo();
  const args = ['build', '--release', '--target', wasmTarget, '--message-format', 'json'];
  const shared = options.shareTarget ? { CARGO_TARGET_DIR: targetFolder } : {};
  const child = spawn(command, args, {
    cwd: options.folder,
    env: { ...env, ...shared },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [messages, said, code] = await Promise.all([
    collectLines(child.stdout),
    collectLines(child.stderr, options.onProgress),
    ended,
  ]);
  const parsed = messages.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as CargoMessage);
  if (code === 0) return { ok: true, components: parsed.flatMap(componentOf) };
  // Compiler errors are in the JSON; everything else cargo says on stderr, between lines of mere progress.
  const rendered = parsed.flatMap(({ message }) => message?.rendered ?? []);
  const rest = said.filter(
    (line) => !/^\s*(Compiling|Updating|Downloading|Downloaded|Locking|Adding|Blocking)/.test(line),
  );
  return { ok: false, output: [...rendered, ...rest].join('\n').trim() };
}

async function collectLines(stream: NodeJS.ReadableStream, onLine?: (line: string) => void): Promise<string[]> {
  const lines: string[] = [];
  let pending = '';
  for await (const text of stream.setEncoding('utf8')) {
    const parts = (pending + String(text)).split('\n');
    pending = parts.pop() ?? '';
    for (const part of parts) {
      const line = stripVTControlCharacters(part);
      lines.push(line);
      onLine?.(line);
    }
  }
  return pending === '' ? lines : [...lines, stripVTControlCharacters(pending)];
}

/** Libraries that a component can be made of are `cdylib`s; proc macros and build scripts pass by here, too. */
function componentOf({ reason, target, filenames, manifest_path: manifest }: CargoMessage): BuiltComponent[] {
  if (reason !== 'compiler-artifact' || !target?.kind.includes('cdylib') || manifest === undefined) return [];
  const path = filenames?.find((file) => file.endsWith('.wasm'));
  return path === undefined ? [] : [{ crate: dirname(manifest), path }];
}
