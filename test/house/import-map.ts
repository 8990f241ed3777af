/**
 * Who may import whom: the table of shared/design.md as data, and the judge that reads the imports.
 *
 * A stage imports another stage's contract, never a variant, so that a variant can be exchanged by changing
 * `app.ts` alone. `import type` counts: a type from a variant ties to it just as well.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** A part of `runtime/`, and what it may import besides itself and {@link common}. */
interface Zone {
  /** A folder, with its slash, or one file; the longest that matches is a file's zone. */
  readonly zone: string;
  readonly may: readonly string[];
  /** Said when the rule is broken. */
  readonly why: string;
}

/** What everything but itself and what is below it may import. */
const common = ['model/', 'errors.ts', 'telemetry/events.ts'];

/** The contract of each stage: all that other stages may know of it. */
const contract = {
  access: ['access/access.ts', 'access/rights.ts'],
  admission: ['admission/admission.ts', 'admission/functions.ts'],
  capabilities: 'capabilities/',
  executor: 'executor/executor.ts',
  /** What the variants of the executor share. */
  calls: 'executor/call-parts.ts',
  plugins: ['plugins/catalogue.ts', 'plugins/management.ts', 'plugins/schemas.ts'],
  dispatch: 'dispatch/dispatch.ts',
  queue: ['queue/queue.ts', 'queue/feeds.ts'],
  results: 'results/results.ts',
  store: 'store/store.ts',
  /** The wire from the client's side, and its messages as JSON. */
  client: ['api/client.ts', 'api/schema.ts', 'plugins/json-in.ts'],
  /** Settings files in TOML. */
  files: ['toml/'],
} as const;

const stageRule = "a stage knows another stage's contract, never a variant; app.ts puts the variants together";

export const zones: readonly Zone[] = [
  { zone: 'model/', may: ['errors.ts'], why: 'the model is what all others are built on; it knows none of them' },
  { zone: 'errors.ts', may: [], why: 'every file imports the errors; they import nothing' },
  { zone: 'webassembly.d.ts', may: [], why: 'it only declares what TypeScript does not know' },
  { zone: 'telemetry/', may: common, why: 'telemetry takes what it is told, and asks nobody' },
  {
    zone: 'api/',
    may: [
      ...contract.access,
      ...contract.admission,
      contract.dispatch,
      contract.results,
      ...contract.plugins,
      ...common,
    ],
    why: `api/ translates requests; ${stageRule}`,
  },
  { zone: 'access/', may: ['toml/', ...common], why: 'access knows tokens and calls, and no stage' },
  // Results: an answer may have to wait for the result of the job that was just admitted.
  {
    zone: 'admission/',
    may: [...contract.plugins, ...contract.queue, contract.store, contract.results, ...common],
    why: stageRule,
  },
  {
    zone: 'queue/',
    may: [contract.store, ...common],
    why: `a queue holds jobs and knows not what they are for; ${stageRule}`,
  },
  {
    zone: 'dispatch/',
    may: [...contract.queue, contract.executor, contract.results, ...contract.plugins, ...common],
    why: stageRule,
  },
  { zone: 'results/', may: [contract.store, ...common], why: stageRule },
  { zone: 'store/', may: common, why: 'a store keeps what it is given and knows no stage' },
  // The executor's contract has the type of an admitted plugin, which is what a catalogue lists.
  { zone: 'plugins/', may: [contract.executor, 'toml/', ...common], why: stageRule },
  { zone: 'toml/', may: common, why: 'it reads settings files and knows none of them' },
  {
    zone: 'executor/',
    may: [...contract.plugins, contract.capabilities, ...common],
    why: 'the contract knows none of its variants',
  },
  {
    zone: 'executor/wasm/',
    may: [contract.executor, contract.calls, ...contract.plugins, contract.capabilities, ...common],
    why: `what runs inside a plugin thread is started by its file's name, never imported; ${stageRule}`,
  },
  {
    zone: 'executor/process/',
    may: [contract.executor, contract.calls, ...contract.plugins, contract.capabilities, ...common],
    why: stageRule,
  },
  // The loop's delay is measured where the loop is.
  {
    zone: 'executor/wasm/thread/',
    may: [
      'executor/wasm/messages.ts',
      'executor/wasm/outbox.ts',
      contract.capabilities,
      'telemetry/loop-delay.ts',
      'model/',
      'errors.ts',
    ],
    why: 'it runs in a plugin thread, beside untrusted code: the messages are its only way to the rest',
  },
  {
    zone: 'capabilities/',
    may: ['model/', 'errors.ts'],
    why: 'capabilities run in plugin threads; what they need is given to them',
  },
  // The caps of plugins are the same in the server's file as in the grants.
  {
    zone: 'config/',
    may: ['toml/', 'plugins/manifest-fields.ts', ...common],
    why: 'settings are read before anything is started; what they are for is known by who starts it',
  },
  {
    zone: 'cli/',
    may: [
      'app.ts',
      'config/',
      'telemetry/',
      ...contract.client,
      contract.executor,
      ...contract.plugins,
      ...contract.files,
      ...common,
    ],
    why: 'commands start the app or talk to it; its insides are wired by app.ts',
  },
  { zone: 'app.ts', may: ['*'], why: '' },
];

/** Packages that only some zones may know, so that exchanging one touches nothing else. */
const packageZones: Readonly<Record<string, readonly string[]>> = {
  'npm:@bytecodealliance/': ['executor/wasm/'],
  // A plugin's process is called over gRPC as well.
  'npm:@grpc/': ['api/', 'executor/process/'],
  'npm:grpc-health-check': ['api/', 'executor/process/'],
  'node:child_process': ['executor/process/', 'cli/'],
  'npm:commander': ['cli/'],
  'node:sqlite': ['store/'],
  'node:worker_threads': ['executor/wasm/', 'executor/wasm/thread/'],
  'npm:smol-toml': ['toml/'],
  'npm:string-width': ['cli/'],
  'npm:pino': ['telemetry/'],
  'npm:@opentelemetry/': ['telemetry/'],
  'npm:piscina': ['executor/wasm/', 'executor/wasm/thread/'],
};

/** One import of a file; paths are relative to `runtime/`. */
export interface Import {
  readonly from: string;
  /** The path of a file; `npm:` and the name of a package; or `node:` and that of a module of Node. */
  readonly to: string;
}

const importForms = [
  /^(?:import|export)\b[^;'"]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^import\s*['"]([^'"]+)['"]/gm,
  /\bimport\(\s*['"]([^'"]+)['"]/g,
];

/** Every import of every source file below `runtime`. */
export function readImports(runtime: string): Import[] {
  const files = readdirSync(runtime, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => /\.(ts|mjs|js)$/.test(file));
  return files.flatMap((from) => {
    const text = readFileSync(join(runtime, from), 'utf8');
    const targets = importForms.flatMap((form) => [...text.matchAll(form)].map((match) => match[1] as string));
    return targets.map((target) => ({ from, to: resolve(from, target) }));
  });
}

function resolve(from: string, target: string): string {
  if (target.startsWith('.')) return posix.join(posix.dirname(from), target);
  return target.startsWith('node:') ? target : `npm:${target}`;
}

function zoneOf(path: string): Zone | undefined {
  const matching = zones.filter(({ zone }) => covers(zone, path));
  return matching.reduce<Zone | undefined>(
    (best, each) => (best && best.zone.length > each.zone.length ? best : each),
    undefined,
  );
}

function covers(pattern: string, path: string): boolean {
  return pattern === '*' || pattern === path || (pattern.endsWith('/') && path.startsWith(pattern));
}

/** What is wrong with an import, in a line that says why; undefined where nothing is. */
export function judge({ from, to }: Import): string | undefined {
  const zone = zoneOf(from);
  if (!zone)
    return `runtime/${from} is in no zone: add its folder to test/house/import-map.ts and to the design's table`;
  const owner = Object.entries(packageZones).find(
    ([name]) => to === name || (name.endsWith('/') && to.startsWith(name)),
  );
  if (owner && !owner[1].includes(zone.zone)) {
    return `runtime/${from} imports ${to}: only ${owner[1].join(', ')} may know that package`;
  }
  if (/^(npm|node):/.test(to) || zoneOf(to) === zone || zone.may.some((pattern) => covers(pattern, to)))
    return undefined;
  return `runtime/${from} imports runtime/${to}: ${zone.zone} may import ${zone.may.join(', ') || 'nothing'}, because ${zone.why}`;
}
