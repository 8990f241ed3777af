/** `bulkhead inspect`: what a component is, what it takes and gives, what it asks of the host and what it gets. */
import { statSync } from 'node:fs';
import { Command } from 'commander';
import type { AdmittedPlugin } from '../../executor/executor.ts';
import type { MethodDescription } from '../../model/method.ts';
import type { LocalOptions, LocalPlugin } from '../local-plugin.ts';
import { permissionLines, permissionsJson } from '../permission-lines.ts';
import { cacheOption, grantsOption } from '../values.ts';
import { sizeText } from './build.ts';

const help = `
The component is loaded in its sandbox and asked to describe itself. A file that a server would refuse is
refused here, with the same line and exit code 1. What its manifest asks for is shown beside what --grants allows
and what comes of both.

Examples:
  $ bulkhead inspect plugin.wasm
  $ bulkhead inspect plugin.wasm --grants grants.toml
  $ bulkhead inspect demo                              builds ./demo first
  $ bulkhead inspect plugin.wasm --json | jq .methods`;

export function inspectCommand(): Command {
  return new Command('inspect')
    .description('show the world, methods, schemas, imports and permissions of a component')
    .argument('<FILE>', 'component, or folder of a plugin crate')
    .option('--json', 'print JSON')
    .addOption(grantsOption())
    .addOption(cacheOption())
    .addHelpText('after', help)
    .action(async (path: string, options: LocalOptions & { json?: true }) => {
      const { withPlugin } = await import('../local-plugin.ts');
      const text = await withPlugin(path, options, async (local) =>
        options.json ? `${JSON.stringify(jsonOf(local), null, 2)}\n` : textOf(local),
      );
      process.stdout.write(text);
    });
}

/** The version of our WIT package that the component was built against; a host admits its own only. */
function apiVersion(plugin: AdmittedPlugin): string {
  const own = plugin.imports.find((name) => name.startsWith('bulkhead:plugin/'));
  return own?.split('@')[1] ?? '';
}

function jsonOf({ plugin, manifest, permissions }: LocalPlugin) {
  const { name, description, settingsProto, methods } = plugin.runner;
  return {
    path: plugin.path,
    digest: plugin.digest,
    bytes: statSync(plugin.path).size,
    api: `bulkhead:plugin@${apiVersion(plugin)}`,
    facets: plugin.facets,
    name,
    ...(manifest.path !== undefined && { manifest: manifest.path, version: manifest.version }),
    description,
    settingsProto,
    methods,
    imports: plugin.imports,
    reset: { possible: obstaclesOf(plugin).length === 0, obstacles: obstaclesOf(plugin) },
    permissions: permissionsJson(permissions),
  };
}

function obstaclesOf({ obstacles = [] }: AdmittedPlugin): readonly string[] {
  return [...new Set(obstacles)];
}

/** How each job comes to see the state after `load()`. */
function stateText(plugin: AdmittedPlugin): string {
  const obstacles = obstaclesOf(plugin);
  return obstacles.length === 0
    ? 'put back after each job; an instance that traps or keeps handles open is made anew'
    : `a new instance for each job, because ${obstacles.join('; ')}`;
}

function textOf(local: LocalPlugin): string {
  const { path, bytes, digest, api, facets, name, version, manifest, description, settingsProto, methods, imports } =
    jsonOf(local);
  const head = [
    `${name}: ${description}`,
    '',
    `file      ${path} (${sizeText(bytes)})`,
    `digest    ${digest}`,
    `manifest  ${manifest === undefined ? 'none' : `${manifest} (version ${version})`}`,
    `API       ${api}`,
    `facets    ${facets.join(', ')}`,
    `state     ${stateText(local.plugin)}`,
    ...section('settings', settingsProto, '  '),
  ];
  return [
    ...head,
    '',
    'methods',
    ...methods.flatMap(methodText),
    '',
    'imports',
    ...imports.map((each) => `  ${each}`),
    '',
    ...permissionLines(local.permissions),
    '',
  ].join('\n');
}

function methodText(method: MethodDescription): string[] {
  const about = [method.outputType, ...(method.needFeed ? ['reads a feed'] : [])].join(', ');
  return [
    `  ${method.name} (${about})${method.description ? `: ${method.description}` : ''}`,
    ...section('    args', method.argsProto, '      '),
    ...section('    result', method.resultProto, '      '),
    ...(method.needFeed ? section('    feed', method.feedDataProto ?? '', '      ') : []),
  ];
}

/** A schema's text below its title, without the lines that are the same everywhere. */
function section(title: string, proto: string, indent: string): string[] {
  const lines = proto.split('\n').filter((line) => !/^\s*(syntax\b.*|package\b.*)?$/.test(line));
  if (lines.length === 0) return [`${title.padEnd(10)}${title.startsWith(' ') ? ' ' : ''}plain bytes`];
  return [title, ...lines.map((line) => `${indent}${line.trimEnd()}`)];
}
