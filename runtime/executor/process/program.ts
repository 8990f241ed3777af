/**
 * The file of a process plugin, looked at before it is started: a system starts anything that is executable, and what it
 * says of what it cannot start helps nobody (a foreign binary is even tried as a shell script).
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, constants, open, stat } from 'node:fs/promises';
import { BulkheadError } from '../../errors.ts';
import { startFailure } from './start-failure.ts';

/** The largest program that is taken, in bytes. */
const largestProgram = 1024 * 1024 * 1024;

/** ELF's numbers of machines, by Node's names; others by theirs. */
const machines: Readonly<Record<number, string>> = {
  3: 'ia32',
  8: 'mips',
  21: 'ppc64',
  22: 's390x',
  40: 'arm',
  62: 'x64',
  183: 'arm64',
  243: 'riscv64',
  258: 'loong64',
};

/** Throws why the file cannot be a plugin on this machine. */
export async function examineProgram(path: string): Promise<void> {
  const facts = await stat(path).catch((cause: unknown) => {
    throw startFailure('not-a-file', `it cannot be read: ${BulkheadError.from(cause).message}`, { cause });
  });
  if (!facts.isFile()) throw startFailure('not-a-file', 'it is not a file');
  if (facts.size > largestProgram)
    throw startFailure('not-a-program', `it has ${facts.size} bytes; at most ${largestProgram} are taken`);
  if ((facts.mode & 0o002) !== 0) throw startFailure('not-private', `it can be changed by anybody: chmod o-w ${path}`);
  await access(path, constants.X_OK).catch((cause: unknown) => {
    throw startFailure('not-executable', `it is not executable: chmod +x ${path}`, { cause });
  });
  const fault = headerFault(await head(path), process.platform, process.arch);
  if (fault) throw startFailure(fault.reason, `it is ${fault.text}`);
}

/** SHA-256 of the file, hexadecimal. */
export async function digestOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(path)) hash.update(part as Buffer);
  return hash.digest('hex');
}

async function head(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const bytes = Buffer.alloc(20);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

interface HeaderFault {
  readonly reason: 'wrong-architecture' | 'not-a-program';
  /** After "FILE is". */
  readonly text: string;
}

/** What a file's first 20 bytes say against starting it there; undefined: nothing. */
export function headerFault(bytes: Buffer, platform: NodeJS.Platform, arch: string): HeaderFault | undefined {
  if (bytes.subarray(0, 2).toString('latin1') === '#!') return undefined;
  const kind = kindOf(bytes);
  if (!kind) {
    const hint = bytes.subarray(0, 4).toString('latin1') === '\0asm' ? ' but WebAssembly: serve it as a component' : '';
    return { reason: 'not-a-program', text: `not a program${hint}` };
  }
  if (!kind.runsOn(platform))
    return { reason: 'wrong-architecture', text: `a program for ${kind.name}, not ${platform}` };
  if (kind.name !== 'ELF') return undefined;
  const machine = elfMachine(bytes);
  if (machine === arch) return undefined;
  return { reason: 'wrong-architecture', text: `a program for ${machine}; this machine is ${arch}: build it for that` };
}

function kindOf(bytes: Buffer): { name: string; runsOn(platform: NodeJS.Platform): boolean } | undefined {
  const magic = bytes.subarray(0, 4).toString('hex');
  if (magic === '7f454c46') return { name: 'ELF', runsOn: (platform) => platform !== 'darwin' && platform !== 'win32' };
  if (/^(c[ef]faedfe|feedfac[ef]|cafebabe)$/.test(magic)) return { name: 'macOS', runsOn: (on) => on === 'darwin' };
  if (magic.startsWith('4d5a')) return { name: 'Windows', runsOn: (platform) => platform === 'win32' };
  return undefined;
}

function elfMachine(bytes: Buffer): string {
  if (bytes.length < 20) return 'nothing (its ELF header is cut short)';
  const number = bytes[5] === 2 ? bytes.readUInt16BE(18) : bytes.readUInt16LE(18);
  return machines[number] ?? `the ELF machine ${number}`;
}
