/**
 * Adds to package-lock.json the optional packages that npm left out because its registry did not have them.
 *
 * npm leaves out quietly what a mirror lacks (packages for other platforms, mostly), and `npm ci` then refuses the
 * lock everywhere. Such packages are named by platform and pinned by who depends on them, which is all that an
 * entry needs; npm fetches them only where the platform is right. Run it after a change of dependencies:
 * `node test/setup/complete-lock.ts`; a test of the house says when.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from '../../runtime/cli/toolbox/paths.mjs';

interface LockEntry {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

interface Lock {
  packages: Record<string, LockEntry>;
}

const lockFile: string = join(root, 'package-lock.json');

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'];

/** The entries that a lock lacks, by their paths. */
export function missingEntries(lock: Lock = readLock()): Record<string, LockEntry> {
  const missing: Record<string, LockEntry> = {};
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (resolves(lock, path, name)) continue;
      if (!/^\d/.test(version)) throw new Error(`${path} wants ${name} ${version}, which is no exact version`);
      missing[`node_modules/${name}`] = {
        version,
        ...(entry.dev && { dev: true }),
        optional: true,
        ...platformOf(name),
      };
    }
  }
  return missing;
}

/** Whether a package finds another by walking up, as Node does. */
function resolves({ packages }: Lock, from: string, name: string): boolean {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    if (packages[at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`]) return true;
    if (at === '') return false;
  }
}

/** What the name says: `@biomejs/cli-linux-x64-musl`. */
function platformOf(name: string): LockEntry {
  const words = name.split(/[/-]/);
  const os = systems.filter((system) => words.includes(system));
  const cpu = processors.filter((processor) => words.includes(processor));
  const musl = words.some((word) => word.startsWith('musl'));
  const glibc = words.some((word) => word.startsWith('gnu'));
  return {
    ...(cpu.length > 0 && { cpu }),
    ...(os.length > 0 && { os }),
    ...((musl || glibc) && { libc: [musl ? 'musl' : 'glibc'] }),
  };
}

function readLock(): Lock {
  return JSON.parse(readFileSync(lockFile, 'utf8')) as Lock;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lock = readLock();
  const [[first, own] = ['', {}], ...rest] = Object.entries({ ...lock.packages, ...missingEntries(lock) });
  // The project itself comes first, then npm's order: by path.
  rest.sort(([left], [right]) => left.localeCompare(right, 'en'));
  writeFileSync(
    lockFile,
    `${JSON.stringify({ ...lock, packages: Object.fromEntries([[first, own], ...rest]) }, null, 2)}\n`,
  );
}
