/**
 * The code of the plugins that this thread serves: glue, compiled once, and modules that came by clone.
 *
 * The glue is compiled as a function and not imported as a module, because Node never frees an imported
 * module: a plugin that is removed takes its code with it.
 */
import { compileFunction } from 'node:vm';
import type { ImportObject } from '../../../capabilities/capability.ts';
import { BulkheadError } from '../../../errors.ts';
import type { ModuleReport, PluginCode } from '../messages.ts';
import type { HandleTools } from './handles.ts';
import type { HostCallTools } from './host-calls.ts';
import type { LiftTools } from './lift.ts';

/** The exports of a component of world `runner-plugin`, as the glue gives them. */
export interface RunnerExports {
  name(): Promise<string>;
  description(): Promise<string>;
  load(settings: Uint8Array): Promise<void>;
  run(args: Uint8Array, metadata: [string, string][], using: string | undefined): Promise<RunResult>;
  beginStream(args: Uint8Array, metadata: [string, string][], using: string | undefined): Promise<void>;
  receiveStream(): Promise<Uint8Array | undefined>;
  cancel(): Promise<boolean>;
  isCanceled(): Promise<boolean>;
  runnerSettingsProto(): Promise<string>;
  methodProtoMap(): Promise<[string, GuestMethodSchema][]>;
  methodJsonSchemaMap(): Promise<[string, GuestJsonSchema][] | undefined>;
  settingsSchema(): Promise<string>;
  supportsFeed(using: string | undefined): Promise<boolean>;
  feedDataProto(using: string | undefined): Promise<string | undefined>;
  setupFeedChannel(using: string | undefined): Promise<boolean>;
}

type RunResult = [
  { tag: 'ok'; val: Uint8Array } | { tag: 'err'; val: { message: string; causes: string[] } },
  [string, string][],
];

export interface GuestMethodSchema {
  argsProto: string;
  resultProto: string;
  description?: string;
  outputType?: 'non-streaming' | 'streaming' | 'both';
  needFeed: boolean;
  feedDataProto?: string;
}

export interface GuestJsonSchema {
  argsSchema: string;
  resultSchema?: string;
  feedDataSchema?: string;
}

/** What the glue of an instance finds under these names. */
interface GlueTools extends LiftTools, HostCallTools, HandleTools {}

/** jco's hook: makes one core instance. */
type InstantiateCore = (
  module: WebAssembly.Module,
  imports?: Record<string, unknown>,
) => { exports: Record<string, unknown> };

type Instantiate = (
  getCoreModule: (path: string) => WebAssembly.Module,
  imports: Record<string, ImportObject>,
  instantiateCore: InstantiateCore,
  tools: GlueTools,
) => { runner: RunnerExports };

/** One plugin's code, ready to be instantiated. */
export interface LoadedPlugin {
  readonly reports: ReadonlyMap<WebAssembly.Module, ModuleReport>;
  /** Why the state of its modules cannot be put back; empty where it can. */
  readonly obstacles: readonly string[];
  instantiate(imports: Record<string, ImportObject>, instantiateCore: InstantiateCore, tools: GlueTools): RunnerExports;
}

/** A text of the glue, there once, and what is put in its place. */
type Patch = readonly [find: string, put: string];

/** Where an instance gets its tools, and where it reads memory without a view of its own. */
const patches: readonly Patch[] = [
  [
    '(getCoreModule, imports, instantiateCore = (module, importObject) => new WebAssembly.Instance(module, importObject)) {',
    '(getCoreModule, imports, instantiateCore, $tools) { const { TextDecoder, DataView, $lift, $slice, $handles, $resources, $call, $forged } = $tools;',
  ],
  ['const dataView = mem => dv.buffer', 'const dataView = mem => $lift() || dv.buffer'],
];

/** What only the glue of a plugin has that calls the host; by what tells it. */
const callPatches: readonly Patch[] = [['const result = operation();', 'const result = $call(operation);']];
const hasCalls = 'function _trackHostOperation';

/** What only the glue of a plugin with resources has. */
const resourcePatches: readonly Patch[] = [
  ['const HANDLE_TABLES= [];', 'const HANDLE_TABLES = $handles;'],
  // A set of all handles that ever were, which nobody reads: an instance that lives long would fill it.
  ['table._createdReps.add(rep);', ''],
  // Numbers outside of the table have no entry, which is not the same as an empty one.
  [
    'if (val === 0 || (scope & T_FLAG) !== 0) {',
    'if (!val || handle <= 0 || handle >= T_FLAG || (scope & T_FLAG) !== 0) { $forged("resource");',
  ],
];
const hasResources = 'HANDLE_TABLES';

/** Where the glue copies bytes out of memory. */
const copies = /\b(memory\d+)\.buffer\.slice\(/g;
/** The same, in whatever form. */
const anyCopies = /buffer\.slice\(/g;

/** Where the glue keeps what the handles of a table stand for. */
const resources = /\bconst captureTable(\d+)= new Map\(\);/g;
/** The same, in whatever form. */
const anyResources = /\bconst captureTable\d+/g;

/** Where the glue makes something up for a handle that it does not know: as often as it takes handles. */
const madeUp = /Object\.create\((\w+)(?:\$\d+)?\.prototype\)/g;

/** Throws `internal` for glue of another form: a new transpiler must not go without what is patched into this one. */
function patched(glue: string): string {
  const all = [
    ...patches,
    ...(glue.includes(hasCalls) ? callPatches : []),
    ...(glue.includes(hasResources) ? resourcePatches : []),
  ];
  const text = all.reduce((whole, [find, put]) => {
    const parts = whole.split(find);
    if (parts.length === 2) return parts.join(put);
    throw new BulkheadError('internal', `the glue has ${parts.length - 1} places like: ${find}`);
  }, glue);
  const charged = replaceEach(text, copies, anyCopies, '$$slice($1.buffer, ');
  const kept = replaceEach(charged, resources, anyResources, 'const captureTable$1 = $$resources[$1] = new Map();');
  return kept.replaceAll(madeUp, '$$forged("$1")');
}

/** Throws `internal` where there are some in another form. */
function replaceEach(text: string, known: RegExp, any: RegExp, put: string): string {
  if (text.match(known)?.length === text.match(any)?.length) return text.replaceAll(known, put);
  throw new BulkheadError('internal', `the glue has places of another form than ${known}`);
}

function compileGlue(code: PluginCode): Instantiate {
  // The transpiler's output is an ES module without imports; these are all its exports.
  const body = patched(code.glue).replace(/^export (?=function instantiate\b|const _util\b)/gm, '');
  const filename = `bulkhead-plugin-${code.digest.slice(0, 12)}.js`;
  return compileFunction(`${body}\nreturn instantiate;`, [], { filename })() as Instantiate;
}

const plugins = new Map<string, LoadedPlugin>();

export function addPlugin(code: PluginCode): void {
  const instantiate = compileGlue(code);
  const getCoreModule = (name: string): WebAssembly.Module => {
    const core = code.modules.get(name);
    if (!core) throw new BulkheadError('internal', `the glue asks for ${name}, which is not among the modules`);
    return core.module;
  };
  const cores = [...code.modules.values()];
  plugins.set(code.digest, {
    reports: new Map(cores.map(({ module, report }) => [module, report])),
    obstacles: [...new Set(cores.flatMap(({ report }) => report.obstacles))],
    instantiate: (imports, instantiateCore, tools) =>
      instantiate(getCoreModule, imports, instantiateCore, tools).runner,
  });
}

export function removePlugin(digest: string): void {
  plugins.delete(digest);
}

export function pluginOf(digest: string): LoadedPlugin {
  const plugin = plugins.get(digest);
  if (!plugin) throw new BulkheadError('internal', `the thread was not given the plugin ${digest}`);
  return plugin;
}
