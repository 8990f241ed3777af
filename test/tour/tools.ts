/**
 * Clients that are not ours: grpcurl, and stubs that grpcio-tools generates for Python. Both are made once, in the build
 * folder. Go, or Python with its module venv, has to be there; where one is not, the error says so in one line.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { protoFolder } from '../../runtime/api/schema.ts';
import { targetFolder } from '../../runtime/cli/toolbox/paths.mjs';

const run = promisify(execFile);
const folder = join(targetFolder, 'tour');
const grpcurlVersion = 'v1.9.3';
const grpcioVersion = '1.76.0';
/** Compiling grpcurl from nothing takes a minute on two cores. */
const longest = 900_000;

async function step(missing: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  try {
    return await run(command, args, { env: { ...process.env, ...env }, timeout: longest, maxBuffer: 64 << 20 });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      throw new Error(`${command} is not installed: ${missing}`);
    throw error;
  }
}

/** The path of grpcurl. */
export async function grpcurl(): Promise<string> {
  const binary = join(folder, `grpcurl-${grpcurlVersion}`, 'grpcurl');
  if (existsSync(binary)) return binary;
  const source = `github.com/fullstorydev/grpcurl/cmd/grpcurl@${grpcurlVersion}`;
  const missing = 'the tour of the RPCs needs Go (apt-get install golang, or go.dev/dl)';
  await step(missing, 'go', ['install', source], { GOBIN: join(folder, `grpcurl-${grpcurlVersion}`), GOFLAGS: '' });
  return binary;
}

/** A Python with grpcio. */
export async function python(): Promise<string> {
  const venv = join(folder, `grpcio-${grpcioVersion}`);
  const binary = join(venv, 'bin', 'python');
  if (existsSync(join(venv, 'ready'))) return binary;
  const missing = 'the tour of the RPCs needs Python with venv (apt-get install python3-venv)';
  await step(missing, 'python3', ['-m', 'venv', venv]);
  const packages = [`grpcio==${grpcioVersion}`, `grpcio-tools==${grpcioVersion}`];
  await step(missing, binary, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages]);
  await mkdir(join(venv, 'ready'));
  return binary;
}

/** The folder with Python's code for all `.proto` files. */
export async function stubs(): Promise<string> {
  const out = join(folder, 'stubs');
  await mkdir(out, { recursive: true });
  const files = (await readdir(protoFolder, { recursive: true })).filter((file) => file.endsWith('.proto'));
  const args = ['-m', 'grpc_tools.protoc', `-I${protoFolder}`, `--python_out=${out}`, `--grpc_python_out=${out}`];
  await step('', await python(), [...args, ...files]);
  return out;
}
