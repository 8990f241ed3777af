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

/** jco's hook: makes one core instance. */
export type InstantiateCore = (
  module: WebAssembly.Module,
  imports?: Record<string, unknown>,
) => { exports: Record<string, unknown> };

type Instantiate = (
  getCoreModule: (path: string) => WebAssembly.Module,
  imports: Record<string, ImportObject>,
  instantiateCore: InstantiateCore,
) => { runner: RunnerExports };

/** One plugin's code, ready to be instantiated. */
export interface LoadedPlugin {
  readonly reports: ReadonlyMap<WebAssembly.Module, ModuleReport>;
  /** Every module's state can be put back. */
  readonly resettable: boolean;
  instantiate(imports: Record<string, ImportObject>, instantiateCore: InstantiateCore): RunnerExports;
}

function compileGlue(code: PluginCode): Instantiate {
  // The transpiler's output is an ES module without imports; these are all its exports.
  const body = code.glue.replace(/^export (?=function instantiate\b|const _util\b)/gm, '');
  const factory = compileFunction(`${body}\nreturn instantiate;`, [], {
    filename: `bulkhead-plugin-${code.digest.slice(0, 12)}.js`,
  });
  return factory() as Instantiate;
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
    resettable: cores.every(({ report }) => report.obstacles.length === 0),
    instantiate: (imports, instantiateCore) => instantiate(getCoreModule, imports, instantiateCore).runner,
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
