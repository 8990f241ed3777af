/** Runs the real command, as a user would, and gives what it said. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { nodeBinary, root } from '../../runtime/cli/toolbox/paths.mjs';

/** The command's launcher. */
export const launcher: string = join(root, 'runtime', 'cli', 'bulkhead.mjs');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd?: string;
  /** Added to the environment; undefined takes a variable away. */
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: string;
}

/** `bulkhead ARGS…`; resolves when it has ended, however it did. */
export function bulkhead(args: readonly string[], options: CliOptions = {}): Promise<Ended> {
  return ended(startNode([launcher, ...args], options), options.stdin);
}

/** Starts a script with the checkout's Node. */
export function startNode(args: readonly string[], { cwd = root, env = {} }: CliOptions = {}): ChildProcess {
  return spawn(nodeBinary, args, { cwd, env: { ...process.env, ...env }, stdio: 'pipe' });
}

/** What a process wrote, and its exit code. */
export function ended(child: ChildProcess, stdin = ''): Promise<Ended> {
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  }
  child.stdin?.end(stdin);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...said }));
  });
}

/** Resolves with the first line of a process's stdout that matches. Rejects when it ends before that. */
export function lineOf(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      const match = pattern.exec(text);
      if (match) resolve(match);
    });
    child.once('close', (code) => reject(new Error(`it ended with ${code} and wrote: ${text}`)));
  });
}
